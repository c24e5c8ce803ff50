#include "api/html.h"

#include "budget/plan.h"

static const char *
entity_of(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void
html_text(struct out *out, struct text text)
{
    for (size_t at = 0; at < text.size;) {
        size_t length = text_utf8_length(text, at);
        const char *entity = entity_of(text.at[at]);
        unsigned char byte = (unsigned char)text.at[at];
        if (length == 0 || byte < 0x20 || byte == 0x7f) {
            out_string(out, "\xef\xbf\xbd");
            length = 1;
        } else if (entity != NULL) {
            out_string(out, entity);
        } else {
            out_bytes(out, text.at + at, length);
        }
        at += length;
    }
}

static bool
is_unreserved(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
           byte == '~';
}

void
html_query_text(struct out *out, struct text text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned byte = (unsigned char)text.at[i];
        if (is_unreserved(text.at[i])) {
            out_byte(out, text.at[i]);
        } else {
            out_byte(out, '%');
            out_byte(out, hex[byte >> 4]);
            out_byte(out, hex[byte & 15]);
        }
    }
}

void
html_cpu(struct out *out, double millicores)
{
    if (!(millicores > 0)) {
        out_string(out, "0 m");
    } else if (millicores < 10) {
        out_format(out, "%.1f m", millicores);
    } else if (millicores < 1000) {
        out_format(out, "%.0f m", millicores);
    } else {
        out_format(out, "%.2f cores", millicores / 1000);
    }
}

void
html_bytes(struct out *out, double bytes)
{
    double most = 9e18;
    plan_write_size(out, bytes > 0 ? (uint64_t)(bytes < most ? bytes : most) : 0);
}

void
html_percent(struct out *out, double part, double whole)
{
    double percent = whole > 0 ? part * 100 / whole : 0;
    if (percent > 0 && percent < 1) {
        out_string(out, "&lt;1 %");
    } else {
        out_format(out, "%.0f %%", percent > 0 ? percent : 0);
    }
}

void
html_duration(struct out *out, int64_t ms)
{
    static const struct {
        int64_t below_s;
        int64_t unit_s;
        const char *name;
    } units[] = {
        {120, 1, " s"}, {120 * 60, 60, " min"}, {48 * 3600, 3600, " h"}, {INT64_MAX, 86400, " d"},
    };
    int64_t seconds = ms > 0 ? ms / MS_PER_S : 0;
    size_t unit = 0;
    while (seconds >= units[unit].below_s) {
        unit++;
    }
    out_i64(out, seconds / units[unit].unit_s);
    out_string(out, units[unit].name);
}

void
html_bar(struct out *out, double part, double whole)
{
    if (!(whole > 0)) {
        return;
    }
    double percent = part * 100 / whole;
    percent = percent > 0 ? (percent < 100 ? percent : 100) : 0;
    const char *level = percent >= 90 ? " full" : percent >= 75 ? " high" : "";
    out_format(out, "<span class=\"bar%s\"><i style=\"width:%.1f%%\"></i></span>", level, percent);
}
