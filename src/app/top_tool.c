// top_tool(): the wiring of `skerry top`. Reads the live table itself, so that it
// works while every role is dead.
#include <stdlib.h>
#include <limits.h>

#include "app/live_table.h"
#include "app/role.h"
#include "app/tool.h"
#include "app/top_state.h"
#include "base/json.h"
#include "platform/terminal.h"
#include "terminal/key.h"
#include "terminal/top_view.h"

// Between two looks at the table; longer where a look takes more than a twentieth
// of it.
#define REFRESH_MS 2000
#define REFRESH_SHARE 20
// A pause ends by a key: how long one wait for it is does not matter.
#define PAUSE_MS 60000
#define INPUT_BYTES 256
#define LINE_BYTES_MAX 4096
#define LEAST_ROWS 1

static struct top {
    struct tool *tool;
    struct live_table live;
    const struct table_reader *table;  // NULL: there is none
    int table_error;
    struct arena rows_arena;
    struct top_rows *rows;
    struct arena screen_arena;
    struct screen *screen;
    struct top_view view;
    struct top_cluster cluster;
} top;

// main.c has checked the word.
static enum top_kind
kind_of(struct text word)
{
    for (unsigned i = 0; i < TOP_KIND_COUNT; i++) {
        struct text name = text_of(top_kind_name((enum top_kind)i));
        if (word.size > 0 && text_starts(name, word)) {
            return (enum top_kind)i;
        }
    }
    return TOP_PODS;
}

static bool
colour_is_wanted(const struct config *config)
{
    const char *unwanted = getenv("NO_COLOR");
    return !config_bool(config, CONFIG_NO_COLOR) && (unwanted == NULL || unwanted[0] == '\0');
}

// --- Memory

static uint32_t
rows_of(const struct table_reader *table)
{
    uint32_t most = LEAST_ROWS;
    for (unsigned kind = 0; table != NULL && kind < TOP_KIND_COUNT; kind++) {
        uint32_t limit = table->place[top_kind_pool((enum top_kind)kind)].limit;
        most = limit > most ? limit : most;
    }
    return most < TOP_ROWS_MAX ? most : TOP_ROWS_MAX;
}

// Room for every row of the table; a table of another capacity gets new room.
static int
make_rows(void)
{
    bool locked;
    uint32_t count = rows_of(top.table);
    if (top.rows != NULL && top.rows->limit >= count) {
        return 0;
    }
    if (top.rows != NULL) {
        block_unmap(&top.rows_arena);
        top.rows = NULL;
    }
    int error = block_map(top_rows_footprint(count), &top.rows_arena, &locked);
    if (error == 0) {
        top.rows = top_rows_init(&top.rows_arena, count);
    }
    return error;
}

static int
look(void)
{
    top.table_error = live_table_look(&top.live, top.tool->config, top.tool->platform);
    top.table = top.table_error == 0 ? &top.live.reader : NULL;
    top_state_read(&top.cluster, top.tool, top.table, top.table_error);
    int error = make_rows();
    if (error == 0 && top.table != NULL) {
        top_rows_scan(top.rows, top.table, &top.view.ask);
    }
    return error;
}

// --- Printed once

static void
say_notices(void)
{
    for (unsigned i = 0; i < top.cluster.notice_count; i++) {
        top.tool->say(out_view(&top.cluster.notice[i]));
    }
}

static void
say_none(void)
{
    char buffer[LINE_BYTES_MAX];
    struct out out = out_of(buffer, sizeof buffer);
    top_rows_say_none(top.rows, &out);
    top.tool->say(out_view(&out));
}

static bool
make_room(struct out *out)
{
    return out->size - out->used >= LINE_BYTES_MAX || top.tool->flush(out);
}

static void
print_rows(const struct top_layout *layout, bool json)
{
    struct out *out = top.tool->out;
    struct top_rows *rows = top.rows;
    bool first = true;
    for (uint32_t i = 0; i < rows->count && make_room(out); i++) {
        if (!top_item_read(&rows->item, top.table, rows->ask.kind, rows->entry[i].row)) {
            continue;
        }
        top_item_describe(&rows->item, top.table, top.cluster.now);
        if (json) {
            out_string(out, first ? "" : ",\n");
            top_write_json(&rows->item, out);
        } else {
            top_write_line(layout, &rows->item, top.cluster.now, out);
        }
        first = false;
    }
}

