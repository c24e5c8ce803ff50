#include "app/export_memory.h"

#include "app/export_archive.h"
#include "app/history_setup.h"
#include "table/set_reader.h"

struct fetch_curl_caps
export_fetch_caps(const struct sink_setup_needs *needs)
{
    return (struct fetch_curl_caps){
        .transfers = needs->connections,
        .connections = needs->connections,
        .handshakes = needs->identities,
        .identities = needs->identities,
        .wake_fd = -1,
        .receive_buffer_bytes = EXPORT_RECEIVE_BUFFER_BYTES,
        .send_buffer_bytes = EXPORT_SEND_BUFFER_BYTES,
    };
}

struct export_memory
export_memory(const struct config *config, const struct sink_setup_needs *needs)
{
    struct fetch_curl_caps fetch = export_fetch_caps(needs);
    bool has_fetch = needs->connections > 0;
    size_t resolver = needs->datagrams > 0 ? RESOLVER_HEAP_BYTES : 0;
    unsigned metrics = needs->count - needs->events;  // the others read no history
    return (struct export_memory){
        .readers = metrics * set_reader_footprint() +
                   (metrics > 0 ? export_archive_footprint(config) : 0),
        .texts = needs->count * sink_space_bytes(),
        .trial = sink_space_bytes(),
        .requests = has_fetch ? fetch_curl_footprint(&fetch) : 0,
        .heap = (has_fetch ? fetch_curl_heap_bytes(&fetch) : 0) + resolver +
                (metrics > 0 ? history_reader_heap_bytes(config) : 0),
    };
}

size_t
export_memory_block(const struct export_memory *memory, const struct sink_setup_needs *needs)
{
    return needs->delivery_bytes + memory->readers + arena_bytes(memory->texts) +
           arena_bytes(memory->trial) + memory->requests + arena_bytes(memory->heap);
}
