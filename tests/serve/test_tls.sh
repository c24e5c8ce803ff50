#!/bin/bash
# TLS and the token: made at the first start, kept, renewed, given by files; who is
# let in and who is not; and that no token is told to anybody.
set -u
. "$(dirname "$0")/lib.sh"

for tool in openssl python3; do
    command -v "$tool" >/dev/null || { echo "SKIP $TEST $tool is not there"; exit 0; }
done
HERE=$(cd "$(dirname "$0")" && pwd)

first_start() {
    local mode file
    for file in token tls.key tls.crt; do
        mode=$(stat -c %a "$TREE/state/serve/$file")
        [ "$mode" = 600 ] || fail "$file has mode $mode"
    done
    [ "$(stat -c %a "$TREE/state/serve")" = 700 ] || fail "the directory is open to others"
    [ "$(all_logs | grep -c "^serve: .*$TOKEN")" -ge 1 ] || fail "the token was not said"
    [ ${#TOKEN} = 64 ] || fail "$TOKEN is not 256 bits"
    openssl verify -CAfile "$CERTIFICATE" -purpose sslserver "$CERTIFICATE" >"$WORK/verify" 2>&1 ||
        fail "openssl: $(cat "$WORK/verify")"
    for name in localhost 127.0.0.1 "$(hostname)"; do
        openssl x509 -in "$CERTIFICATE" -noout -ext subjectAltName | grep -qw "$name" ||
            fail "the certificate does not name $name"
    done
}

tool_prints() {
    local wanted
    wanted=$(openssl x509 -in "$CERTIFICATE" -noout -fingerprint -sha256 | sed 's/.*=//')
    "$PROGRAM" token --state-dir="$TREE/state" >"$WORK/token" || fail "skerry token: $?"
    [ "$(head -n 1 "$WORK/token")" = "$TOKEN" ] || fail "another token"
    grep -q "sha256 $wanted" "$WORK/token" || fail "another fingerprint: $(cat "$WORK/token")"
    [ "$("$PROGRAM" token --json --state-dir="$TREE/state" | jq -r .sha256)" = "$wanted" ] ||
        fail "another fingerprint in JSON"
}

token_lets_in() {
    local path
    for path in / /metrics /metrics/cluster /api/v1/appliance /api/v1/model/nodes /apis \
        /apis/metrics.k8s.io/v1beta1/nodes /app.js /plain /nothing /api/v1/page/nodes; do
        [ "$(status_of "$path")" = 401 ] || fail "$path without a token: $(status_of "$path")"
        [ "$(status_of "$path" -H "Authorization: Bearer ${TOKEN%?}x")" = 401 ] || fail "$path, wrong token"
        case $(status_of "$path" --compressed -H "Authorization: Bearer $TOKEN") in
        200) [ "$path" != /nothing ] || fail "there is $path" ;;
        404) [ "$path" = /nothing ] || fail "no $path" ;;
        *) fail "$path with the token" ;;
        esac
    done
    [ "$(status_of /metrics -H "Authorization: Basic $TOKEN")" = 401 ] || fail "as Basic"
    [ "$(status_of "/metrics?token=$TOKEN")" = 401 ] || fail "in the URL"
    get /metrics -o "$WORK/metrics" --tlsv1.2 --tls-max 1.2 || fail "TLS 1.2"
    get /metrics -o "$WORK/metrics" --tlsv1.3 || fail "TLS 1.3"
    ! get /metrics -o "$WORK/metrics" --ciphers DEFAULT@SECLEVEL=0 --tls-max 1.1 2>/dev/null || fail "TLS 1.1"
    ! curl -s --max-time 5 "http://127.0.0.1:$PORT/healthz" >/dev/null || fail "answers in plain"
}

