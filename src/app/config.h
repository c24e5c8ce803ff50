// The configuration of one process: defaults, then the file named by --config,
// then SKERRY_* variables, then flags; later ones win, and a LIST given in one
// place replaces the list of an earlier place. In a variable the items of a LIST
// stand apart by blanks.
//
// config.tbl.h has one row a flag. config_read.h fills the struct, config_check.h
// holds the ranges: a role or tool gets only what passed both. Texts point into argv, the
// environment or the caller's workspace, which must live as long. A mistake is
// one sentence in `why`, naming the flag and where it was given; the process
// then ends with 100.
#ifndef SKERRY_APP_CONFIG_H
#define SKERRY_APP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "budget/capacity.h"

enum config_id {
#define CONFIG(id, flag, kind, value, help) CONFIG_##id,
#include "app/config.tbl.h"
#include "limits.h"
#undef CONFIG
    CONFIG_COUNT
};

enum config_kind {
    CONFIG_KIND_TEXT,
    CONFIG_KIND_LIST,
    CONFIG_KIND_COUNT,
    CONFIG_KIND_BYTES,
    CONFIG_KIND_DURATION,
    CONFIG_KIND_BOOL,
    CONFIG_KIND_CHOICE,
};

enum config_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_FLAG };

// Notices about flags that mean nothing here any more.
#define CONFIG_NOTICES_MAX 32

struct config_value {
    struct text text;           // as given; of a LIST the last item
    uint64_t number;            // COUNT, BYTES, DURATION in ms, BOOL 0 or 1, CHOICE index
    enum config_origin origin;  // ORIGIN_DEFAULT: nobody gave it
};

struct config_item {
    enum config_id id;
    enum config_origin origin;
    struct text text;
};

struct config {
    struct config_value value[CONFIG_COUNT];
    unsigned item_count;
    struct config_item item[CONFIG_ITEMS_MAX];
    unsigned notice_count;
    struct text notice[CONFIG_NOTICES_MAX];  // sentences for people
    // From the capacity flags, derived; app/appliance.h changes it to what fits
    // --memory or the cgroup's limit.
    struct capacity capacity;
    // Only the guard's: the configuration was refused, and this one holds no more
    // than the directories, so that the guard can wait for a better one.
    bool refused;
};

// Everything at its default; what config_read() begins with.
void config_reset(struct config *config);

struct text config_text(const struct config *config, enum config_id id);
uint64_t config_number(const struct config *config, enum config_id id);  // not of a TEXT or LIST
int64_t config_ms(const struct config *config, enum config_id id);       // of a DURATION
bool config_bool(const struct config *config, enum config_id id);
bool config_given(const struct config *config, enum config_id id);
unsigned config_list_count(const struct config *config, enum config_id id);
struct text config_list(const struct config *config, enum config_id id, unsigned index);

// "--flag" of a row, for sentences.
const char *config_flag(enum config_id id);
const char *config_help(enum config_id id);
// A line for a flag with default and help; one for every flag.
void config_write_flag_help(enum config_id id, struct out *out);
void config_write_help(struct out *out);

// One flag as somebody gave it.
struct config_given {
    struct text name;
    struct text text;
    bool bare;  // it stood without a value
    enum config_origin origin;
    const char *where;  // "on the command line", for sentences
};

// Sets it. A weaker origin than that of the present value changes nothing; a
// flag of Heapster that means nothing here becomes a notice, kept in `space`.
// 0, or -ERR_BAD_CONFIG with the sentence in `why`.
int config_set(struct config *config, const struct config_given *given, struct workspace *space,
               struct out *why) MUST_USE;

// The row that `name` means, CONFIG_COUNT for none; `_` and `-` are the same.
enum config_id config_find(struct text name);
enum config_kind config_kind_of(enum config_id id);
// Of a CHOICE: what it can be, NULL after the last.
const char *const *config_choices(enum config_id id);
// False for BOOL and the like: only `--flag=value` gives them a value.
bool config_takes_value(struct text name);
void config_add_notice(struct config *config, struct text sentence, struct workspace *space);

// DIR/NAME as a C string in `out`, NULL when it does not fit; DIR is a TEXT flag.
const char *config_path(const struct config *config, enum config_id dir, const char *name,
                        struct out *out);

#endif
