#!/bin/bash
# Prometheus, by its remote-write receiver, holds what the simulated kubelets sent.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs prometheus

# Seconds are kept as doubles of 15 digits, counters here have nanoseconds.
SOME=1
SHARE=1e-14
echo "seed $SEED"
cluster_start
prometheus_start || { echo "FAIL $TEST it does not start: $(tail -3 "$WORK/prometheus.out")"; exit 1; }
case_run 'prometheus holds the truth' server_holds_truth prometheus 3500
finish
