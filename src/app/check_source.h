// Tries one source: the API server and its certificate, the credentials, each
// permission, and up to three kubelets; a line each, with what to do.
#ifndef SKERRY_APP_CHECK_SOURCE_H
#define SKERRY_APP_CHECK_SOURCE_H

#include "app/check_report.h"
#include "app/config.h"
#include "app/probe.h"
#include "base/hash.h"
#include "discover/credentials.h"
#include "parse/objects.h"
#include "scrape/target.h"

#define CHECK_KUBELETS 3

struct check_source {
    const struct platform *platform;
    struct probe probe;
    struct workspace uri_space;
    struct workspace scratch;
    struct credentials *credentials;
    struct objects *objects;
    struct targets targets;
    uint32_t target[CHECK_KUBELETS];
    unsigned target_count;
    struct check_report *report;
};

size_t check_source_footprint(void);
void check_source_init(struct check_source *check, struct arena *arena,
                       const struct platform *platform, struct fetch *fetch,
                       struct check_report *report);

// Tries the source.
void check_source_try(struct check_source *check, const struct config *config, struct text source);

#endif
