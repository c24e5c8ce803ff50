// Parts of the summary page that files of their own write. For summary_page.c.
#ifndef SKERRY_API_SUMMARY_PART_H
#define SKERRY_API_SUMMARY_PART_H

#include "api/exchange.h"

// One part of the page; called until it gives STEP_DONE. cursor.inner is 0 at
// its first call; inner, row, written and order are its own.
typedef enum step summary_section(struct exchange *exchange, struct out *out);

// Opens a section with a heading, a count when that is not 0, and a table.
void summary_table_begin(struct out *out, const char *id, const char *title, uint32_t count);
// Closes them, with a note when fewer rows are shown than there are. STEP_DONE.
enum step summary_table_end(struct out *out, uint32_t shown, uint32_t all);

// The pods and the system containers that use most. summary_top.c
summary_section summary_top_pods_cpu, summary_top_pods_memory;
summary_section summary_top_services_cpu, summary_top_services_memory;

// The appliance itself. summary_appliance.c
summary_section summary_roles, summary_errors, summary_pools;

#endif
