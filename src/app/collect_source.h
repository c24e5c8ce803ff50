// One source of collect: what its URI says, its credentials, and the rooms that
// work for it. Internal to app/collect.
#ifndef SKERRY_APP_COLLECT_SOURCE_H
#define SKERRY_APP_COLLECT_SOURCE_H

#include "app/config.h"
#include "discover/credentials.h"
#include "discover/discover.h"
#include "host/host.h"
#include "scrape/scrape.h"

struct collect_source {
    unsigned number;  // from 1
    struct source_uri uri;
    struct credentials *credentials;  // of a cluster
    struct discover *discover;        // of a cluster
    struct scrape_access access;      // of what is fetched over the network
    struct host *host;                // of this machine
    row_index row;                    // the pseudo node of a host or cAdvisor
    struct mono_ns refused;           // when credentials were read again last
    char name[NAME_BYTES_MAX + 8];    // of a cAdvisor's node
};

// What the sources work with; set before they are opened.
struct collect_rooms {
    const struct config *config;
    const struct platform *platform;
    struct fetch *fetch;  // NULL: no source needs the network
    struct table_writer *writer;
    struct decode_space *space;
    struct scrape *scrape;
    struct cycle *cycle;
    struct hash_key key;
    struct workspace scratch;   // for files of credentials
    struct workspace texts;     // of the URIs
    bool restart;               // a kubeconfig changed: begin again with it
};

struct collect_counts {
    uint32_t kubernetes;
    uint32_t cadvisors;
    uint32_t hosts;
    uint32_t pinned;  // clusters whose kubelets' certificates are pinned
};

// What kinds of sources the configuration has; host: when it has none.
struct collect_counts collect_source_counts(const struct config *config);
// The URI of source `number`, from 1.
struct text collect_source_uri(const struct config *config, unsigned number);

// Parses, reads credentials, and takes its memory. 0 or -ERR_BAD_CONFIG (or
// what reading gave), with a sentence in `why`.
int collect_source_open(struct collect_source *source, unsigned number, struct arena *arena,
                        struct collect_rooms *rooms, struct out *why) MUST_USE;
size_t collect_source_footprint(enum source_kind kind, const struct config *config);
// Nodes that the live table knows from before this process.
void collect_source_adopt(struct collect_source *source, struct collect_rooms *rooms);

// Does what is due; returns when it wants to be called again.
struct mono_ns collect_source_turn(struct collect_source *source, struct collect_rooms *rooms);
// At the end of a cycle, before its sums are made.
void collect_source_cycle(struct collect_source *source, struct collect_rooms *rooms);
// Reads this machine for the cycle of `cycle_s`; of other sources nothing.
void collect_source_read_host(struct collect_source *source, struct collect_rooms *rooms,
                              uint32_t cycle_s);
// Credentials may have changed (SIGHUP, a 401); true if the token or the
// certificates are others now.
bool collect_source_refresh(struct collect_source *source, struct collect_rooms *rooms,
                            bool refused);

#endif
