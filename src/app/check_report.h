// What `skerry check` says: a line for each thing that was tried, as soon as it is
// known, and in a terminal what is being tried now, which the line then replaces.
#ifndef SKERRY_APP_CHECK_REPORT_H
#define SKERRY_APP_CHECK_REPORT_H

#include "app/tool.h"

struct check_report {
    struct tool *tool;
    bool live;        // a terminal that can go back to the beginning of a line
    unsigned tried;
    unsigned failed;
};

void check_report_init(struct check_report *report, struct tool *tool);
// A line between two groups of things.
void check_report_head(struct check_report *report, const char *kind, struct text name);
// What may take long.
void check_report_begin(struct check_report *report, struct text what);
// "ok    WHAT: DETAIL" or "FAIL  WHAT: DETAIL" with advice below, which may be
// NULL.
void check_report_line(struct check_report *report, bool ok, struct text what,
                       struct text detail, const char *advice);
// "note  WHAT: DETAIL" for what Skerry can do without.
void check_report_note(struct check_report *report, struct text what, struct text detail);
// How it went as a whole; the exit code.
int check_report_end(struct check_report *report);

#endif
