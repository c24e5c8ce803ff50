#!/bin/bash
# VictoriaMetrics, by its OpenTSDB listener, holds what the simulated kubelets sent.
set -u
. "$(dirname "$0")/lib.sh"
. tests/sinks/servers.sh
needs victoria-metrics

# It keeps 12 digits or more of a value. What is no letter in a name is not compared:
# resources of file systems.
SOME=1
SHARE=1e-11
echo "seed $SEED"
cluster_start
victoria_start || { echo "FAIL $TEST it does not start: $(tail -3 "$WORK/victoria.out")"; exit 1; }
case_run 'an OpenTSDB listener holds the truth' server_holds_truth opentsdb 7500
finish