refusal_is_short() {
    curl -s -i --cacert "$CERTIFICATE" "$URL/api/v1/appliance" >"$WORK/refusal"
    grep -qi '^www-authenticate: bearer' "$WORK/refusal" || fail "no WWW-Authenticate"
    [ "$(wc -c <"$WORK/refusal")" -lt 600 ] || fail "a long refusal"
    [ "$(curl -s --cacert "$CERTIFICATE" "$URL/apis/metrics.k8s.io/v1beta1/pods" |
        jq -r '.kind + .reason + (.code | tostring)')" = StatusUnauthorized401 ] || fail "no Status"
    [ "$(curl -s --cacert "$CERTIFICATE" "$URL/healthz?verbose")" = ok ] || fail "healthz tells more"
    [ "$(curl -s --cacert "$CERTIFICATE" "$URL/readyz")" = ok ] || fail "readyz"
    local before
    before=$(metric 'skerry_http_refusals_total{reason="unauthorized"}')
    status_of /metrics >/dev/null
    [ "$(metric 'skerry_http_refusals_total{reason="unauthorized"}')" -gt "$before" ] || fail "not counted"
}

form() { # TOKEN PATH [curl arguments]
    local token=$1 path=$2
    shift 2
    curl -s -i --max-time 10 --cacert "$CERTIFICATE" --data-urlencode "token=$token" "$@" "$URL$path"
}

header_of() { # NAME, of an answer on standard input
    tr -d '\r' | sed -n "s/^$1: //Ip"
}

login() {
    local cookie target
    curl -s -i --cacert "$CERTIFICATE" -H 'Accept: text/html,*/*' "$URL/" >"$WORK/form"
    grep -q '^HTTP/1.1 401' "$WORK/form" || fail "the form comes without 401"
    grep -q '<form [^>]*method="post"' "$WORK/form" || fail "no form"
    grep -qi "form-action 'self'" "$WORK/form" || fail "no policy"
    form "$TOKEN" '/?x=1' >"$WORK/in"
    grep -q '^HTTP/1.1 303' "$WORK/in" || fail "$(head -n 1 "$WORK/in")"
    [ "$(header_of location <"$WORK/in")" = '/?x=1' ] || fail "leads elsewhere"
    cookie=$(header_of set-cookie <"$WORK/in")
    for word in Secure HttpOnly SameSite=Strict Path=/ __Host-; do
        [[ $cookie == *$word* ]] || fail "the cookie is not $word: $cookie"
    done
    [[ $cookie != *$TOKEN* ]] || fail "the cookie is the token"
    cookie=${cookie%%;*}
    [ "$(status_of /metrics -H "Cookie: $cookie")" = 200 ] || fail "the cookie lets nobody in"
    [ "$(status_of /metrics -H "Cookie: ${cookie%?}g")" = 401 ] || fail "another cookie"
    # One that is good for longer than it was made for.
    [ "$(status_of /metrics -H "Cookie: ${cookie/=1/=2}")" = 401 ] || fail "a cookie of one's own"
    form "  $TOKEN " / | grep -q '^HTTP/1.1 303' || fail "blanks around the token"
    form wrong / | grep -q '^HTTP/1.1 401' || fail "a wrong token"
    form "" / | grep -q '^HTTP/1.1 401' || fail "no token"
    for target in //evil.example/ '/\evil.example' /login; do
        [ "$(form "$TOKEN" "$target" --path-as-is | header_of location)" = / ] || fail "leads to $target"
    done
    [ "$(form "$(head -c 5000 /dev/zero | tr '\0' a)" / -o /dev/null -w '%{http_code}')" -ge 400 ] || fail "a long body"
    [ "$(form "$TOKEN" / -H 'Transfer-Encoding: chunked' -o /dev/null -w '%{http_code}')" -ge 400 ] || fail "a chunked body"
    [ "$(form "$TOKEN" / -H 'Content-Type: text/plain' -o /dev/null -w '%{http_code}')" -ge 400 ] || fail "another type"
}

survives_a_death() {
    local pid said
    said=$(all_logs | grep -c "$TOKEN")
    pid=$(role_pid serve)
    kill -KILL "$pid"
    await 20 eval "[ \"\$(role_pid serve)\" != $pid ] && serve_is_up" || fail "does not come back"
    [ "$(status_of /metrics -H "Authorization: Bearer $TOKEN")" = 200 ] || fail "another token"
    [ "$(all_logs | grep -c "$TOKEN")" = "$said" ] || fail "the token was said again"
}

