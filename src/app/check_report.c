#include "app/check_report.h"

#include "platform/terminal.h"

// To the beginning of the line, and the line empty.
#define AGAIN "\r\033[K"

void
check_report_init(struct check_report *report, struct tool *tool)
{
    *report = (struct check_report){.tool = tool, .live = terminal_can_draw()};
}

// A reader that is gone loses lines; the exit code still tells.
static void
give(struct check_report *report)
{
    bool ignored = report->tool->flush(report->tool->out);
    (void)ignored;
}

void
check_report_head(struct check_report *report, const char *kind, struct text name)
{
    out_format(report->tool->out, "%s " TEXT_FORMAT "\n", kind, TEXT_ARGS(name));
    give(report);
}

void
check_report_begin(struct check_report *report, struct text what)
{
    if (report->live) {
        out_format(report->tool->out, "  ...   " TEXT_FORMAT, TEXT_ARGS(what));
        give(report);
    }
}

void
check_report_line(struct check_report *report, bool ok, struct text what, struct text detail,
                  const char *advice)
{
    struct out *out = report->tool->out;
    report->tried++;
    report->failed += !ok;
    out_format(out, "%s  %-5s " TEXT_FORMAT, report->live ? AGAIN : "", ok ? "ok" : "FAIL",
               TEXT_ARGS(what));
    if (detail.size > 0) {
        out_format(out, ": " TEXT_FORMAT, TEXT_ARGS(detail));
    }
    if (!ok && advice != NULL) {
        out_format(out, "\n        %s", advice);
    }
    out_byte(out, '\n');
    give(report);
}

void
check_report_note(struct check_report *report, struct text what, struct text detail)
{
    report->tried++;
    out_format(report->tool->out, "%s  note  " TEXT_FORMAT ": " TEXT_FORMAT "\n",
               report->live ? AGAIN : "", TEXT_ARGS(what), TEXT_ARGS(detail));
    give(report);
}

int
check_report_end(struct check_report *report)
{
    struct out *out = report->tool->out;
    if (report->failed == 0) {
        out_format(out, "all %u checks passed\n", report->tried);
        return 0;
    }
    out_format(out, "%u of %u checks failed\n", report->failed, report->tried);
    return 1;
}
