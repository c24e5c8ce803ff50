// The live table as a tool maps it, of whatever capacity it is. A tool is not
// sealed, so that it follows when collect puts another file in its place.
#ifndef SKERRY_APP_LIVE_TABLE_H
#define SKERRY_APP_LIVE_TABLE_H

#include "app/config.h"
#include "platform/block.h"
#include "platform/platform.h"
#include "table/reader.h"

struct live_table {
    bool mapped;
    uint64_t device;
    uint64_t inode;
    struct block_shared shared;
    struct table_reader reader;
};

// All zero before the first call. 0: the reader is good until the next call; else
// -ERR_...: there is none, or none of this version's layout.
int live_table_look(struct live_table *table, const struct config *config,
                    const struct platform *platform) MUST_USE;

#endif
