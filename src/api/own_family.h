// What the files of own_metrics share; for them only.
#ifndef SKERRY_API_OWN_FAMILY_H
#define SKERRY_API_OWN_FAMILY_H

#include "api/exchange.h"

struct own_family;

// Writes all samples of a family, or those of one row: STEP_MORE asks to be
// called again for the next, with cursor.row as it was left.
typedef enum step own_family_writer(const struct own_family *family, struct exchange *exchange,
                                    struct out *out);

struct own_family {
    const char *name;  // without "skerry_"
    const char *type;
    const char *help;
    own_family_writer *write;
    unsigned part;  // which figure, where one writer serves several families
};

struct own_families {
    const struct own_family *at;
    size_t count;
};

// Of this process and its like: always there.
struct own_families own_process_families(void);
// Of the history: only where one is kept.
struct own_families own_history_families(void);
// Of sinks: only while export tells of them.
struct own_families own_sink_families(void);
// Of the live table: only while there is one.
struct own_families own_table_families(void);

#endif
