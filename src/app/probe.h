// One request at a time, waited for: what `skerry check` asks servers with.
#ifndef SKERRY_APP_PROBE_H
#define SKERRY_APP_PROBE_H

#include "base/arena.h"
#include "parse/decoder.h"
#include "platform/fetch.h"
#include "platform/platform.h"

// Kept of an answer that is not decoded.
#define PROBE_BODY_BYTES (16 * 1024)
#define PROBE_TIMEOUT_MS 10000

struct probe {
    struct fetch *fetch;
    const struct platform *platform;
    struct decoder decoder;  // calls NULL: the body is kept instead
    bool done;
    int error;     // 0 or -ERR_...: of the transport, the status or the decoder
    long status;   // HTTP; 0 without an answer
    int64_t took_ms;
    uint64_t bytes;
    char detail[256];  // NUL-terminated
    size_t body_size;
    char *body;
};

void probe_init(struct probe *probe, struct arena *arena, const struct platform *platform,
                struct fetch *fetch);
size_t probe_footprint(void);

// Asks and waits, at most PROBE_TIMEOUT_MS; `request` gets callbacks and limits.
// Gives probe->error.
int probe_ask(struct probe *probe, struct fetch_request *request);

#endif
