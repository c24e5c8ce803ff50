#include "terminal/top_line.h"

#include <limits.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"

// Texts are not made narrower than this while a column can be dropped instead.
#define LONG_WIDTH_LEAST 19
#define TEXT_WIDTH_LEAST 12
#define SHORT_WIDTH_LEAST 10
#define GAP 1
#define SHARE_BAD 0.9
#define SHARE_WARN 0.75

#define N (1u << TOP_NODES)
#define P (1u << TOP_PODS)
#define C (1u << TOP_CONTAINERS)
static const struct {
    const char *title;
    unsigned width;
    unsigned kinds;
    unsigned drop;
} columns[TOP_COLUMN_COUNT] = {
#define COLUMN(id, title, width, kinds, drop) {title, width, kinds, drop},
#include "terminal/top_column.tbl.h"
#undef COLUMN
};
#undef N
#undef P
#undef C

const char *
top_column_title(enum top_column column)
{
    ASSERT(column < TOP_COLUMN_COUNT);
    return columns[column].title;
}

bool
top_column_is_number(enum top_column column)
{
    return columns[column].width > 0 && column != TOP_COLUMN_STATUS;
}

enum top_column
top_sort_column(enum top_sort sort)
{
    static const enum top_column of[TOP_SORT_COUNT] = {
        [TOP_SORT_CPU] = TOP_COLUMN_CPU,
        [TOP_SORT_MEMORY] = TOP_COLUMN_MEMORY,
        [TOP_SORT_CPU_SHARE] = TOP_COLUMN_CPU_SHARE,
        [TOP_SORT_MEMORY_SHARE] = TOP_COLUMN_MEMORY_SHARE,
        [TOP_SORT_NETWORK] = TOP_COLUMN_RECEIVE,
        [TOP_SORT_RESTARTS] = TOP_COLUMN_RESTARTS,
        [TOP_SORT_AGE] = TOP_COLUMN_AGE,
        [TOP_SORT_NAME] = TOP_COLUMN_NAME,
    };
    ASSERT(sort < TOP_SORT_COUNT);
    return of[sort];
}

// --- Layout

static unsigned
natural_width(const struct top_rows *rows, enum top_column column)
{
    size_t bytes = 0;
    switch (column) {
    case TOP_COLUMN_NAMESPACE:
        bytes = rows->space_bytes;
        break;
    case TOP_COLUMN_POD:
        bytes = rows->pod_bytes;
        break;
    case TOP_COLUMN_NAME:
        bytes = rows->name_bytes;
        break;
    case TOP_COLUMN_NODE:
        bytes = rows->node_bytes;
        break;
    default:
        return columns[column].width;
    }
    size_t title = strlen(columns[column].title) + 1;  // and a mark when it is sorted by
    return (unsigned)(bytes > title ? bytes : title);
}

static unsigned
least_width(unsigned natural, enum top_column column, bool has_pod)
{
    unsigned least = TEXT_WIDTH_LEAST;
    if (column == TOP_COLUMN_POD || (column == TOP_COLUMN_NAME && !has_pod)) {
        least = LONG_WIDTH_LEAST;
    } else if (column == TOP_COLUMN_NAME || column == TOP_COLUMN_STATUS) {
        least = SHORT_WIDTH_LEAST;
    }
    return top_column_is_number(column) || natural < least ? natural : least;
}

// The least of all columns that are left, with a gap between two.
static unsigned
width_of(const struct top_layout *layout, bool has_pod)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < layout->count; i++) {
        sum += (i > 0 ? GAP : 0) +
               least_width(layout->place[i].width, layout->place[i].column, has_pod);
    }
    return sum;
}

// False: none of those left may go.
static bool
drop_one(struct top_layout *layout)
{
    unsigned worst = 0;
    for (unsigned i = 1; i < layout->count; i++) {
        if (columns[layout->place[i].column].drop >= columns[layout->place[worst].column].drop) {
            worst = i;
        }
    }
    if (columns[layout->place[worst].column].drop == 0) {
        return false;
    }
    layout->count--;
    memmove(&layout->place[worst], &layout->place[worst + 1],
            (layout->count - worst) * sizeof layout->place[0]);
    return true;
}

