// The live table as a reading role maps it: once, read-only, before the seal.
//
// The table may not be there yet when a role starts, and collect may lay the file
// out afresh or, for another capacity, make another file. Then the mapped one is
// no table any more, and the role ends in order so that its supervisor starts it
// on the new one.
#ifndef SKERRY_APP_MAPPING_H
#define SKERRY_APP_MAPPING_H

#include "app/config.h"
#include "platform/block.h"
#include "platform/platform.h"
#include "table/reader.h"

enum mapping_state {
    MAPPING_NONE,      // not there, or not of our layout at this moment
    MAPPING_GOOD,
    MAPPING_REPLACED,  // another file has its place: this process has to end
};

struct mapping {
    bool mapped;
    uint64_t device;
    uint64_t inode;
    struct block_shared shared;
    struct table_reader reader;
    char path[512];
};

// False: --run-dir is not given or too long.
bool mapping_init(struct mapping *mapping, const struct config *config);

// Looks at the file; maps it when `may_map` (before the seal) and it is of the
// planned size. The reader is good to use only with MAPPING_GOOD.
enum mapping_state mapping_look(struct mapping *mapping, const struct config *config,
                                const struct platform *platform, bool may_map);

#endif
