// completion_tool(): scripts that make bash, zsh and fish complete the program's
// words and flags, written from the tables of tools, roles and flags.
#include "app/completion.h"
#include "app/help.h"
#include "app/role.h"

static void
write_tool_names(struct out *out, const char *between)
{
    for (unsigned i = 0; i < TOOL_COUNT; i++) {
        out_format(out, "%s%s", tool_row((enum tool_id)i)->name, between);
    }
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        out_format(out, "%s%s", role_name((enum role)i), between);
    }
    for (unsigned i = 0; help_own_word(i) != NULL; i++) {
        out_format(out, "%s%s", help_own_word(i), between);
    }
}

// "a|b" as "a b".
static void
write_words(struct out *out, const char *words)
{
    for (; *words != '\0'; words++) {
        out_byte(out, *words == '|' ? ' ' : *words);
    }
}

// --- bash

// The flags of one kind as an alternative of `case`.
static void
bash_flags_of_kind(struct out *out, enum completion_kind kind)
{
    const char *before = "    ";
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        if (completion_of((enum config_id)i) == kind) {
            out_format(out, "%s%s", before, config_flag((enum config_id)i));
            before = "|";
        }
    }
    out_string(out, ")\n");
}

static void
bash_values(struct out *out)
{
    out_string(out, "    case $flag in\n");
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        if (completion_of((enum config_id)i) == COMPLETION_WORDS) {
            out_format(out, "    %s)\n        values='", config_flag((enum config_id)i));
            completion_words((enum config_id)i, " ", ":", out);
            out_string(out, "'\n        ;;\n");
        }
    }
    bash_flags_of_kind(out, COMPLETION_FILE);
    out_string(out, "        compopt -o filenames 2>/dev/null\n"
                    "        COMPREPLY=($(compgen -f -P \"$glued\" -- \"$word\"))\n"
                    "        return\n        ;;\n");
    bash_flags_of_kind(out, COMPLETION_VALUE);
    out_string(out, "        return\n        ;;\n    esac\n");
}

static void
bash_tools(struct out *out)
{
    out_string(out, "    case ${COMP_WORDS[1]} in\n    help)\n        values='");
    write_tool_names(out, " ");
    out_string(out, "'\n        ;;\n    version|update) ;;\n");
    for (unsigned tool = 0; tool < TOOL_COUNT; tool++) {
        const struct tool_row *row = tool_row((enum tool_id)tool);
        out_format(out, "    %s)\n        values=$general'", row->name);
        for (unsigned i = 0; i < CONFIG_COUNT; i++) {
            if (tool_uses((enum tool_id)tool, (enum config_id)i)) {
                out_format(out, " %s", config_flag((enum config_id)i));
            }
        }
        out_string(out, "'\n");
        if (row->words[0] != '\0') {
            out_string(out, "        [ \"$COMP_CWORD\" != 2 ] || values=\"$values ");
            write_words(out, row->words);
            out_string(out, "\"\n");
        }
        out_string(out, "        ;;\n");
    }
    out_string(out, "    *)\n        values=$general\n        ;;\n    esac\n");
}

// "=" is a word of its own unless COMP_WORDBREAKS lacks it.
static void
write_bash(struct out *out)
{
    out_string(out, "# bash completion for skerry: source it, or put it where bash-completion looks\n"
                    "_skerry() {\n"
                    "    local word=${COMP_WORDS[COMP_CWORD]} flag= glued= values= general\n"
                    "    local before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                    "    COMPREPLY=()\n"
                    "    general='");
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        if (tool_flag_is_general((enum config_id)i)) {
            out_format(out, " %s", config_flag((enum config_id)i));
        }
    }
    out_string(out, "'\n"
                    "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
                    "        COMPREPLY=($(compgen -W '");
    write_tool_names(out, " ");
    out_string(out, "' -- \"$word\"))\n"
                    "        return\n"
                    "    fi\n"
                    "    case $word in\n"
                    "    =) flag=$before word= ;;\n"
                    "    --*=*) flag=${word%%=*} glued=$flag= word=${word#*=} ;;\n"
                    "    *)\n"
                    "        flag=$before\n"
                    "        [ \"$before\" != = ] || flag=${COMP_WORDS[COMP_CWORD - 2]}\n"
                    "        ;;\n"
                    "    esac\n");
    bash_values(out);
    out_string(out, "    if [ -n \"$values\" ]; then\n"
                    "        COMPREPLY=($(compgen -P \"$glued\" -W \"$values\" -- \"$word\"))\n"
                    "        [[ ${COMPREPLY[0]-} != *: ]] || compopt -o nospace 2>/dev/null\n"
                    "        return\n"
                    "    fi\n");
    bash_tools(out);
    out_string(out, "    COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
                    "}\n"
                    "complete -F _skerry skerry\n");
}

// --- zsh

// Inside '...' and inside [...] of a specification.
static void
zsh_help(struct out *out, const char *help)
{
    for (; *help != '\0'; help++) {
        if (*help == '\'') {
            out_string(out, "'\\''");
        } else if (*help == '[' || *help == ']' || *help == '\\' || *help == ':') {
            out_format(out, "\\%c", *help);
        } else {
            out_byte(out, *help);
        }
    }
}

static void
zsh_flag(struct out *out, enum config_id flag)
{
    enum completion_kind kind = completion_of(flag);
    const char *many = config_kind_of(flag) == CONFIG_KIND_LIST ? "*" : "";
    out_format(out, "            '%s%s%s[", many, config_flag(flag),
               kind == COMPLETION_BARE ? "" : "=");
    zsh_help(out, config_help(flag));
    out_byte(out, ']');
    if (kind == COMPLETION_WORDS) {
        out_string(out, ":value:(");
        completion_words(flag, " ", "\\:", out);
        out_string(out, ")");
    } else if (kind != COMPLETION_BARE) {
        out_string(out, kind == COMPLETION_FILE ? ":file:_files" : ":value: ");
    }
    out_string(out, "'\n");
}

