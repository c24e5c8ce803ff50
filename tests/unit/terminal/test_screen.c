#include "terminal/screen.h"

#include "emulator.h"

static unsigned char memory[4 << 20] __attribute__((aligned(16)));

static struct screen *
make(unsigned rows, unsigned columns, bool colour)
{
    struct arena arena;
    memset(memory, 0, sizeof memory);
    CHECK(screen_footprint() <= sizeof memory);
    arena_init(&arena, memory, screen_footprint());
    struct screen *screen = screen_init(&arena, colour);
    emulator_begin(rows, columns);
    screen_resize(screen, rows, columns);
    return screen;
}

static void
draw(struct screen *screen)
{
    emulator.bytes = 0;
    strcpy(emulator.style, "?");  // nothing is taken for granted between two pictures
    CHECK(screen_draw(screen, emulator_take, &emulator));
}

TEST(draws_texts_where_they_belong)
{
    struct screen *screen = make(4, 10, true);
    screen_put(screen, 0, 0, STYLE_BOLD, TEXT("head"));
    screen_put(screen, 1, 8, STYLE_PLAIN, TEXT("cut off"));
    screen_put(screen, 3, 9, STYLE_BAD, TEXT("x"));
    screen_put(screen, 4, 0, STYLE_PLAIN, TEXT("below"));
    screen_fill(screen, 2, STYLE_BAR);
    draw(screen);
    CHECK_EQUAL_TEXT((const char *)emulator.cell[0], "head      ");
    CHECK_EQUAL_TEXT((const char *)emulator.cell[1], "        cu");
    CHECK_EQUAL_TEXT((const char *)emulator.cell[2], "          ");
    CHECK_EQUAL_TEXT((const char *)emulator.cell[3], "         x");
    CHECK_EQUAL_TEXT((const char *)emulator.styles[0][3], "0;1");
    CHECK_EQUAL_TEXT((const char *)emulator.styles[2][9], "0;7");
    CHECK_EQUAL_TEXT((const char *)emulator.styles[3][9], "0;1;31");
}

// The promise against flicker: what stands there is not written again.
TEST(writes_differences_only)
{
    struct screen *screen = make(24, 80, true);
    for (unsigned row = 0; row < 24; row++) {
        screen_put(screen, row, 0, STYLE_PLAIN, TEXT("a line that stays where it is"));
    }
    draw(screen);
    CHECK(emulator.bytes > 24 * 29);
    draw(screen);
    CHECK_EQUAL_U64(emulator.bytes, 0);
    screen_put(screen, 7, 2, STYLE_PLAIN, TEXT("X"));
    draw(screen);
    CHECK(emulator.bytes <= 12);
    CHECK_EQUAL_TEXT(text_sub(text_of(emulator.cell[7]), 0, 6), "a Xine");
    // What a frame no longer has is blanked.
    screen_clear(screen);
    draw(screen);
    CHECK_EQUAL_U64(emulator_find("line"), -1);
    CHECK(emulator.bytes < 24 * 16);
}

TEST(hostile_bytes_are_not_passed_on)
{
    struct screen *screen = make(1, 12, true);
    screen_put(screen, 0, 0, STYLE_PLAIN, TEXT("a\033[2Jb\r\n\x9b\xc3\xa4"));
    draw(screen);
    CHECK_EQUAL_TEXT((const char *)emulator.cell[0], "a?[2Jb?????" " ");
}

TEST(without_colour_there_is_none)
{
    struct screen *screen = make(1, 3, false);
    screen_put(screen, 0, 0, STYLE_BAD, TEXT("b"));
    screen_put(screen, 0, 1, STYLE_BOLD, TEXT("b"));
    draw(screen);
    CHECK_EQUAL_TEXT((const char *)emulator.styles[0][0], "0");
    CHECK_EQUAL_TEXT((const char *)emulator.styles[0][1], "0;1");
}

TEST(a_resize_draws_everything)
{
    struct screen *screen = make(3, 20, true);
    screen_put(screen, 1, 0, STYLE_PLAIN, TEXT("before"));
    draw(screen);
    emulator_begin(5, 8);
    screen_resize(screen, 5, 8);
    screen_put(screen, 4, 0, STYLE_PLAIN, TEXT("behind the edge"));
    draw(screen);
    CHECK_EQUAL_TEXT((const char *)emulator.cell[4], "behind t");
    CHECK_EQUAL_U64(emulator_find("before"), -1);
    CHECK_EQUAL_U64(emulator_find("#"), -1);
    // More than the ceiling is not used.
    screen_resize(screen, 100000, 100000);
    CHECK_EQUAL_U64(screen_rows(screen), TERMINAL_ROWS_MAX);
    CHECK_EQUAL_U64(screen_columns(screen), TERMINAL_COLUMNS_MAX);
}

TEST(a_reader_that_is_gone_ends_it)
{
    struct screen *screen = make(3, 20, true);
    screen_put(screen, 0, 0, STYLE_PLAIN, TEXT("text"));
    emulator.deaf = true;
    CHECK(!screen_draw(screen, emulator_take, &emulator));
    // What it did not get is drawn when it is back.
    emulator.deaf = false;
    draw(screen);
    CHECK_EQUAL_U64(emulator_find("text"), 0);
}

// Random pictures one after the other: what is seen is what was drawn.
TEST(the_terminal_shows_the_picture)
{
    static char wanted[24][81];
    static const char *const codes[STYLE_COUNT] = {"0", "0;1", "0;2", "0;7", "0;32", "0;33",
                                                   "0;1;31"};
    static uint8_t styles[24][80];
    uint64_t random = test_seed();
    struct screen *screen = make(24, 80, true);
    memset(wanted, ' ', sizeof wanted);
    for (int picture = 0; picture < 300; picture++) {
        if (test_random_below(&random, 10) == 0) {
            screen_clear(screen);
            memset(wanted, ' ', sizeof wanted);
            memset(styles, 0, sizeof styles);
        }
        for (uint64_t i = test_random_below(&random, 40); i > 0; i--) {
            unsigned row = (unsigned)test_random_below(&random, 24);
            unsigned column = (unsigned)test_random_below(&random, 80);
            char byte = test_random_below(&random, 3) == 0 ? ' ' : (char)('a' + i % 26);
            uint8_t style = (uint8_t)test_random_below(&random, STYLE_COUNT);
            for (uint64_t n = test_random_below(&random, 12); n > 0 && column < 80; n--) {
                screen_put(screen, row, column, (enum style)style, (struct text){&byte, 1});
                wanted[row][column] = byte;
                styles[row][column++] = style;
            }
        }
        draw(screen);
        for (unsigned row = 0; row < 24; row++) {
            CHECK(memcmp(emulator.cell[row], wanted[row], 80) == 0);
            for (unsigned i = 0; i < 80; i++) {
                CHECK(strcmp(emulator.styles[row][i], codes[styles[row][i]]) == 0);
            }
        }
    }
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"draws_texts_where_they_belong", draws_texts_where_they_belong},
        {"writes_differences_only", writes_differences_only},
        {"hostile_bytes_are_not_passed_on", hostile_bytes_are_not_passed_on},
        {"without_colour_there_is_none", without_colour_there_is_none},
        {"a_resize_draws_everything", a_resize_draws_everything},
        {"a_reader_that_is_gone_ends_it", a_reader_that_is_gone_ends_it},
        {"the_terminal_shows_the_picture", the_terminal_shows_the_picture},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
