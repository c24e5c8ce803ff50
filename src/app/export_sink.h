// One sink of the role export: of metrics, or of events.
#ifndef SKERRY_APP_EXPORT_SINK_H
#define SKERRY_APP_EXPORT_SINK_H

#include "app/config.h"
#include "app/export_archive.h"
#include "platform/datagram.h"
#include "sink/delivery.h"
#include "sink/event_delivery.h"
#include "sink/sink_label.h"
#include "table/set_reader.h"

// What all sinks of the process share.
struct export_rooms {
    const struct config *config;
    const struct platform *platform;
    const struct table_reader *reader;  // where it is mapped, once it is
    struct fetch *fetch;
    struct resolver *resolver;
    struct export_archive *archive;
    struct sink_label_rules rules;
    struct workspace space;  // of the sinks' texts
    bool has_table;          // `reader` is good to use
};

// Stays where it is: deliveries point into it.
struct export_sink {
    struct sink sink;
    struct export_rooms *rooms;
    struct set_reader *sets;        // of metrics
    struct delivery *delivery;      // of metrics
    struct event_delivery *events;  // of events
};

// Number `index` of all (sink_setup.h). -ERR_BAD_CONFIG with the sentence.
int export_sink_open(struct export_sink *sink, struct export_rooms *rooms, struct arena *arena,
                     unsigned index, struct out *why) MUST_USE;
// When to be called again at the latest.
struct mono_ns export_sink_turn(struct export_sink *sink, struct mono_ns now, uint32_t cycle_s);
void export_sink_stop(struct export_sink *sink);
void export_sink_status(const struct export_sink *sink, struct sink_status *status);

#endif