static void
print_once(void)
{
    struct top_layout layout;
    struct out *out = top.tool->out;
    bool json = config_bool(top.tool->config, CONFIG_JSON);
    top_rows_select(top.rows, top.table, 0, top.rows->count);
    top_layout(&layout, top.rows, UINT_MAX);
    if (json) {
        out_format(out, "{\"kind\":\"%s\",\"cycleSeconds\":%u,\"items\":[\n",
                   top_kind_name(top.rows->ask.kind), top.cluster.totals.cycle_s);
    } else {
        top_write_titles(&layout, out);
    }
    print_rows(&layout, json);
    if (json) {
        (void)make_room(out);
        out_string(out, "]}\n");
    }
}

// --- Live

static bool
write_screen(void *context, struct text bytes)
{
    (void)context;
    return terminal_write(bytes);
}

static void
resize(void)
{
    unsigned rows;
    unsigned columns;
    terminal_size(&rows, &columns);
    screen_resize(top.screen, rows, columns);
}

static bool
draw(void)
{
    top_view_draw(&top.view, top.screen, top.rows, top.table, &top.cluster);
    return screen_draw(top.screen, write_screen, NULL);
}

static enum top_change
take_keys(struct text bytes)
{
    enum top_change most = TOP_SAME;
    while (bytes.size > 0 && most != TOP_QUIT) {
        enum top_change change = top_view_key(&top.view, key_next(&bytes), top.rows);
        most = change > most ? change : most;
    }
    return most;
}

// What has to be done, at the latest after `timeout_ms`.
static enum top_change
wait_for_change(int64_t timeout_ms)
{
    char bytes[INPUT_BYTES];
    size_t count;
    switch (terminal_wait((int)timeout_ms, bytes, sizeof bytes, &count)) {
    case TERMINAL_QUIT:
        return TOP_QUIT;
    case TERMINAL_RESIZE:
        return TOP_ANEW;
    case TERMINAL_INPUT:
        return take_keys((struct text){bytes, count});
    default:
        return TOP_SAME;
    }
}

static int
refresh(int64_t *period_ms)
{
    struct mono_ns begin = platform_mono_now(top.tool->platform);
    int error = look();
    int64_t took_ms = mono_ms_between(begin, platform_mono_now(top.tool->platform));
    *period_ms = took_ms * REFRESH_SHARE > REFRESH_MS ? took_ms * REFRESH_SHARE : REFRESH_MS;
    return error;
}

// In a pause the picture stands until a key is pressed.
static int
live(void)
{
    const struct platform *platform = top.tool->platform;
    int64_t period_ms = REFRESH_MS;
    struct mono_ns next = platform_mono_now(platform);
    for (enum top_change change = TOP_RESCAN; change != TOP_QUIT;) {
        if (change == TOP_ANEW) {
            resize();
        }
        bool due = !top.view.paused && !mono_before(platform_mono_now(platform), next);
        if (due || change == TOP_RESCAN) {
            int error = refresh(&period_ms);
            if (error != 0) {
                return error;
            }
            next = mono_add_ms(platform_mono_now(platform), period_ms);
        }
        if ((due || change != TOP_SAME) && !draw()) {
            return 0;  // nobody looks any more
        }
        int64_t left_ms = mono_ms_between(platform_mono_now(platform), next) + 1;
        change = wait_for_change(top.view.paused ? PAUSE_MS : left_ms < 0 ? 0 : left_ms);
    }
    return 0;
}

static int
run_live(void)
{
    bool locked;
    int error = block_map(screen_footprint(), &top.screen_arena, &locked);
    if (error == 0) {
        top.screen = screen_init(&top.screen_arena, colour_is_wanted(top.tool->config));
        error = terminal_open();
    }
    if (error == 0) {
        resize();
        error = live();
        terminal_close();
    }
    if (error != 0) {
        out_format(top.tool->out, "top: %s\n", error_sentence(error));
        return 1;
    }
    return 0;
}

int
top_tool(struct tool *tool)
{
    struct top_ask ask = {
        .kind = kind_of(tool->word),
        .sort = (enum top_sort)config_number(tool->config, CONFIG_SORT),
        .filter = config_text(tool->config, CONFIG_FILTER),
        .space = config_text(tool->config, CONFIG_NAMESPACE),
        .node = config_text(tool->config, CONFIG_NODE),
    };
    top.tool = tool;
    top_view_init(&top.view, &ask);
    int error = look();
    if (error != 0) {
        out_format(tool->out, "top: %s\n", error_sentence(error));
        return 1;
    }
    if (!config_bool(tool->config, CONFIG_ONCE) && !config_bool(tool->config, CONFIG_JSON) &&
        terminal_can_draw()) {
        return run_live();
    }
    say_notices();
    if (top.table == NULL) {
        return 1;
    }
    if (top.rows->count == 0) {
        say_none();
    }
    print_once();
    return 0;
}
