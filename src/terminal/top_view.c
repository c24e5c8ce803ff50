#include "terminal/top_view.h"

#include <string.h>

#include "base/calendar.h"
#include "terminal/key.h"

static const struct {
    char key;
    const char *help;
} sorts[TOP_SORT_COUNT] = {
#define SORT(id, name, key, help) {key, help},
#include "terminal/top_sort.tbl.h"
#undef SORT
};

void
top_view_init(struct top_view *view, const struct top_ask *ask)
{
    memset(view, 0, sizeof *view);
    view->ask = *ask;
    view->filter_bytes = ask->filter.size < sizeof view->filter ? ask->filter.size
                                                                 : sizeof view->filter;
    if (view->filter_bytes > 0) {
        memcpy(view->filter, ask->filter.at, view->filter_bytes);
    }
    view->ask.filter = (struct text){view->filter, view->filter_bytes};
    view->page = 1;
}

// --- Keys

static enum top_change
refilter(struct top_view *view, size_t bytes)
{
    view->filter_bytes = bytes;
    view->ask.filter = (struct text){view->filter, bytes};
    view->first = 0;
    return TOP_RESCAN;
}

static enum top_change
type(struct top_view *view, int key)
{
    switch (key) {
    case KEY_ENTER:
        view->typing = false;
        return TOP_REDRAW;
    case KEY_ESCAPE:
        view->typing = false;
        return refilter(view, 0);
    case KEY_ERASE_LINE:
        return refilter(view, 0);
    case KEY_BACKSPACE:
        return view->filter_bytes > 0 ? refilter(view, view->filter_bytes - 1) : TOP_SAME;
    default:
        break;
    }
    if (key < ' ' || key > '~' || view->filter_bytes == sizeof view->filter) {
        return TOP_SAME;
    }
    view->filter[view->filter_bytes] = (char)key;
    return refilter(view, view->filter_bytes + 1);
}

static enum top_change
move_to(struct top_view *view, int64_t first, const struct top_rows *rows)
{
    int64_t last = (int64_t)rows->count - (int64_t)view->page;
    first = first > last ? last : first;
    first = first < 0 ? 0 : first;
    bool moved = view->first != (uint32_t)first;
    view->first = (uint32_t)first;
    return moved ? TOP_REDRAW : TOP_SAME;
}

static enum top_change
scroll(struct top_view *view, int key, const struct top_rows *rows)
{
    int64_t first = view->first;
    int64_t page = view->page > 1 ? view->page - 1 : 1;
    switch (key) {
    case KEY_UP:
    case 'k':
        return move_to(view, first - 1, rows);
    case KEY_DOWN:
    case 'j':
        return move_to(view, first + 1, rows);
    case KEY_PAGE_UP:
        return move_to(view, first - page, rows);
    case KEY_PAGE_DOWN:
    case ' ':
        return move_to(view, first + page, rows);
    case KEY_HOME:
    case 'g':
        return move_to(view, 0, rows);
    case KEY_END:
    case 'G':
        return move_to(view, rows->count, rows);
    default:
        return TOP_SAME;
    }
}

static enum top_change
choose_kind(struct top_view *view, unsigned kind)
{
    view->ask.kind = (enum top_kind)(kind % TOP_KIND_COUNT);
    view->first = 0;
    return TOP_RESCAN;
}

static enum top_change
choose_sort(struct top_view *view, int key, const struct top_rows *rows)
{
    for (unsigned i = 0; i < TOP_SORT_COUNT; i++) {
        if (key == sorts[i].key) {
            view->ask.sort = (enum top_sort)i;
            view->ask.reversed = false;
            view->first = 0;
            return TOP_RESCAN;
        }
    }
    return scroll(view, key, rows);
}

enum top_change
top_view_key(struct top_view *view, int key, const struct top_rows *rows)
{
    if (key == KEY_REDRAW) {
        return TOP_ANEW;
    }
    if (view->typing) {
        return type(view, key);
    }
    if (view->help) {
        view->help = false;
        return key == 'q' ? TOP_QUIT : TOP_REDRAW;
    }
    switch (key) {
    case 'q':
        return TOP_QUIT;
    case '1':
    case '2':
    case '3':
        return choose_kind(view, (unsigned)(key - '1'));
    case KEY_TAB:
        return choose_kind(view, view->ask.kind + 1u);
    case '/':
        view->typing = true;
        return TOP_REDRAW;
    case KEY_ESCAPE:
        return view->filter_bytes > 0 ? refilter(view, 0) : TOP_SAME;
    case 'p':
        view->paused = !view->paused;
        return view->paused ? TOP_REDRAW : TOP_RESCAN;
    case 'i':
        view->ask.reversed = !view->ask.reversed;
        return TOP_RESCAN;
    case '?':
    case 'h':
        view->help = true;
        return TOP_REDRAW;
    default:
        return choose_sort(view, key, rows);
    }
}

