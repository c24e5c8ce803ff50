#!/bin/bash
# Files that sinks name are read again when they change: a password, the
# certificate of the authority. What is not usable is told, and what was read
# before stays in use; an export that was refused for a file is started again when
# the file is mended. No cycle is missed for any of it.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs influxd openssl

NODES=10
PODS_PER_NODE=2
RESOLUTION=1
EXPORT_PID=

shows() { # ERROR-NAMES
    [[ $(export_status .error) =~ ^($1)$ ]] && [ "$(export_status .state)" = retrying ]
}

says() { # WORDS: in the log of the tree
    cat "$TREE"/log/*/current "$TREE.out" 2>/dev/null | grep -q -e "$*"
}

role_state() { # STATE
    [ "$(appliance '.roles[] | select(.role == "export") | .state')" = "$1" ]
}

influx_user() { # PASSWORD
    curl -sS "http://127.0.0.1:$INFLUX_PORT/query" \
        --data-urlencode "q=CREATE USER admin WITH PASSWORD '$1' WITH ALL PRIVILEGES"
}

nothing_missed() {
    [ "$(export_status '.missedCycles')" = 0 ] && [ "$(export_status '.refused | length')" = 0 ] ||
        fail "missed or refused: $(export_status)"
    ! grep -rq 'first\|second\|hunter2' "$TREE"/log || fail 'a password is in the log'
}

password() {
    INFLUX_AUTH=true influx_start || { fail 'influxd does not start'; return; }
    influx_user first >/dev/null
    echo wrong-one >"$WORK/password"
    tree_for "influxdb:http://127.0.0.1:$INFLUX_PORT?user=admin&passwordFile=$WORK/password"
    await 60 shows http_401 || { fail "a wrong password: $(export_status)"; return; }
    echo first >"$WORK/password"
    await 60 is_settled || { fail "the right one: $(export_status)"; return; }
    # Rotated at the server, then in the file, as secrets are.
    curl -sS -u admin:first "http://127.0.0.1:$INFLUX_PORT/query" \
        --data-urlencode "q=SET PASSWORD FOR admin = 'second'" >/dev/null
    await 60 shows http_401 || { fail "rotated at the server: $(export_status)"; return; }
    echo second >"$WORK/new"
    mv "$WORK/new" "$WORK/password"
    await 60 is_settled || { fail "rotated: $(export_status)"; return; }
    nothing_missed
}

unusable() {
    local pid
    pid=$(role_pid export)
    : >"$WORK/password"
    await 30 says 'password is empty; what was read before stays in use' ||
        fail 'an empty file is not told'
    settled || fail "an empty file stops it: $(export_status)"
    [ "$(role_pid export)" = "$pid" ] || fail 'export began again with an empty file'
    echo second >"$WORK/password"
    settled || fail "not settled: $(export_status)"
}

refused() {
    rm "$WORK/password"
    role_kill export
    await 30 role_state refused || { fail "not refused: $(appliance -c '.roles[]')"; return; }
    await_cycles 2 20 || fail 'the others stopped'
    echo second >"$WORK/password"
    await 30 role_state ready || { fail "not started again: $(appliance -c '.roles[]')"; return; }
    await 60 is_settled || fail "not settled: $(export_status)"
    nothing_missed
    tree_stop
    server_kill influx
}

# NAME: a certificate that signs itself
make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
        -addext 'subjectAltName=IP:127.0.0.1' -keyout "$WORK/$1.key" -out "$WORK/$1.crt" 2>/dev/null
}

authority() {
    make_certificate good && make_certificate other || { fail 'openssl fails'; return; }
    rm -rf "$WORK/influx"
    INFLUX_CERTIFICATE=$WORK/good influx_start || { fail 'influxd does not start'; return; }
    cp "$WORK/other.crt" "$WORK/ca.crt"
    tree_for "influxdb:https://127.0.0.1:$INFLUX_PORT?caCert=$WORK/ca.crt"
    await 60 shows 'certificate|tls' || { fail "another authority: $(export_status)"; return; }
    cp "$WORK/good.crt" "$WORK/ca.crt"
    await 60 is_settled || fail "the right one: $(export_status)"
    nothing_missed
}

cluster_start
case_run 'a password that changes' password
case_run 'a file that cannot be used' unusable
case_run 'an export that was refused for a file' refused
case_run 'another authority' authority
finish
