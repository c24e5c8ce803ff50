// The part of summary_part.h about the appliance itself, and its tables' frame.
#include "api/html.h"
#include "api/summary_part.h"
#include "base/error.h"

void
summary_table_begin(struct out *out, const char *id, const char *title, uint32_t count)
{
    out_format(out, "<section id=\"%s\"><h2>%s", id, title);
    if (count > 0) {
        out_format(out, "<small>%u</small>", count);
    }
    out_string(out, "</h2><div class=\"box\"><table>");
}

enum step
summary_table_end(struct out *out, uint32_t shown, uint32_t all)
{
    out_string(out, "</tbody></table></div>");
    if (shown < all) {
        out_format(out, "<p class=\"note\">The first %u of %u are shown; all of them are under "
                        "<a href=\"/api/v1/model/debug/allkeys\">/api/v1/model</a>.</p>",
                   shown, all);
    }
    out_string(out, "</section>\n");
    return STEP_DONE;
}

static void
write_role(struct out *out, const struct role_report *report)
{
    out_string(out, "<tr><td class=\"name\">");
    html_text(out, text_of(report->name));
    out_format(out, "</td><td><span class=\"pill %s\">", report->up ? "ok" : "bad");
    html_text(out, text_of(report->state));
    out_format(out, "</span></td><td class=\"num\">%llu</td><td class=\"wide dim\">",
               (unsigned long long)report->deaths_total);
    html_text(out, text_of(report->last_reason));
    out_string(out, "</td></tr>\n");
}

enum step
summary_roles(struct exchange *exchange, struct out *out)
{
    const struct api *api = exchange->api;
    if (api->role_count == 0) {
        return STEP_DONE;
    }
    summary_table_begin(out, "roles", "Roles of this appliance", 0);
    out_string(out, "<thead><tr><th>Role</th><th>State</th><th class=\"num\">Deaths</th>"
                    "<th class=\"wide\">Last reason</th></tr></thead><tbody>");
    for (unsigned i = 0; i < api->role_count; i++) {
        write_role(out, &api->role[i]);
    }
    return summary_table_end(out, 0, 0);
}

enum step
summary_pools(struct exchange *exchange, struct out *out)
{
    summary_table_begin(out, "pools", "Planned memory", 0);
    out_string(out, "<thead><tr><th>Pool</th><th>Used</th><th class=\"num\">of</th>"
                    "<th class=\"num wide\">Peak</th><th class=\"num\">Refused</th>"
                    "</tr></thead><tbody>");
    for (int i = 0; i < POOL_SHOWN_COUNT; i++) {
        struct pool_use use = table_read_pool(exchange->api->table, (enum table_pool)i);
        out_format(out, "<tr><td class=\"name\">%s</td><td>", table_pool_name((enum table_pool)i));
        html_bar(out, use.used, use.limit);
        out_format(out, "%u</td><td class=\"num dim\">%u</td><td class=\"num wide\">%u</td>"
                        "<td class=\"num\">%llu</td></tr>",
                   use.used, use.limit, use.peak, (unsigned long long)use.refused_total);
    }
    return summary_table_end(out, 0, 0);
}

enum step
summary_errors(struct exchange *exchange, struct out *out)
{
    const struct table_header *header = exchange->api->table->header;
    unsigned count = 0;
    for (int i = ERR_OK + 1; i < ERR_COUNT; i++) {
        uint64_t total = atomic_load_explicit(&header->error_total[i], memory_order_relaxed);
        if (total == 0) {
            continue;
        }
        if (count++ == 0) {
            summary_table_begin(out, "errors", "Failures and drops", 0);
            out_string(out, "<thead><tr><th>Reason</th><th class=\"num\">Times</th></tr></thead>"
                            "<tbody>");
        }
        out_format(out, "<tr><td class=\"name\">%s<small>", error_name(i));
        html_text(out, text_of(error_sentence(i)));
        out_format(out, "</small></td><td class=\"num\">%llu</td></tr>",
                   (unsigned long long)total);
    }
    return count == 0 ? STEP_DONE : summary_table_end(out, 0, 0);
}
