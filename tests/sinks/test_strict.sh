#!/bin/bash
# Stores that no package provides here, played by servers that refuse whatever
# their protocols do not allow (strict_server.py): they get what the simulated
# kubelets sent, each value.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs python3 openssl

NODES=100
PODS_PER_NODE=1

holds() { # KIND FLOOR [CERTIFICATE KEY]
    local kind=${1%_tls}
    strict_start "${kind/aws/elasticsearch}" "${@:3}" || { fail "it does not start: $(cat "$WORK/strict.out")"; return; }
    server_holds_truth "$1" "$2"
    strict_stop
}

# Datagrams have no time and may get lost: none may be wrong, and most arrive. What
# came while pods were still being listed is left out: which of them have their node's
# network was not known.
statsd_points() {
    tail -n "+$((EARLY + 1))" "$MESSAGES" >"$WORK/settled.json"
    MESSAGES=$WORK/settled.json kafka_points | grep -v '\[' | awk -F'\t' -v OFS='\t' -v held="$HELD" '{$4 = held; print}'
}

by_statsd() {
    strict_start statsd || { fail "it does not start: $(cat "$WORK/strict.out")"; return; }
    tree_for "$(statsd_sink)"
    await_scraped $((NODES * 3)) 60 || { fail 'not scraped'; return; }
    SINCE=$(last_cycle)
    EARLY=$(wc -l <"$MESSAGES")
    hold || { fail "not settled: $(export_status)"; return; }
    SOME=1 values_compare_to statsd_points | grep -v ': missing\|^\.\.\. \|uptime' >"$WORK/what.txt"
    [ ! -s "$WORK/what.txt" ] || fail "seed $SEED: $(cat "$WORK/what.txt")"
    VALUES_COMPARED=$(sed -n 's/^compared //p' "$WORK/difference.txt")
    [ "$VALUES_COMPARED" -ge 800 ] || fail "only $VALUES_COMPARED values arrived"
    release
    tree_stop
    strict_stop
}

kafka_over_tls() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=kafka \
        -addext 'subjectAltName=IP:127.0.0.1' -keyout "$WORK/good.key" -out "$WORK/good.crt" 2>/dev/null ||
        { fail 'openssl fails'; return; }
    holds kafka_tls 1500 "$WORK/good.crt" "$WORK/good.key"
}

signed_for_aws() {
    printf 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' >"$WORK/secret"
    export AWS_KEY=AKIDEXAMPLE AWS_REGION=eu-west-1 AWS_SECRET
    AWS_SECRET=$(cat "$WORK/secret")
    holds aws 1500
    unset AWS_KEY
}

echo "seed $SEED"
cluster_start
SOME=1 SHARE=1e-9 case_run 'OTLP' holds otlp 1200
case_run 'Elasticsearch' holds elasticsearch 1500
case_run 'OpenSearch at AWS' signed_for_aws
case_run 'Riemann' holds riemann 1500
SOME=1 case_run 'Wavefront' holds wavefront 1200
case_run 'Kafka over TLS, with an account' kafka_over_tls
case_run 'StatsD' by_statsd
finish
