// The part of own_metrics.h about the processes: plan, roles, HTTP, heaps.
#include "api/exposition.h"
#include "api/health_api.h"
#include "api/own_family.h"

enum role_part { ROLE_PART_UP, ROLE_PART_DEATHS, ROLE_PART_RESTARTS };
enum heap_part { HEAP_PART_NOW, HEAP_PART_PEAK, HEAP_PART_LIMIT, HEAP_PART_FAILURES };

static enum step
write_build(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    exposition_labelled_u64(out, family->name, "version", exchange->api->version, 1);
    return STEP_DONE;
}

static enum step
write_start(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    exposition_begin(out, family->name);
    exposition_end_seconds(out, exchange->api->started.ms);
    return STEP_DONE;
}

static enum step
write_healthy(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    exposition_u64(out, family->name, health_of(exchange->api, exchange->now) == HEALTH_OK);
    return STEP_DONE;
}

static enum step
write_plan(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct plan *plan = exchange->api->plan;
    struct cursor *cursor = &exchange->cursor;
    if (plan == NULL || cursor->row >= plan->part_count) {
        return STEP_DONE;
    }
    const struct plan_part *part = &plan->part[cursor->row++];
    exposition_begin(out, family->name);
    exposition_label(out, '{', "role", text_of(part->role));
    exposition_label(out, ',', "part", text_of(part->name));
    out_byte(out, '}');
    exposition_end_u64(out, plan_part_bytes(part));
    return STEP_MORE;
}

static uint64_t
role_value(const struct own_family *family, const struct role_report *report)
{
    switch (family->part) {
    case ROLE_PART_UP:
        return report->up;
    case ROLE_PART_DEATHS:
        return report->deaths_total;
    default:
        return report->restarts_total;
    }
}

static enum step
write_roles(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    for (unsigned i = 0; i < api->role_count; i++) {
        exposition_labelled_u64(out, family->name, "role", api->role[i].name,
                                role_value(family, &api->role[i]));
    }
    return STEP_DONE;
}

static enum step
write_requests(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    static const char *const codes[HTTP_STATUS_CLASSES] = {NULL,  "1xx", "2xx",
                                                           "3xx", "4xx", "5xx"};
    for (int i = 2; i < HTTP_STATUS_CLASSES; i++) {
        exposition_labelled_u64(out, family->name, "code", codes[i],
                                exchange->api->http.request_total[i]);
    }
    return STEP_DONE;
}

static enum step
write_answer_seconds(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    exposition_begin(out, family->name);
    exposition_end_double(out, (double)exchange->api->http.answer_us_total / 1e6);
    return STEP_DONE;
}

static enum step
write_refusals(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct http_use *use = &exchange->api->http;
    exposition_labelled_u64(out, family->name, "reason", "full", use->refused_total);
    exposition_labelled_u64(out, family->name, "reason", "evicted", use->evicted_total);
    exposition_labelled_u64(out, family->name, "reason", "timeout", use->timeout_total);
    exposition_labelled_u64(out, family->name, "reason", "forbidden", use->forbidden_total);
    exposition_labelled_u64(out, family->name, "reason", "unauthorized", use->unauthorized_total);
    exposition_labelled_u64(out, family->name, "reason", "tls", use->handshakes_failed_total);
    exposition_labelled_u64(out, family->name, "reason", "heap_full", use->failed_total);
    exposition_labelled_u64(out, family->name, "reason", "cut", use->cut_total);
    return STEP_DONE;
}

static enum step
write_clients(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct http_use *use = &exchange->api->http;
    exposition_labelled_u64(out, family->name, "value", "now", use->clients);
    exposition_labelled_u64(out, family->name, "value", "peak", use->clients_peak);
    exposition_labelled_u64(out, family->name, "value", "limit", use->clients_limit);
    return STEP_DONE;
}

static uint64_t
heap_value(const struct own_family *family, const struct heap_use *use)
{
    switch (family->part) {
    case HEAP_PART_NOW:
        return use->now;
    case HEAP_PART_PEAK:
        return use->peak;
    case HEAP_PART_LIMIT:
        return use->size;
    default:
        return use->failures_total;
    }
}

static enum step
write_heaps(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    for (unsigned i = 0; i < api->role_count; i++) {
        if (api->role[i].heap.size > 0) {
            exposition_labelled_u64(out, family->name, "role", api->role[i].name,
                                    heap_value(family, &api->role[i].heap));
        }
    }
    return STEP_DONE;
}

static const struct own_family families[] = {
    {"build_info", "gauge", "Version of this program", write_build, 0},
    {"start_time_seconds", "gauge", "When this role began, Unix time", write_start, 0},
    {"healthy", "gauge", "1 while /healthz says ok", write_healthy, 0},
    {"plan_bytes", "gauge", "Planned memory by role and part", write_plan, 0},
    {"role_up", "gauge", "1 while the role does its work", write_roles, ROLE_PART_UP},
    {"role_deaths_total", "counter", "Deaths of the role", write_roles, ROLE_PART_DEATHS},
    {"role_restarts_total", "counter", "Starts of the role after its first", write_roles,
     ROLE_PART_RESTARTS},
    {"http_requests_total", "counter", "Requests answered, by class of status", write_requests,
     0},
    {"http_answer_seconds_total", "counter", "Time from request to the end of its answer",
     write_answer_seconds, 0},
    {"http_refusals_total", "counter", "Clients and requests turned away", write_refusals, 0},
    {"http_clients", "gauge", "Clients connected", write_clients, 0},
    {"heap_bytes", "gauge", "Taken of the library heap of the role", write_heaps, HEAP_PART_NOW},
    {"heap_bytes_peak", "gauge", "Most that was taken of it", write_heaps, HEAP_PART_PEAK},
    {"heap_bytes_limit", "gauge", "Planned size of it", write_heaps, HEAP_PART_LIMIT},
    {"heap_failures_total", "counter", "Requests to it that did not fit", write_heaps,
     HEAP_PART_FAILURES},
};

struct own_families
own_process_families(void)
{
    return (struct own_families){families, ARRAY_COUNT(families)};
}