# The one place is where it was made.
no_leaks() {
    local path
    form "$TOKEN" / -o /dev/null
    status_of "/metrics?token=$TOKEN" >/dev/null
    status_of "/$TOKEN" -H "Authorization: Bearer $TOKEN" >/dev/null
    curl -s --cacert "$CERTIFICATE" "$URL/$TOKEN" >/dev/null
    for path in /metrics /metrics/cluster /api/v1/appliance / /plain /api/v1/page/overview; do
        ! get "$path" --compressed | grep -q "$TOKEN" || fail "$path tells the token"
    done
    "$PROGRAM" status --run-dir="$(readlink "$TREE/shm")" | grep -q "$TOKEN" && fail "status tells it"
    [ "$(cat "$TREE.out" | grep -c "$TOKEN")" = 1 ] || fail "the console has it more than once"
    all_logs | grep "$TOKEN" | grep -v 'said this once' && fail "a log tells it"
    ! tr '\0' '\n' <"/proc/$(role_pid serve)/cmdline" | grep -q "$TOKEN" || fail "its arguments tell it"
    grep -rqs "$TOKEN" "$TREE/service" "$(readlink -f "$TREE/shm")" && fail "a file tells it"
    [ "$(grep -rls "$TOKEN" "$TREE/state")" = "$TREE/state/serve/token" ] || fail "the state tells it"
}

make_pair() { # NAME [openssl arguments]
    local name=$1
    shift
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -keyout "$WORK/$name.key" -out "$WORK/$name.crt" -subj "/CN=$name" \
        -addext 'subjectAltName=IP:127.0.0.1,DNS:localhost' "$@" 2>/dev/null
}

shows() { # CERTIFICATE
    [ "$(openssl s_client -connect "127.0.0.1:$PORT" </dev/null 2>/dev/null |
        openssl x509 -noout -fingerprint -sha256)" = "$(openssl x509 -in "$1" -noout -fingerprint -sha256)" ]
}

# What openssl says of a connection that brings what the last one kept: New or Reused.
handshake() { # VERSION FILE [s_client arguments]
    local version=$1 file=$2
    shift 2
    [ ! -e "$file" ] || set -- -sess_in "$file" "$@"
    printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
        timeout 20 openssl s_client -connect "127.0.0.1:$PORT" "-$version" -sess_out "$file" -ign_eof \
            "$@" 2>/dev/null | tee "$WORK/handshake" | sed -n 's/^\(New\|Reused\), TLS.*/\1/p' | head -n 1
    grep -aq '^HTTP/1.1 ' "$WORK/handshake" || echo "no answer"
}

comes_back() {
    local version
    for version in tls1_2 tls1_3; do
        [ "$(handshake "$version" "$WORK/$version")" = New ] || fail "$version: the first is not new"
        [ "$(handshake "$version" "$WORK/$version")" = Reused ] || fail "$version: the second does not resume"
        [ "$(handshake "$version" "$WORK/$version")" = Reused ] || fail "$version: the third does not resume"
    done
}

is_forgotten() {
    local version
    for version in tls1_2 tls1_3; do
        [ "$(handshake "$version" "$WORK/$version")" = New ] || fail "$version: a ticket outlives the certificate"
    done
}

