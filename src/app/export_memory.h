// What the role export takes, part by part: for the plan and for its one block.
#ifndef SKERRY_APP_EXPORT_MEMORY_H
#define SKERRY_APP_EXPORT_MEMORY_H

#include "app/config.h"
#include "app/sink_setup.h"
#include "platform/fetch_curl.h"

// A request is a batch, an answer a line or two.
#define EXPORT_RECEIVE_BUFFER_BYTES (16 * 1024)
#define EXPORT_SEND_BUFFER_BYTES (64 * 1024)

// Bytes, without the deliveries (sink_setup_needs.delivery_bytes).
struct export_memory {
    size_t readers;  // of table and history
    size_t texts;    // of the sinks' configurations
    size_t trial;    // of files that changed
    size_t requests;
    size_t heap;  // of libraries
};

struct export_memory export_memory(const struct config *config,
                                   const struct sink_setup_needs *needs);
// All of it and the deliveries, as one arena takes it.
size_t export_memory_block(const struct export_memory *memory,
                           const struct sink_setup_needs *needs);
// Without an own wake_fd.
struct fetch_curl_caps export_fetch_caps(const struct sink_setup_needs *needs);

#endif
