#include "terminal/screen.h"

#include <string.h>

#include "base/check.h"
#include "limits.h"

#define CELLS_MAX ((size_t)TERMINAL_ROWS_MAX * TERMINAL_COLUMNS_MAX)
#define BUFFER_BYTES 4096
// The longest piece written at once: a move, a style and a character.
#define PIECE_BYTES_MAX 64
// Characters that are written again because a move would take as many bytes.
#define GAP_MAX 4

struct cell {
    char byte;
    uint8_t style;  // enum style
};

static const struct cell blank = {' ', STYLE_PLAIN};
// Shown nowhere, so that everything differs from it.
static const struct cell unknown = {'\0', STYLE_COUNT};

struct screen {
    unsigned rows, columns;
    bool colour;
    struct cell *wanted;
    struct cell *shown;
    struct out out;
    // While screen_draw writes: where the terminal's cursor is, and its style.
    unsigned row, column;
    unsigned style;
    bool (*write)(void *context, struct text bytes);
    void *context;
    bool broken;
};

size_t
screen_footprint(void)
{
    return arena_bytes(sizeof(struct screen)) + 2 * arena_bytes(CELLS_MAX * sizeof(struct cell)) +
           arena_bytes(BUFFER_BYTES);
}

struct screen *
screen_init(struct arena *arena, bool colour)
{
    struct screen *screen = arena_take(arena, sizeof *screen);
    screen->wanted = arena_take_array(arena, CELLS_MAX, sizeof *screen->wanted);
    screen->shown = arena_take_array(arena, CELLS_MAX, sizeof *screen->shown);
    screen->out = out_of(arena_take(arena, BUFFER_BYTES), BUFFER_BYTES);
    screen->colour = colour;
    return screen;
}

static void
fill(struct cell *cells, size_t count, struct cell with)
{
    for (size_t i = 0; i < count; i++) {
        cells[i] = with;
    }
}

static size_t
cell_count(const struct screen *screen)
{
    return (size_t)screen->rows * screen->columns;
}

void
screen_resize(struct screen *screen, unsigned rows, unsigned columns)
{
    screen->rows = rows < TERMINAL_ROWS_MAX ? rows : TERMINAL_ROWS_MAX;
    screen->columns = columns < TERMINAL_COLUMNS_MAX ? columns : TERMINAL_COLUMNS_MAX;
    fill(screen->shown, cell_count(screen), unknown);
    screen_clear(screen);
}

unsigned
screen_rows(const struct screen *screen)
{
    return screen->rows;
}

unsigned
screen_columns(const struct screen *screen)
{
    return screen->columns;
}

void
screen_clear(struct screen *screen)
{
    fill(screen->wanted, cell_count(screen), blank);
}

static bool
is_printable(char byte)
{
    return byte >= ' ' && byte <= '~';
}

void
screen_put(struct screen *screen, unsigned row, unsigned column, enum style style,
           struct text text)
{
    ASSERT(style < STYLE_COUNT);
    if (row >= screen->rows) {
        return;
    }
    struct cell *cells = screen->wanted + (size_t)row * screen->columns;
    uint8_t as = (uint8_t)(style >= STYLE_GOOD && !screen->colour ? STYLE_PLAIN : style);
    for (size_t i = 0; i < text.size && column + i < screen->columns; i++) {
        cells[column + i] = (struct cell){is_printable(text.at[i]) ? text.at[i] : '?', as};
    }
}

void
screen_fill(struct screen *screen, unsigned row, enum style style)
{
    if (row < screen->rows) {
        fill(screen->wanted + (size_t)row * screen->columns, screen->columns,
             (struct cell){' ', (uint8_t)style});
    }
}

static void
flush(struct screen *screen)
{
    if (!screen->broken && screen->out.used > 0) {
        screen->broken = !screen->write(screen->context, out_view(&screen->out));
    }
    screen->out.used = 0;
}

static void
set_style(struct screen *screen, unsigned style)
{
    static const char *const codes[STYLE_COUNT] = {
        [STYLE_PLAIN] = "\033[0m",     [STYLE_BOLD] = "\033[0;1m",  [STYLE_DIM] = "\033[0;2m",
        [STYLE_BAR] = "\033[0;7m",     [STYLE_GOOD] = "\033[0;32m", [STYLE_WARN] = "\033[0;33m",
        [STYLE_BAD] = "\033[0;1;31m",
    };
    if (screen->style != style) {
        out_string(&screen->out, codes[style]);
        screen->style = style;
    }
}

static bool
is_same(struct cell a, struct cell b)
{
    return a.byte == b.byte && a.style == b.style;
}

static void
write_cell(struct screen *screen, struct cell cell)
{
    if (screen->out.size - screen->out.used < PIECE_BYTES_MAX) {
        flush(screen);
    }
    set_style(screen, cell.style);
    out_byte(&screen->out, cell.byte);
    screen->column++;
}

// A short gap is bridged by what stands there already.
static void
move_to(struct screen *screen, unsigned row, unsigned column)
{
    const struct cell *cells = screen->wanted + (size_t)row * screen->columns;
    if (screen->row == row && column >= screen->column && column - screen->column <= GAP_MAX) {
        while (screen->column < column) {
            write_cell(screen, cells[screen->column]);
        }
        return;
    }
    if (screen->out.size - screen->out.used < PIECE_BYTES_MAX) {
        flush(screen);
    }
    out_format(&screen->out, "\033[%u;%uH", row + 1, column + 1);
    screen->row = row;
    screen->column = column;
}

// Where the blank rest of a line begins.
static unsigned
text_end(const struct screen *screen, const struct cell *cells)
{
    unsigned end = screen->columns;
    while (end > 0 && is_same(cells[end - 1], blank)) {
        end--;
    }
    return end;
}

static void
draw_row(struct screen *screen, unsigned row)
{
    const struct cell *wanted = screen->wanted + (size_t)row * screen->columns;
    const struct cell *shown = screen->shown + (size_t)row * screen->columns;
    unsigned end = text_end(screen, wanted);
    for (unsigned column = 0; column < end; column++) {
        if (!is_same(wanted[column], shown[column])) {
            move_to(screen, row, column);
            write_cell(screen, wanted[column]);
        }
    }
    for (unsigned column = end; column < screen->columns; column++) {
        if (!is_same(shown[column], blank)) {
            move_to(screen, row, end);
            set_style(screen, STYLE_PLAIN);
            out_string(&screen->out, "\033[K");
            return;
        }
    }
}

bool
screen_draw(struct screen *screen, bool (*write)(void *context, struct text bytes), void *context)
{
    screen->write = write;
    screen->context = context;
    screen->broken = false;
    screen->out.used = 0;
    screen->row = screen->rows;  // nowhere
    screen->style = STYLE_COUNT;
    for (unsigned row = 0; row < screen->rows && !screen->broken; row++) {
        draw_row(screen, row);
    }
    flush(screen);
    if (screen->broken) {
        return false;
    }
    memcpy(screen->shown, screen->wanted, cell_count(screen) * sizeof *screen->shown);
    return true;
}
