// One cycle of the live table into the history: every row that has a sample, in the
// order that history_put() asks for, in one transaction.
#ifndef SKERRY_APP_RECORD_WRITE_H
#define SKERRY_APP_RECORD_WRITE_H

#include "app/role.h"
#include "history/history.h"
#include "table/set_reader.h"

struct record_write {
    const struct platform *platform;
    const struct table_reader *table;
    struct set_reader *sets;
    struct history *history;   // open for writing
    struct notify_beat *beat;  // beats while a large cycle is written
    uint64_t sets_total;
};

// Errors of history_begin_cycle(), history_put() and history_end_cycle(); nothing of
// the cycle is left then.
int record_write_cycle(struct record_write *write, uint32_t cycle_s) MUST_USE;

#endif