own_files() {
    CERTIFICATE=$WORK/own.crt
    make_pair own
    make_pair next
    echo one-token-of-many-words >"$WORK/own.token"
    rm -rf "$TREE"
    tree_start --metric-resolution=5s --nodes=4 --history=0 --tls-cert="$WORK/own.crt" \
        --tls-key="$WORK/own.key" --token-file="$WORK/own.token"
    URL=https://localhost:$PORT
    await 60 serve_is_up || { fail "serve does not come up"; return; }
    shows "$WORK/own.crt" || fail "shows another certificate"
    [ ! -e "$TREE/state/serve" ] || fail "makes its own all the same"
    rm -f "$WORK"/tls1_?
    comes_back
    [ "$(status_of /metrics -H 'Authorization: Bearer one-token-of-many-words')" = 200 ] || fail "its token"
    echo another-token-of-many-words >"$WORK/own.token"
    cp "$WORK/next.crt" "$WORK/own.crt"
    cp "$WORK/next.key" "$WORK/own.key"
    await 30 shows "$WORK/next.crt" || fail "does not read the certificate again"
    is_forgotten
    await 30 eval '[ "$(status_of /metrics -H "Authorization: Bearer another-token-of-many-words")" = 200 ]' ||
        fail "does not read the token again"
    [ "$(status_of /metrics -H 'Authorization: Bearer one-token-of-many-words')" = 401 ] || fail "the old token is good"
    echo nonsense >"$WORK/own.crt"
    await 30 grep -q 'goes on with what it has' "$TREE.out" || fail "says nothing of a bad certificate"
    shows "$WORK/next.crt" || fail "lost the good certificate"
    ! all_logs | grep -q 'token-of-many-words' || fail "a log tells the token"
    tree_stop
}

refuses_to_start() { # SENTENCE flags...
    local sentence=$1
    shift
    timeout 20 env SKERRY_RUN_DIR="$WORK/run" SKERRY_STATE_DIR="$WORK/state" "$PROGRAM" serve \
        --heapster-port="$(free_port)" --nodes=4 --history=0 "$@" >"$WORK/refused" 2>&1
    local code=$?
    [ "$code" = 100 ] || fail "$*: exit $code: $(cat "$WORK/refused")"
    [ "$(wc -l <"$WORK/refused")" = 1 ] || fail "$*: not one sentence: $(cat "$WORK/refused")"
    grep -q -e "$sentence" "$WORK/refused" || fail "$*: $(cat "$WORK/refused")"
}

fixture() { # NAME, of the certificates that unit tests have
    sed -n "/^#define $1 /,/-END/s/^ *\"\(.*\)\\\\n\".*/\\1/p" "$HERE/../unit/platform/certificates.h"
}

is_invalid() { # SENTENCE flags...
    local sentence=$1 said code
    shift
    said=$("$PROGRAM" validate "$@" 2>&1)
    code=$?
    [ "$code" = 100 ] || fail "validate $*: exit $code: $said"
    [ "$(wc -l <<<"$said")" = 1 ] || fail "validate $*: not one sentence: $said"
    grep -q -e "$sentence" <<<"$said" || fail "validate $*: $said"
}

validate_looks_into_files() {
    make_pair a
    make_pair b
    echo short >"$WORK/short"
    fixture EXPIRED_PEM >"$WORK/old.crt"
    fixture EXPIRED_KEY >"$WORK/old.key"
    is_invalid 'does not belong to' --tls-cert="$WORK/a.crt" --tls-key="$WORK/b.key"
    is_invalid 'the certificate cannot be used' --tls-cert="$WORK/short" --tls-key="$WORK/b.key"
    is_invalid 'the key cannot be used' --tls-cert="$WORK/a.crt" --tls-key="$WORK/short"
    is_invalid "tls-cert=$WORK/none: the file does not exist" --tls-cert="$WORK/none" --tls-key="$WORK/b.key"
    is_invalid "tls-key=$WORK/none: the file does not exist" --tls-cert="$WORK/a.crt" --tls-key="$WORK/none"
    "$PROGRAM" validate --tls-cert="$WORK/old.crt" --tls-key="$WORK/old.key" >"$WORK/valid" 2>&1 ||
        fail "one that has ended keeps all from starting: $(cat "$WORK/valid")"
    grep -q "tls-cert=$WORK/old.crt: the certificate was valid until 20" "$WORK/valid" ||
        fail "nothing is said of one that has ended: $(cat "$WORK/valid")"
    is_invalid 'the authority of clients cannot be used' --tls-cert="$WORK/a.crt" --tls-key="$WORK/a.key" \
        --requestheader-client-ca-file="$WORK/short"
    is_invalid '16 to 512 characters' --token-file="$WORK/short"
    "$PROGRAM" validate --tls-cert="$WORK/a.crt" --tls-key="$WORK/a.key" >"$WORK/valid" 2>&1 ||
        fail "a good pair: $(cat "$WORK/valid")"
    grep -q 'https://' "$WORK/valid" || fail "says nothing of the address: $(cat "$WORK/valid")"
}

