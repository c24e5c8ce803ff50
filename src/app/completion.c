#include "app/completion.h"

#include "api/historical_bucket.h"
#include "model/metric.h"
#include "sink/sink.h"

static const char *const sources[] = {"host", "kubernetes", "kubernetes.summary_api", "cadvisor"};

static const char *const sinks[] = {
#define SINK(id, name, what) name,
#define SINK_ALIAS(name, id) name,
#define SINK_GONE(name, sentence)
#include "sink/sink.tbl.h"
#undef SINK
#undef SINK_ALIAS
#undef SINK_GONE
};

enum completion_kind
completion_of(enum config_id flag)
{
    switch (flag) {
    case CONFIG_CONFIG:
    case CONFIG_FLAGS:
    case CONFIG_HOST_ROOT:
    case CONFIG_RUN_DIR:
    case CONFIG_SERVICE_DIR:
    case CONFIG_STATE_DIR:
    case CONFIG_WATCHDOG:
        return COMPLETION_FILE;
    case CONFIG_SOURCE:
    case CONFIG_SINK:
    case CONFIG_EVENT_SINK:
    case CONFIG_METRIC:
    case CONFIG_AGGREGATION:
        return COMPLETION_WORDS;
    default:
        break;
    }
    switch (config_kind_of(flag)) {
    case CONFIG_KIND_BOOL:
        return COMPLETION_BARE;
    case CONFIG_KIND_CHOICE:
        return COMPLETION_WORDS;
    default:
        return COMPLETION_VALUE;
    }
}

static void
write_schemes(const char *const *names, size_t count, const char *before, const char *colon,
              struct out *out)
{
    for (size_t i = 0; i < count; i++) {
        out_format(out, "%s%s%s", before, names[i], colon);
    }
}

static void
write_event_sinks(const char *before, const char *colon, struct out *out)
{
    for (size_t i = 0; i < ARRAY_COUNT(sinks); i++) {
        const char *dead;
        if (sink_kind_find(text_of(sinks[i]), &dead)->add_event != NULL) {
            out_format(out, "%s%s%s", before, sinks[i], colon);
        }
    }
}

void
completion_words(enum config_id flag, const char *before, const char *colon, struct out *out)
{
    switch (flag) {
    case CONFIG_SOURCE:
        write_schemes(sources, ARRAY_COUNT(sources), before, colon, out);
        return;
    case CONFIG_SINK:
        write_schemes(sinks, ARRAY_COUNT(sinks), before, colon, out);
        return;
    case CONFIG_EVENT_SINK:
        write_event_sinks(before, colon, out);
        return;
    case CONFIG_METRIC:
        for (unsigned i = 0; i < METRIC_COUNT; i++) {
            out_format(out, "%s%s", before, metric_info((enum metric)i)->name);
        }
        return;
    case CONFIG_AGGREGATION:
        for (unsigned i = 0; i < AGGREGATION_COUNT; i++) {
            out_format(out, "%s%s", before, aggregation_name((enum aggregation)i));
        }
        return;
    default:
        break;
    }
    const char *const *choices = config_choices(flag);
    for (unsigned i = 0; choices[i] != NULL; i++) {
        out_format(out, "%s%s", before, choices[i]);
    }
}
