#!/bin/bash
# VictoriaMetrics, by remote write, holds what the simulated kubelets sent.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs victoria-metrics

# It keeps 12 digits or more of a value.
SOME=1
SHARE=1e-11
echo "seed $SEED"
cluster_start
victoria_start || { echo "FAIL $TEST it does not start: $(tail -3 "$WORK/victoria.out")"; exit 1; }
case_run 'victoria-metrics holds the truth' server_holds_truth victoria 3500
finish