bad_files() {
    mkdir -p "$WORK/run" "$WORK/state"
    make_pair a
    make_pair b
    echo short >"$WORK/short"
    refuses_to_start 'does not belong to' --tls-cert="$WORK/a.crt" --tls-key="$WORK/b.key"
    refuses_to_start 'the certificate cannot be used' --tls-cert="$WORK/short" --tls-key="$WORK/b.key"
    refuses_to_start 'the file does not exist' --tls-cert="$WORK/none" --tls-key="$WORK/b.key"
    refuses_to_start '16 to 512 characters' --token-file="$WORK/short"
    refuses_to_start 'without --tls-key' --tls-cert="$WORK/a.crt"
    refuses_to_start 'leave one of them out' --insecure-open --tls
}

# What is in the way of renewal is taken away: another name, an end that is near.
renewal() {
    local before
    before=$(openssl x509 -in "$CERTIFICATE" -noout -serial)
    tree_stop
    secure_start --allow-host=other.example.org || return
    [ "$(openssl x509 -in "$CERTIFICATE" -noout -serial)" != "$before" ] || fail "not renewed for a name"
    openssl x509 -in "$CERTIFICATE" -noout -ext subjectAltName | grep -q other.example.org || fail "lacks the name"
    before=$(openssl x509 -in "$CERTIFICATE" -noout -serial)
    tree_stop
    secure_start --allow-host=other.example.org || return
    [ "$(openssl x509 -in "$CERTIFICATE" -noout -serial)" = "$before" ] || fail "renewed without need"
    openssl req -x509 -key "$TREE/state/serve/tls.key" -days 80 -subj /CN=skerry -addext \
        'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1,DNS:skerry.skerry.svc,DNS:'"$(hostname)"',DNS:other.example.org' \
        -out "$WORK/ending.crt" 2>/dev/null
    before=$(openssl x509 -in "$WORK/ending.crt" -noout -serial)
    tree_stop
    cp "$WORK/ending.crt" "$CERTIFICATE"
    secure_start --allow-host=other.example.org || return
    [ "$(openssl x509 -in "$CERTIFICATE" -noout -serial)" != "$before" ] || fail "not renewed before its end"
}

# As the API server of a cluster asks for an APIService: with its own certificate,
# and without a token.
authority() {
    local name
    for name in front other; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
            -keyout "$WORK/$name-ca.key" -out "$WORK/$name-ca.crt" -subj "/CN=$name-ca" 2>/dev/null
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/$name.key" \
            -out "$WORK/$name.csr" -subj "/CN=$name-client" 2>/dev/null
        openssl x509 -req -in "$WORK/$name.csr" -CA "$WORK/$name-ca.crt" -CAkey "$WORK/$name-ca.key" \
            -CAcreateserial -days 30 -out "$WORK/$name.crt" 2>/dev/null
    done
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/unnamed.key" \
        -out "$WORK/unnamed.csr" -subj "/CN=somebody" 2>/dev/null
    openssl x509 -req -in "$WORK/unnamed.csr" -CA "$WORK/front-ca.crt" -CAkey "$WORK/front-ca.key" \
        -CAcreateserial -days 30 -out "$WORK/unnamed.crt" 2>/dev/null
    tree_stop
    secure_start --requestheader-client-ca-file="$WORK/front-ca.crt" \
        --requestheader-allowed-names=a,front-client || return
    for version in --tls-max\ 1.2 --tlsv1.3; do
        # shellcheck disable=SC2086
        [ "$(status_of /apis/metrics.k8s.io/v1beta1 $version --cert "$WORK/front.crt" --key "$WORK/front.key" \
            -H 'X-Remote-User: system:kube-aggregator' -H 'X-Remote-Group: system:masters')" = 200 ] ||
            fail "the front proxy is not let in, $version"
        # shellcheck disable=SC2086
        for name in other unnamed; do
            [ "$(status_of /metrics $version --cert "$WORK/$name.crt" --key "$WORK/$name.key" 2>/dev/null)" != 200 ] ||
                fail "lets in $name, $version"
        done
    done
    [ "$(status_of /metrics)" = 401 ] || fail "lets in who shows none"
    [ "$(status_of /metrics -H 'X-Remote-User: system:kube-aggregator')" = 401 ] || fail "believes a header"
    [ "$(status_of /metrics -H "Authorization: Bearer $TOKEN")" = 200 ] || fail "the token is worth nothing"
}

