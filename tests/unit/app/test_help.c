#include "app/help.h"

#include "../test.h"

static char buffer[64 * 1024];

static const char *
refused(const char *word)
{
    struct out out = out_of(buffer, sizeof buffer);
    help_refuse(text_of(word), &out);
    return out_c_string(&out);
}

static bool
says(const struct out *out, const char *part)
{
    struct text text = out_view(out);
    struct text wanted = text_of(part);
    for (size_t at = 0; at + wanted.size <= text.size; at++) {
        if (text_starts(text_sub(text, at, SIZE_MAX), wanted)) {
            return true;
        }
    }
    return false;
}

TEST(what_was_meant)
{
    CHECK_EQUAL_TEXT(refused("stauts"),
                     "`stauts` is neither a role nor a tool; did you mean status?");
    CHECK_EQUAL_TEXT(refused("colect"),
                     "`colect` is neither a role nor a tool; did you mean collect?");
    CHECK_EQUAL_TEXT(refused("hepl"), "`hepl` is neither a role nor a tool; did you mean help?");
    CHECK_EQUAL_TEXT(refused("xyzzy"),
                     "`xyzzy` is neither a role nor a tool; `skerry help` lists them");
}

// Every tool has a help, and each flag of it is there with its own line.
TEST(help_of_every_tool)
{
    for (unsigned tool = 0; tool < TOOL_COUNT; tool++) {
        const struct tool_row *row = tool_row((enum tool_id)tool);
        struct out out = out_of(buffer, sizeof buffer);
        CHECK(help_write_of(text_of(row->name), &out) == 0);
        CHECK(says(&out, row->help) && says(&out, row->words));
        for (unsigned id = 0; id < CONFIG_COUNT; id++) {
            bool used = tool_uses((enum tool_id)tool, (enum config_id)id);
            CHECK(!used || says(&out, config_help((enum config_id)id)));
            CHECK(!used || !tool_flag_is_general((enum config_id)id));
        }
        CHECK(tool_find(text_of(row->name)) == (enum tool_id)tool);
    }
    struct out out = out_of(buffer, sizeof buffer);
    CHECK(help_write_of(TEXT("guard"), &out) == 0);
    CHECK(help_write_of(TEXT("version"), &out) == 0);
    CHECK(help_write_of(TEXT("nothing"), &out) != 0);
    CHECK(tool_find(TEXT("guard")) == TOOL_COUNT);
}

TEST(help_of_everything)
{
    struct out out = out_of(buffer, sizeof buffer);
    help_write(&out);
    CHECK(!out.full);
    for (unsigned id = 0; id < CONFIG_COUNT; id++) {
        CHECK(says(&out, config_flag((enum config_id)id)));
    }
    CHECK(says(&out, "  top        shows what uses most now"));
    CHECK(says(&out, "  guard      kills stuck roles"));
    CHECK(says(&out, "100 bad flags or configuration"));
}

TEST(words_of_tools)
{
    CHECK(help_is_word(TOOL_TOP, TEXT("pods")) && help_is_word(TOOL_TOP, TEXT("pod")));
    CHECK(help_is_word(TOOL_TOP, TEXT("containers")));
    CHECK(!help_is_word(TOOL_TOP, TEXT("podsx")) && !help_is_word(TOOL_TOP, TEXT("p")));
    CHECK(!help_is_word(TOOL_PLAN, TEXT("pods")));
    struct out out = out_of(buffer, sizeof buffer);
    help_refuse_word(TOOL_COMPLETION, TEXT("tcsh"), &out);
    CHECK_EQUAL_TEXT(out_view(&out), "completion: `tcsh` is none of bash, zsh, fish");
    out.used = 0;
    help_refuse_word(TOOL_PLAN, TEXT("x"), &out);
    CHECK_EQUAL_TEXT(out_view(&out), "plan: `x` is not a flag; flags begin with --");
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"what_was_meant", what_was_meant},
        {"help_of_every_tool", help_of_every_tool},
        {"help_of_everything", help_of_everything},
        {"words_of_tools", words_of_tools},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