static void
zsh_tool(struct out *out, enum tool_id tool)
{
    const struct tool_row *row = tool_row(tool);
    out_format(out, "    %s)\n        specs+=(\n", row->name);
    if (row->words[0] != '\0') {
        out_string(out, "            '1:word:(");
        write_words(out, row->words);
        out_string(out, ")'\n");
    }
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        if (tool_uses(tool, (enum config_id)i)) {
            zsh_flag(out, (enum config_id)i);
        }
    }
    out_string(out, "        )\n        ;;\n");
}

static void
write_zsh(struct out *out)
{
    out_string(out, "#compdef skerry\n"
                    "# zsh completion for skerry: name it _skerry in a directory of $fpath\n"
                    "_skerry() {\n"
                    "    local -a names specs\n"
                    "    names=(\n");
    for (unsigned i = 0; i < TOOL_COUNT; i++) {
        const struct tool_row *row = tool_row((enum tool_id)i);
        out_format(out, "        '%s:", row->name);
        zsh_help(out, row->help);
        out_string(out, "'\n");
    }
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        out_format(out, "        %s\n", role_name((enum role)i));
    }
    for (unsigned i = 0; help_own_word(i) != NULL; i++) {
        out_format(out, "        %s\n", help_own_word(i));
    }
    out_string(out, "    )\n"
                    "    if ((CURRENT == 2)); then\n"
                    "        _describe 'tool' names\n"
                    "        return\n"
                    "    fi\n"
                    "    specs=(\n");
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        if (tool_flag_is_general((enum config_id)i)) {
            zsh_flag(out, (enum config_id)i);
        }
    }
    out_string(out, "    )\n    case $words[2] in\n"
                    "    help)\n        _describe 'tool' names\n        return\n        ;;\n");
    for (unsigned i = 0; i < TOOL_COUNT; i++) {
        zsh_tool(out, (enum tool_id)i);
    }
    out_string(out, "    esac\n"
                    "    shift words\n"
                    "    ((CURRENT--))\n"
                    "    _arguments -S : $specs\n"
                    "}\n"
                    "if [ \"$funcstack[1]\" = _skerry ]; then\n"
                    "    _skerry \"$@\"\n"
                    "else\n"
                    "    compdef _skerry skerry\n"
                    "fi\n");
}

// --- fish

static void
fish_text(struct out *out, const char *text)
{
    out_byte(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') {
            out_byte(out, '\\');
        }
        out_byte(out, *text);
    }
    out_byte(out, '\'');
}

// Flags of some tools are offered behind these only.
static void
fish_condition(struct out *out, enum config_id flag)
{
    if (tool_flag_is_general(flag)) {
        return;
    }
    out_string(out, " -n '__fish_seen_subcommand_from");
    for (unsigned i = 0; i < TOOL_COUNT; i++) {
        if (tool_uses((enum tool_id)i, flag)) {
            out_format(out, " %s", tool_row((enum tool_id)i)->name);
        }
    }
    out_byte(out, '\'');
}

static void
fish_flag(struct out *out, enum config_id flag)
{
    out_string(out, "complete -c skerry");
    fish_condition(out, flag);
    out_format(out, " -l %s", config_flag(flag) + 2);
    switch (completion_of(flag)) {
    case COMPLETION_BARE:
        break;
    case COMPLETION_VALUE:
        out_string(out, " -x");
        break;
    case COMPLETION_FILE:
        out_string(out, " -r -F");
        break;
    case COMPLETION_WORDS:
        out_string(out, " -x -a '");
        completion_words(flag, " ", ":", out);
        out_byte(out, '\'');
        break;
    }
    out_string(out, " -d ");
    fish_text(out, config_help(flag));
    out_byte(out, '\n');
}

static void
write_fish(struct out *out)
{
    out_string(out, "# fish completion for skerry: ~/.config/fish/completions/skerry.fish\n"
                    "complete -c skerry -f\n");
    for (unsigned i = 0; i < TOOL_COUNT; i++) {
        const struct tool_row *row = tool_row((enum tool_id)i);
        out_format(out, "complete -c skerry -n __fish_use_subcommand -a %s -d ", row->name);
        fish_text(out, row->help);
        out_byte(out, '\n');
        if (row->words[0] != '\0') {
            out_format(out, "complete -c skerry -n '__fish_seen_subcommand_from %s' -a '",
                       row->name);
            write_words(out, row->words);
            out_string(out, "'\n");
        }
    }
    out_string(out, "complete -c skerry -n __fish_use_subcommand -a '");
    for (unsigned i = 0; help_own_word(i) != NULL; i++) {
        out_format(out, " %s", help_own_word(i));
    }
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        out_format(out, " %s", role_name((enum role)i));
    }
    out_string(out, "'\n");
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        fish_flag(out, (enum config_id)i);
    }
}

int
completion_tool(struct tool *tool)
{
    static const struct {
        const char *shell;
        void (*write)(struct out *out);
    } shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};
    for (size_t i = 0; i < ARRAY_COUNT(shells); i++) {
        if (text_equal(tool->word, text_of(shells[i].shell))) {
            shells[i].write(tool->out);
            return 0;
        }
    }
    tool->say(TEXT("completion: say for which shell: bash, zsh or fish"));
    return EXIT_BAD_CONFIG;
}
