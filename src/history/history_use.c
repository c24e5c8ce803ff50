// What the file holds, and since when.
#include "history/history_state.h"

static int
span_of(struct history *history, enum history_tier tier, uint32_t *oldest_s, uint32_t *newest_s)
{
    struct history_window window;
    int result = history_window(history, STATEMENT_WINDOW_NEXT, window_id(tier, 0),
                                window_id(tier + 1, 0), &window);
    if (result > 0) {
        *oldest_s = window.start_s;
        result = history_window(history, STATEMENT_WINDOW_LAST, window_id(tier, 0),
                                window_id(tier + 1, 0), &window);
        *newest_s = result > 0 ? window.end_s - 1 : 0;
    }
    return result < 0 ? result : 0;
}

int
history_use(struct history *history, struct history_use *use)
{
    int64_t pages = 0;
    int64_t newest = 0;
    *use = (struct history_use){
        .bytes_limit = history->config.bytes_limit,
        .set_aside_total = history->set_aside_total,
        .bad_blocks_total = history->bad_blocks_total,
        .last_error = history->last_error,
        .cycles_refused_total = history->cycles_refused_total,
        .cycles_forgotten_total = history->cycles_forgotten_total,
    };
    if (!history->is_open) {
        return history->last_error != 0 ? history->last_error : -ERR_NO_FILE;
    }
    int error = history->writer == NULL ? history_load_totals(history) : 0;
    use->samples_total = history->kept.samples;
    use->sample_bytes_total = history->kept.bytes;
    for (unsigned tier = 0; tier < TIER_COUNT && error == 0; tier++) {
        error =
            span_of(history, (enum history_tier)tier, &use->oldest_s[tier], &use->newest_s[tier]);
    }
    int64_t entities = 0;
    error =
        error < 0 ? error : database_number(&history->database, STATEMENT_PAGES, NULL, 0, &pages);
    error = error < 0
                ? error
                : database_number(&history->database, STATEMENT_ENTITY_COUNT, NULL, 0, &entities);
    error = error < 0 ? error
                      : database_number(&history->database, STATEMENT_CYCLE_LAST, NULL, 0, &newest);
    use->bytes = (uint64_t)pages * DATABASE_PAGE_BYTES;
    use->entities = (uint32_t)entities;
    if (newest != 0) {
        use->newest_s[TIER_RAW] = (uint32_t)newest;
    }
    return history_failed(history, error < 0 ? error : 0);
}