// Gives what is left beside the least widths to the texts from the left.
static void
share_out(struct top_layout *layout, unsigned width, bool has_pod)
{
    unsigned least = width_of(layout, has_pod);
    unsigned left = width > least ? width - least : 0;
    for (unsigned i = 0; i < layout->count; i++) {
        unsigned natural = layout->place[i].width;
        unsigned own = least_width(natural, layout->place[i].column, has_pod);
        unsigned more = natural - own < left ? natural - own : left;
        layout->place[i].width = own + more;
        left -= more;
    }
}

void
top_layout(struct top_layout *layout, const struct top_rows *rows, unsigned width)
{
    bool has_pod = rows->ask.kind == TOP_CONTAINERS;
    layout->count = 0;
    for (unsigned i = 0; i < TOP_COLUMN_COUNT; i++) {
        enum top_column column = (enum top_column)i;
        if (columns[i].kinds & (1u << rows->ask.kind)) {
            layout->place[layout->count].column = column;
            layout->place[layout->count++].width = natural_width(rows, column);
        }
    }
    while (width_of(layout, has_pod) > width && drop_one(layout)) {
    }
    share_out(layout, width, has_pod);
    unsigned at = 0;
    for (unsigned i = 0; i < layout->count; i++) {
        layout->place[i].at = at;
        at += layout->place[i].width + GAP;
    }
    unsigned last = layout->count - 1;
    if (width != UINT_MAX && layout->place[last].column == TOP_COLUMN_STATUS &&
        width > layout->place[last].at) {
        layout->place[last].width = width - layout->place[last].at;
    }
}

// --- Cells

void
top_write_bytes(struct out *out, double bytes)
{
    static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi"};
    unsigned unit = 0;
    while (bytes >= 999.5 && unit + 1 < ARRAY_COUNT(units)) {
        bytes /= 1024;
        unit++;
    }
    bool fraction = unit > 0 && bytes < 9.95;
    out_format(out, fraction ? "%.1f%s" : "%.0f%s", bytes, units[unit]);
}

static void
write_number(struct out *out, double number, const char *unit)
{
    if (number < 0) {
        out_byte(out, '-');
    } else {
        out_format(out, "%.0f%s", number, unit);
    }
}

static void
write_bytes(struct out *out, double bytes)
{
    if (bytes < 0) {
        out_byte(out, '-');
    } else {
        top_write_bytes(out, bytes);
    }
}

static enum style
write_share(struct out *out, double share)
{
    write_number(out, share < 0 ? share : share * 100, "%");
    return share >= SHARE_BAD ? STYLE_BAD : share >= SHARE_WARN ? STYLE_WARN : STYLE_PLAIN;
}

// "42s", "3m", "5h", "9d", as kubectl's.
static void
write_age(struct out *out, uint32_t start_s, struct wall_ms now)
{
    int64_t s = now.ms / MS_PER_S - (int64_t)start_s;
    if (start_s == 0 || s < 0) {
        out_byte(out, '-');
    } else if (s < 120) {
        out_format(out, "%llds", (long long)s);
    } else if (s < 120 * 60) {
        out_format(out, "%lldm", (long long)(s / 60));
    } else if (s < 48 * 3600) {
        out_format(out, "%lldh", (long long)(s / 3600));
    } else {
        out_format(out, "%lldd", (long long)(s / 86400));
    }
}

static void
write_text(struct out *out, struct text text)
{
    if (text.size == 0) {
        out_byte(out, '-');
    } else {
        out_text(out, text_sub(text, 0, TOP_CELL_BYTES_MAX));
    }
}

