// What `skerry help` prints, and what is said of a word that is none: all from the
// tables of tools, roles and flags.
#ifndef SKERRY_APP_HELP_H
#define SKERRY_APP_HELP_H

#include "app/config.h"
#include "app/tool.h"

enum tool_id {
#define TOOL(id, run, name, words, help) TOOL_##id,
#define USES(id, flag)
#include "app/tool.tbl.h"
#undef TOOL
#undef USES
    TOOL_COUNT
};

struct tool_row {
    const char *name;
    int (*run)(struct tool *tool);
    const char *words;  // "nodes|pods|containers", or ""
    const char *help;
};

const struct tool_row *tool_row(enum tool_id tool);
// TOOL_COUNT: there is none of that name.
enum tool_id tool_find(struct text name);
// Whether the flag is one of those that this tool looks at and some others do not.
bool tool_uses(enum tool_id tool, enum config_id flag);
// Whether every tool and role means the same by the flag.
bool tool_flag_is_general(enum config_id flag);

// The words that main.c answers itself: "help", "version" and so on; NULL behind
// the last.
const char *help_own_word(unsigned index);

// Everything; with a name, of that tool or role alone. -ERR_NO_FILE: it is neither,
// and nothing was written.
void help_write(struct out *out);
int help_write_of(struct text name, struct out *out) MUST_USE;

// One sentence: `word` is neither role nor tool, what was meant perhaps.
void help_refuse(struct text word, struct out *out);
// One sentence: the tool takes no such word behind its name.
void help_refuse_word(enum tool_id tool, struct text word, struct out *out);
// Whether the word is one of the tool's.
bool help_is_word(enum tool_id tool, struct text word);

#endif