# What the API server of a cluster is told to trust is what is shown.
apiservice() {
    "$PROGRAM" apiservice --state-dir="$TREE/state" --listen-ip=192.0.2.7 >"$WORK/manifest"
    sed -n 's/^ *caBundle: //p' "$WORK/manifest" | head -n 1 | base64 -d | cmp -s - "$CERTIFICATE" ||
        fail "another caBundle"
    ! grep -q '^ *insecureSkipTLSVerify' "$WORK/manifest" || fail "nothing is verified"
    [ "$(grep -c 'caBundle: ' "$WORK/manifest")" = 2 ] || fail "not for both versions"
    curl -s --cacert "$CERTIFICATE" --resolve "skerry.skerry.svc:$PORT:127.0.0.1" \
        "https://skerry.skerry.svc:$PORT/healthz" >/dev/null || fail "not good for the service's name"
    "$PROGRAM" apiservice --state-dir="$WORK/nowhere" >"$WORK/manifest"
    grep -q 'insecureSkipTLSVerify: true' "$WORK/manifest" || fail "without a certificate"
}

clean_metrics() {
    command -v promtool >/dev/null || { echo "SKIP $TEST promtool is not there"; return; }
    get /metrics | promtool check metrics >"$WORK/lint" 2>&1 || fail "$(head -n 3 "$WORK/lint")"
}

# All clients in the middle of a handshake, then all of them in: the library heap
# holds what the plan says it takes.
heap_holds() {
    local peak limit
    tree_stop
    secure_start || return
    python3 "$HERE/flood.py" half --port="$PORT" --count=32 --seconds=2 >"$WORK/half" || fail "$(cat "$WORK/half")"
    python3 "$HERE/flood.py" half --tls12 --port="$PORT" --count=32 --seconds=2 >"$WORK/half" || fail "$(cat "$WORK/half")"
    python3 "$HERE/flood.py" idle --tls --port="$PORT" --count=31 --seconds=2 >"$WORK/idle" || fail "$(cat "$WORK/idle")"
    await 20 serve_is_up || fail "is not there any more"
    peak=$(metric 'skerry_heap_bytes_peak{role="serve"}')
    limit=$(metric 'skerry_heap_bytes_limit{role="serve"}')
    [ "$(metric 'skerry_heap_failures_total{role="serve"}')" = 0 ] || fail "the heap was full: peak $peak of $limit"
    [ "$peak" -gt $((limit / 2)) ] || fail "the plan takes too much: peak $peak of $limit"
    is_below_plan --tls
}

case_run starts secure_start
case_run first_start first_start
case_run tool_prints tool_prints
case_run token_lets_in token_lets_in
case_run refusal_is_short refusal_is_short
case_run login login
case_run comes_back comes_back
case_run apiservice apiservice
case_run clean_metrics clean_metrics
case_run survives_a_death survives_a_death
case_run no_leaks no_leaks
case_run renewal renewal
case_run authority authority
case_run heap_holds heap_holds
tree_stop
case_run own_files own_files
case_run bad_files bad_files
case_run validate_looks_into_files validate_looks_into_files
finish
