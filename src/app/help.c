#include "app/help.h"

#include "app/nearest.h"
#include "app/role.h"

static const struct tool_row tools[TOOL_COUNT] = {
#define TOOL(id, run, name, words, help) {name, run, words, help},
#define USES(id, flag)
#include "app/tool.tbl.h"
#undef TOOL
#undef USES
};

static const struct {
    enum tool_id tool;
    enum config_id flag;
} uses[] = {
#define TOOL(id, run, name, words, help)
#define USES(id, flag) {TOOL_##id, CONFIG_##flag},
#include "app/tool.tbl.h"
#undef TOOL
#undef USES
};

static const struct {
    const char *name;
    const char *help;
} roles[] = {
#define ROLE(id, name, uid_offset, help) {name, help},
#include "app/roles.tbl.h"
#undef ROLE
};

// Words that main.c answers before any configuration is read.
static const struct {
    const char *name;
    const char *usage;
    const char *help;
} own_words[] = {
    {"update", "FILE [--downgrade=VERSION]", "writes the next version of the virtual machine"},
    {"help", "[TOOL]", "prints this"},
    {"version", "", "prints the version"},
};

const char *
help_own_word(unsigned index)
{
    return index < ARRAY_COUNT(own_words) ? own_words[index].name : NULL;
}

const struct tool_row *
tool_row(enum tool_id tool)
{
    ASSERT(tool < TOOL_COUNT);
    return &tools[tool];
}

enum tool_id
tool_find(struct text name)
{
    for (unsigned i = 0; i < TOOL_COUNT; i++) {
        if (text_equal(name, text_of(tools[i].name))) {
            return (enum tool_id)i;
        }
    }
    return TOOL_COUNT;
}

bool
tool_uses(enum tool_id tool, enum config_id flag)
{
    for (size_t i = 0; i < ARRAY_COUNT(uses); i++) {
        if (uses[i].tool == tool && uses[i].flag == flag) {
            return true;
        }
    }
    return false;
}

bool
tool_flag_is_general(enum config_id flag)
{
    for (size_t i = 0; i < ARRAY_COUNT(uses); i++) {
        if (uses[i].flag == flag) {
            return false;
        }
    }
    return true;
}

void
help_write(struct out *out)
{
    out_string(out, "skerry ROLE|TOOL [flags]\n\ntools (`skerry help TOOL` says more)\n");
    for (size_t i = 0; i < TOOL_COUNT; i++) {
        out_format(out, "  %-10s %s\n", tools[i].name, tools[i].help);
    }
    for (size_t i = 0; i < ARRAY_COUNT(own_words); i++) {
        out_format(out, "  %-10s %s\n", own_words[i].name, own_words[i].help);
    }
    out_string(out, "\nroles (started by the supervision tree)\n");
    for (size_t i = 0; i < ARRAY_COUNT(roles); i++) {
        out_format(out, "  %-10s %s\n", roles[i].name, roles[i].help);
    }
    out_string(out, "\nflags; also as `flag = value` in the file of --config, "
               "and as SKERRY_FLAG variables\n");
    config_write_help(out);
    out_string(out, "\nexit codes: 0 all is well, or asked to stop; 1 something is wrong with what "
               "was looked at;\n100 bad flags or configuration; 111 the system refused something\n");
}

static void
write_tool_help(enum tool_id tool, struct out *out)
{
    const struct tool_row *row = &tools[tool];
    out_format(out, "skerry %s%s%s%s [flags]\n\n%s\n", row->name, row->words[0] != '\0' ? " [" : "",
               row->words, row->words[0] != '\0' ? "]" : "", row->help);
    bool any = false;
    for (unsigned id = 0; id < CONFIG_COUNT; id++) {
        if (tool_uses(tool, (enum config_id)id)) {
            out_string(out, any ? "" : "\nits flags\n");
            config_write_flag_help((enum config_id)id, out);
            any = true;
        }
    }
    out_string(out, "\nFlags that say what the appliance is (--source, --run-dir, --config and the "
               "others):\n`skerry help`.\n");
}

int
help_write_of(struct text name, struct out *out)
{
    enum tool_id tool = tool_find(name);
    if (tool != TOOL_COUNT) {
        write_tool_help(tool, out);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_COUNT(own_words); i++) {
        if (text_equal(name, text_of(own_words[i].name))) {
            out_format(out, "skerry %s %s\n\n%s\n", own_words[i].name, own_words[i].usage,
                       own_words[i].help);
            return 0;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(roles); i++) {
        if (text_equal(name, text_of(roles[i].name))) {
            out_format(out, "skerry %s [flags]\n\n%s; a role, started by the supervision tree. "
                       "`skerry help` lists the flags.\n", roles[i].name, roles[i].help);
            return 0;
        }
    }
    return -ERR_NO_FILE;
}

// The nearest of the words offered one by one.
struct guess {
    struct text word;
    size_t least;
    const char *best;
};

static void
offer(struct guess *guess, const char *word)
{
    size_t distance = nearest_distance(guess->word, text_of(word));
    if (distance < guess->least) {
        guess->least = distance;
        guess->best = word;
    }
}

void
help_refuse(struct text word, struct out *out)
{
    struct guess guess = {word, nearest_limit(word) + 1, NULL};
    for (size_t i = 0; i < TOOL_COUNT; i++) {
        offer(&guess, tools[i].name);
    }
    for (size_t i = 0; i < ARRAY_COUNT(roles); i++) {
        offer(&guess, roles[i].name);
    }
    for (size_t i = 0; i < ARRAY_COUNT(own_words); i++) {
        offer(&guess, own_words[i].name);
    }
    out_format(out, "`" TEXT_FORMAT "` is neither a role nor a tool; ", TEXT_ARGS(word));
    if (guess.best != NULL) {
        out_format(out, "did you mean %s?", guess.best);
    } else {
        out_string(out, "`skerry help` lists them");
    }
}

bool
help_is_word(enum tool_id tool, struct text word)
{
    struct text rest = text_of(tools[tool].words);
    struct text known;
    while (rest.size > 0) {
        (void)text_cut(rest, '|', &known, &rest);
        // "pod" is as good as "pods".
        if (text_equal(word, known) ||
            (text_ends(known, TEXT("s")) && text_equal(word, text_sub(known, 0, known.size - 1)))) {
            return true;
        }
    }
    return false;
}

void
help_refuse_word(enum tool_id tool, struct text word, struct out *out)
{
    const struct tool_row *row = &tools[tool];
    out_format(out, "%s: `" TEXT_FORMAT "` ", row->name, TEXT_ARGS(word));
    if (row->words[0] == '\0') {
        out_string(out, "is not a flag; flags begin with --");
        return;
    }
    out_string(out, "is none of ");
    for (const char *at = row->words; *at != '\0'; at++) {
        out_string(out, *at == '|' ? ", " : "");
        if (*at != '|') {
            out_byte(out, *at);
        }
    }
}
