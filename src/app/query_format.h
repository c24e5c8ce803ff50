// How `skerry query` prints: a table for people, CSV or JSON, line by line, so
// that answers of any length need no more than tool->out. For query_tool.c only.
#ifndef SKERRY_APP_QUERY_FORMAT_H
#define SKERRY_APP_QUERY_FORMAT_H

#include "api/historical_path.h"
#include "api/target.h"
#include "app/tool.h"

enum form { FORM_TABLE, FORM_CSV, FORM_JSON };

// One run of the tool.
struct query_run {
    struct tool *tool;
    enum form form;
    struct api api;
    struct exchange exchange;
    struct historical_path path;
    unsigned aggregations;
    int64_t step_ms;
    uint64_t line_count;
    char history_path[512];
};

extern struct query_run query;

// NULL: the metric is not in the catalogue.
const struct metric_info *query_format_info(void);

void query_format_head(struct out *out);
// False: nobody reads on, or there is no more room.
bool query_format_point(const struct point *point);
bool query_format_bucket(void);
// The end, and what is to be said of it; the tool's exit code.
int query_format_end(struct out *out);

#endif