// --- Picture

struct out *
top_cluster_notice(struct top_cluster *cluster)
{
    if (cluster->notice_count == TOP_NOTICES_MAX) {
        return NULL;
    }
    unsigned at = cluster->notice_count++;
    cluster->notice[at] = out_of(cluster->notice_buffer[at], TOP_NOTICE_BYTES);
    return &cluster->notice[at];
}

static void
write_clock(struct out *out, struct wall_ms now)
{
    int64_t s = now.ms / MS_PER_S % 86400;
    out_format(out, "%02d:%02d:%02dZ", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

static void
draw_title(const struct top_view *view, struct screen *screen, const struct top_rows *rows,
           const struct top_cluster *cluster)
{
    char buffer[TERMINAL_COLUMNS_MAX];
    struct out out = out_of(buffer, sizeof buffer);
    const struct totals *totals = &cluster->totals;
    out_format(&out, "skerry top %s  ", top_kind_name(view->ask.kind));
    write_clock(&out, cluster->now);
    if (view->paused) {
        out_string(&out, "  PAUSED");
    }
    if (totals->cycle_s != 0) {
        out_format(&out, "  %u of %u nodes ready, %u pods, %u containers",
                   totals->node_ready_count, totals->node_count, totals->pod_count, totals->container_count);
    }
    if (rows->dropped > 0) {
        out_format(&out, "; %u rows are not sorted", rows->dropped);
    }
    screen_put(screen, 0, 0, STYLE_BOLD, out_view(&out));
}

static void
write_use(struct out *out, double used, double whole, bool bytes)
{
    char buffer[64];
    struct out all = out_of(buffer, sizeof buffer);
    if (bytes) {
        top_write_bytes(out, used);
        top_write_bytes(&all, whole);
    } else {
        out_format(out, "%.2f", used / 1000);
        out_format(&all, "%.0f cores", whole / 1000);
    }
    if (whole > 0) {
        out_format(out, " of %s (%.0f%%)", out_c_string(&all), used / whole * 100);
    } else if (!bytes) {
        out_string(out, " cores");
    }
}

static void
draw_sums(struct screen *screen, const struct top_cluster *cluster)
{
    char buffer[TERMINAL_COLUMNS_MAX];
    struct out out = out_of(buffer, sizeof buffer);
    if (cluster->totals.cycle_s == 0) {
        out_string(&out, "no cycle is complete yet");
    } else {
        out_string(&out, "CPU ");
        write_use(&out, cluster->cpu, cluster->cpu_whole, false);
        out_string(&out, "   memory ");
        write_use(&out, cluster->memory, cluster->memory_whole, true);
        out_string(&out, "   last cycle ");
        calendar_write_age(&out, cluster->now.ms - (int64_t)cluster->totals.cycle_s * MS_PER_S);
        out_string(&out, " ago");
    }
    screen_put(screen, 1, 0, STYLE_PLAIN, out_view(&out));
}

// One cell at its place, cut with a "~" where it is too long.
static void
draw_cell(struct screen *screen, unsigned row, unsigned at, unsigned width, bool right,
          enum style style, struct text text)
{
    if (text.size > width) {
        screen_put(screen, row, at, style, text_sub(text, 0, width - 1));
        screen_put(screen, row, at + width - 1, style, TEXT("~"));
        return;
    }
    unsigned blanks = right ? width - (unsigned)text.size : 0;
    screen_put(screen, row, at + blanks, style, text);
}

static void
draw_titles(const struct top_view *view, struct screen *screen, const struct top_layout *layout,
            unsigned row)
{
    screen_fill(screen, row, STYLE_BAR);
    for (unsigned i = 0; i < layout->count; i++) {
        char buffer[32];
        struct out title = out_of(buffer, sizeof buffer);
        enum top_column column = layout->place[i].column;
        bool sorted = column == top_sort_column(view->ask.sort);
        out_format(&title, "%s%s", sorted ? (view->ask.reversed ? "^" : "*") : "",
                   top_column_title(column));
        draw_cell(screen, row, layout->place[i].at, layout->place[i].width,
                  top_column_is_number(column), STYLE_BAR, out_view(&title));
    }
}

static void
draw_row(struct screen *screen, const struct top_layout *layout, const struct top_item *item,
         struct wall_ms now, unsigned row)
{
    for (unsigned i = 0; i < layout->count; i++) {
        char buffer[TOP_CELL_BYTES_MAX];
        struct out cell = out_of(buffer, sizeof buffer);
        enum top_column column = layout->place[i].column;
        enum style style = top_cell(item, column, now, &cell);
        draw_cell(screen, row, layout->place[i].at, layout->place[i].width,
                  top_column_is_number(column), style, out_view(&cell));
    }
}

static void
draw_rows(struct top_view *view, struct screen *screen, struct top_rows *rows,
          const struct table_reader *table, const struct top_cluster *cluster, unsigned from)
{
    struct top_layout layout;
    unsigned bottom = screen_rows(screen) - 1;
    view->page = bottom > from + 1 ? bottom - from - 1 : 1;
    (void)move_to(view, view->first, rows);
    top_layout(&layout, rows, screen_columns(screen));
    draw_titles(view, screen, &layout, from);
    top_rows_select(rows, table, view->first, view->page);
    for (unsigned i = 0; i < view->page && view->first + i < rows->count; i++) {
        if (top_item_read(&rows->item, table, rows->ask.kind, rows->entry[view->first + i].row)) {
            top_item_describe(&rows->item, table, cluster->now);
            draw_row(screen, &layout, &rows->item, cluster->now, from + 1 + i);
        }
    }
    if (rows->count == 0) {
        char buffer[TERMINAL_COLUMNS_MAX];
        struct out out = out_of(buffer, sizeof buffer);
        top_rows_say_none(rows, &out);
        out_string(&out, rows->ask.filter.size > 0 ? "; Esc takes the filter away" : "");
        screen_put(screen, from + 1, 0, STYLE_DIM, out_view(&out));
    }
}

static void
draw_bottom(const struct top_view *view, struct screen *screen, const struct top_rows *rows)
{
    char buffer[TERMINAL_COLUMNS_MAX];
    struct out out = out_of(buffer, sizeof buffer);
    unsigned row = screen_rows(screen) - 1;
    if (view->typing) {
        out_format(&out, "filter: " TEXT_FORMAT "_", TEXT_ARGS(view->ask.filter));
        screen_put(screen, row, 0, STYLE_BOLD, out_view(&out));
        return;
    }
    if (rows->count > 0) {
        uint32_t end = view->first + view->page;
        out_format(&out, "%u-%u of %u", view->first + 1, end < rows->count ? end : rows->count,
                   rows->count);
    }
    if (view->filter_bytes > 0) {
        out_format(&out, " with `" TEXT_FORMAT "`", TEXT_ARGS(view->ask.filter));
    }
    out_string(&out, "  q quit  ? keys  / filter  1 nodes 2 pods 3 containers  p pause");
    screen_put(screen, row, 0, STYLE_DIM, out_view(&out));
}

static void
draw_help(struct screen *screen)
{
    static const char *const lines[] = {
        "1 2 3, Tab     nodes, pods, containers",
        "Up Down k j    one row; PageUp PageDown Space: a page; Home End g G: the ends",
        "/              filter: words that are part of a name, a namespace or a node",
        "Esc            takes the filter away",
        "i              turns the order round",
        "p              pause: rows stay as they are",
        "^L             draws the screen anew",
        "q              quit",
    };
    unsigned row = 0;
    screen_put(screen, row++, 0, STYLE_BOLD, TEXT("skerry top: keys (any key goes back)"));
    row++;
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        screen_put(screen, row++, 2, STYLE_PLAIN, text_of(lines[i]));
    }
    for (size_t i = 0; i < TOP_SORT_COUNT; i++) {
        screen_put(screen, row, 2, STYLE_PLAIN, (struct text){&sorts[i].key, 1});
        screen_put(screen, row++, 17, STYLE_PLAIN, text_of(sorts[i].help));
    }
    screen_put(screen, row + 1, 2, STYLE_DIM,
               TEXT("CPU% and MEM%: a node's of what is allocatable, else of the limit. UTC."));
}

void
top_view_draw(struct top_view *view, struct screen *screen, struct top_rows *rows,
              const struct table_reader *table, const struct top_cluster *cluster)
{
    unsigned row = 2;
    screen_clear(screen);
    if (screen_rows(screen) == 0) {
        return;
    }
    if (view->help) {
        draw_help(screen);
        return;
    }
    draw_title(view, screen, rows, cluster);
    draw_sums(screen, cluster);
    for (unsigned i = 0; i < cluster->notice_count; i++) {
        screen_put(screen, row++, 0, STYLE_BAD, out_view(&cluster->notice[i]));
    }
    if (table != NULL) {
        draw_rows(view, screen, rows, table, cluster, row);
    }
    screen_fill(screen, screen_rows(screen) - 1, STYLE_PLAIN);
    draw_bottom(view, screen, rows);
}
