#include "app/probe.h"

#include <string.h>

size_t
probe_footprint(void)
{
    return arena_bytes(PROBE_BODY_BYTES);
}

void
probe_init(struct probe *probe, struct arena *arena, const struct platform *platform,
           struct fetch *fetch)
{
    memset(probe, 0, sizeof *probe);
    probe->platform = platform;
    probe->fetch = fetch;
    probe->body = arena_take(arena, PROBE_BODY_BYTES);
}

static int
on_head(void *context, long status, int64_t retry_after_ms)
{
    struct probe *probe = context;
    (void)retry_after_ms;
    probe->status = status;
    return 0;
}

static int
on_bytes(void *context, const void *bytes, size_t size)
{
    struct probe *probe = context;
    size_t room = PROBE_BODY_BYTES - probe->body_size;
    size_t taken = size < room ? size : room;
    probe->bytes += size;
    if (probe->decoder.calls != NULL && probe->status == 200) {
        return decoder_feed(probe->decoder, bytes, size);
    }
    memcpy(probe->body + probe->body_size, bytes, taken);
    probe->body_size += taken;
    return 0;
}

static void
on_done(void *context, int error, struct text detail)
{
    struct probe *probe = context;
    struct out out = out_of(probe->detail, sizeof probe->detail);
    out_text(&out, detail);
    (void)out_c_string(&out);
    probe->error = error;
    probe->done = true;
}

static int
result_of(struct probe *probe)
{
    if (probe->error == 0) {
        probe->error = -(int)error_of_http_status(probe->status);
    }
    if (probe->error == 0 && probe->decoder.calls != NULL) {
        probe->error = decoder_end(probe->decoder);
    }
    return probe->error;
}

int
probe_ask(struct probe *probe, struct fetch_request *request)
{
    fetch_id id;
    struct mono_ns begin = platform_mono_now(probe->platform);
    probe->done = false;
    probe->status = 0;
    probe->bytes = 0;
    probe->body_size = 0;
    probe->detail[0] = '\0';
    request->context = probe;
    request->on_head = on_head;
    request->on_bytes = on_bytes;
    request->on_done = on_done;
    request->connect_timeout_ms = PROBE_TIMEOUT_MS / 2;
    request->total_timeout_ms = PROBE_TIMEOUT_MS;
    probe->error = fetch_start(probe->fetch, request, &id);
    if (probe->error != 0) {
        return probe->error;
    }
    while (!probe->done) {
        struct mono_ns soon = mono_add_ms(platform_mono_now(probe->platform), 100);
        int error = fetch_step(probe->fetch, soon);
        if (error != 0 && !probe->done) {
            fetch_cancel(probe->fetch, id, error);
        }
    }
    probe->took_ms = mono_ms_between(begin, platform_mono_now(probe->platform));
    return result_of(probe);
}
