#include "api/own_metrics.h"

#include "api/exposition.h"
#include "api/own_family.h"

// cursor.inner: 0 before the head of a family, 1 behind it.
static enum step
family_step(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    struct cursor *cursor = &exchange->cursor;
    if (cursor->inner == 0) {
        exposition_head(out, family->name, family->type, family->help);
        cursor->inner = 1;
        cursor->row = 0;
    }
    if (family->write(family, exchange, out) == STEP_DONE) {
        cursor->stage++;
        cursor->inner = 0;
    }
    return STEP_MORE;
}

static enum step
write_counter(const struct own_family *family, struct exchange *exchange, struct out *out)
{
    const struct table_header *header = exchange->api->table->header;
    uint64_t total = atomic_load_explicit(&header->counter[family->part], memory_order_relaxed);
    exposition_u64(out, family->name, total);
    return STEP_DONE;
}

static enum step
counter_step(enum counter counter, struct exchange *exchange, struct out *out)
{
    const struct own_family family = {
        .name = table_counter_name(counter),
        .type = "counter",
        .help = table_counter_help(counter),
        .write = write_counter,
        .part = counter,
    };
    return family_step(&family, exchange, out);
}

// cursor.stage counts through the families of the processes, of the history, of
// sinks, of the table, and the counters.
static enum step
metrics_step(struct exchange *exchange, struct out *out)
{
    size_t stage = exchange->cursor.stage;
    struct own_families process = own_process_families();
    struct own_families table = own_table_families();
    if (stage < process.count) {
        return family_step(&process.at[stage], exchange, out);
    }
    stage -= process.count;
    if (exchange->api->historical.kept) {
        struct own_families history = own_history_families();
        if (stage < history.count) {
            return family_step(&history.at[stage], exchange, out);
        }
        stage -= history.count;
    }
    if (exchange->api->sinks != NULL) {
        struct own_families sinks = own_sink_families();
        if (stage < sinks.count) {
            return family_step(&sinks.at[stage], exchange, out);
        }
        stage -= sinks.count;
    }
    if (exchange->api->table == NULL || stage >= table.count + COUNTER_COUNT) {
        return STEP_DONE;
    }
    if (stage < table.count) {
        return family_step(&table.at[stage], exchange, out);
    }
    return counter_step((enum counter)(stage - table.count), exchange, out);
}

void
own_metrics(struct exchange *exchange)
{
    exchange_answer(exchange, CONTENT_PROMETHEUS, metrics_step);
}
