// What the files of the page's API share; for page_api_*.c only.
#ifndef SKERRY_API_PAGE_PART_H
#define SKERRY_API_PAGE_PART_H

#include "api/target.h"
#include "base/json.h"

// The newest value as JSON, rounded to a tenth; null when there is none.
void page_metric(struct json *json, const struct target *target, enum metric metric);
void page_number(struct json *json, double value);
// Seconds since 1970 as milliseconds; null for 0.
void page_seconds(struct json *json, int64_t seconds);
// The newest value; negative: none.
double page_value(const struct target *target, enum metric metric);

void page_key_u64(struct json *json, const char *key, uint64_t value);
// Milliseconds since 1970; null for 0.
void page_key_ms(struct json *json, const char *key, int64_t ms);
void page_key_string(struct json *json, const char *key, const char *value);
void page_key_text(struct json *json, const char *key, struct text value);

// "time" and "cycle" behind an opening brace.
void page_begin(struct json *json, const struct exchange *exchange);

// False: answered with 503, as nothing has been collected yet.
bool page_has_table(struct exchange *exchange);

// Ready as the API server says, or as it answers where nobody says it.
bool page_node_is_ready(const struct node_row *row);
// The file system of the node: its root, or what local storage is counted by.
struct page_storage {
    double used, size;  // negative: not known
};
struct page_storage page_node_storage(const struct target *node);

// Why a pod does not do well, how many of its containers are ready.
struct page_pod_state {
    unsigned ready, containers;
    uint32_t last_finished_s;
    size_t reason_bytes;
    char reason[SHORT_NAME_BYTES_MAX];
};
void page_pod_state(const struct table_reader *table, const struct pod_view *pod,
                    struct page_pod_state *state);

// Members of the overview about the appliance itself, each with a comma before
// it; each begins with an empty cursor. page_state.c
enum step page_sources(struct exchange *exchange, struct out *out);
enum step page_roles(struct exchange *exchange, struct out *out);
enum step page_sinks(struct exchange *exchange, struct out *out);
enum step page_full(struct exchange *exchange, struct out *out);
enum step page_history(struct exchange *exchange, struct out *out);

// The member "changes" behind others; begins with cursor.inner 0. page_change.c
enum step page_changes(struct exchange *exchange, struct out *out);

#endif