enum style
top_cell(const struct top_item *item, enum top_column column, struct wall_ms now, struct out *out)
{
    switch (column) {
    case TOP_COLUMN_NAMESPACE:
        write_text(out, item->space);
        break;
    case TOP_COLUMN_POD:
        write_text(out, item->pod);
        break;
    case TOP_COLUMN_NAME:
        write_text(out, item->name);
        break;
    case TOP_COLUMN_CPU:
        write_number(out, item->cpu, "m");
        break;
    case TOP_COLUMN_CPU_SHARE:
        return write_share(out, top_share(item->cpu, item->cpu_whole));
    case TOP_COLUMN_MEMORY:
        write_bytes(out, item->memory);
        break;
    case TOP_COLUMN_MEMORY_SHARE:
        return write_share(out, top_share(item->memory, item->memory_whole));
    case TOP_COLUMN_RECEIVE:
        write_bytes(out, item->receive);
        break;
    case TOP_COLUMN_TRANSMIT:
        write_bytes(out, item->transmit);
        break;
    case TOP_COLUMN_RESTARTS:
        write_number(out, item->restarts, "");
        break;
    case TOP_COLUMN_PODS:
        write_number(out, item->pods, "");
        break;
    case TOP_COLUMN_AGE:
        write_age(out, item->start_s, now);
        break;
    case TOP_COLUMN_STATUS:
        write_text(out, item->status);
        return item->status_style;
    default:
        write_text(out, item->node);
        break;
    }
    return STYLE_PLAIN;
}

// --- Whole lines

static void
write_padded(struct out *out, struct text text, unsigned width, bool right, bool last)
{
    size_t blanks = text.size < width ? width - text.size : 0;
    for (size_t i = 0; right && i < blanks; i++) {
        out_byte(out, ' ');
    }
    for (size_t i = 0; i < text.size; i++) {
        bool plain = text.at[i] >= ' ' && text.at[i] <= '~';
        out_byte(out, plain ? text.at[i] : '?');
    }
    for (size_t i = 0; !right && !last && i < blanks; i++) {
        out_byte(out, ' ');
    }
    out_byte(out, last ? '\n' : ' ');
}

void
top_write_titles(const struct top_layout *layout, struct out *out)
{
    for (unsigned i = 0; i < layout->count; i++) {
        enum top_column column = layout->place[i].column;
        write_padded(out, text_of(columns[column].title), layout->place[i].width,
                     top_column_is_number(column), i + 1 == layout->count);
    }
}

void
top_write_line(const struct top_layout *layout, const struct top_item *item, struct wall_ms now,
               struct out *out)
{
    for (unsigned i = 0; i < layout->count; i++) {
        char buffer[TOP_CELL_BYTES_MAX];
        enum top_column column = layout->place[i].column;
        struct out cell = out_of(buffer, sizeof buffer);
        (void)top_cell(item, column, now, &cell);
        write_padded(out, out_view(&cell), layout->place[i].width, top_column_is_number(column),
                     i + 1 == layout->count);
    }
}

static void
member_text(struct json *json, const char *key, struct text value)
{
    if (value.size > 0) {
        json_key(json, key);
        json_text(json, value);
    }
}

static void
member(struct json *json, const char *key, double value)
{
    if (value >= 0) {
        json_key(json, key);
        json_double(json, value);
    }
}

void
top_write_json(const struct top_item *item, struct out *out)
{
    struct json json = json_of(out);
    json_object(&json);
    member_text(&json, "namespace", item->space);
    member_text(&json, "pod", item->pod);
    member_text(&json, "name", item->name);
    member_text(&json, "node", item->node);
    member(&json, "cpuMillicores", item->cpu);
    member(&json, item->kind == TOP_NODES ? "cpuAllocatable" : "cpuLimit", item->cpu_whole);
    member(&json, "memoryBytes", item->memory);
    member(&json, item->kind == TOP_NODES ? "memoryAllocatable" : "memoryLimit",
           item->memory_whole);
    member(&json, "receiveBytesPerSecond", item->receive);
    member(&json, "transmitBytesPerSecond", item->transmit);
    member(&json, "restarts", item->restarts);
    member(&json, "pods", item->pods);
    member_text(&json, "status", item->status);
    if (item->start_s != 0) {
        member(&json, "startSeconds", (double)item->start_s);
    }
    if (item->sample_s != 0) {
        member(&json, "sampleSeconds", (double)item->sample_s);
    }
    json_object_end(&json);
}
