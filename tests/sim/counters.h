/* What the simulator has done, for GET /stats: X(field). */
#ifndef SIM_COUNTERS_H
#define SIM_COUNTERS_H

#include <stdint.h>

#define COUNTER_TABLE(X)                                                                           \
    X(connections_accepted)                                                                        \
    X(connections_open)                                                                            \
    X(connections_refused)                                                                         \
    X(handshakes_full)                                                                             \
    X(handshakes_resumed)                                                                          \
    X(handshakes_failed)                                                                           \
    X(requests_api_list)                                                                           \
    X(requests_api_watch)                                                                          \
    X(requests_api_get)                                                                            \
    X(requests_api_proxy)                                                                          \
    X(requests_api_proxy_port)                                                                     \
    X(requests_api_other)                                                                          \
    X(requests_summary)                                                                            \
    X(requests_summary_brief)                                                                      \
    X(requests_resource)                                                                           \
    X(requests_kubelet_other)                                                                      \
    X(requests_admin)                                                                              \
    X(responses_401)                                                                               \
    X(responses_403)                                                                               \
    X(responses_410)                                                                               \
    X(faults_applied)                                                                              \
    X(watches_open)                                                                                \
    X(watch_events_sent)                                                                           \
    X(bytes_sent)

struct counters {
#define X(field) uint64_t field;
    COUNTER_TABLE(X)
#undef X
};

#endif
