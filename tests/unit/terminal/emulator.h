// A terminal that understands what screen.c writes, and nothing else: what a
// person would see.
#ifndef SKERRY_TESTS_UNIT_TERMINAL_EMULATOR_H
#define SKERRY_TESTS_UNIT_TERMINAL_EMULATOR_H

#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "limits.h"

static struct emulator {
    unsigned rows, columns;
    unsigned row, column;
    char style[16];  // of the last SGR
    size_t bytes;    // taken
    bool deaf;       // takes nothing
    char cell[TERMINAL_ROWS_MAX][TERMINAL_COLUMNS_MAX + 1];
    char styles[TERMINAL_ROWS_MAX][TERMINAL_COLUMNS_MAX][16];
} emulator;

static void
emulator_begin(unsigned rows, unsigned columns)
{
    memset(&emulator, 0, sizeof emulator);
    emulator.rows = rows;
    emulator.columns = columns;
    for (unsigned row = 0; row < rows; row++) {
        memset(emulator.cell[row], '#', columns);  // what was there before
    }
}

static void
emulator_erase(void)
{
    CHECK(strcmp(emulator.style, "0") == 0);
    for (unsigned i = emulator.column; i < emulator.columns; i++) {
        emulator.cell[emulator.row][i] = ' ';
        strcpy(emulator.styles[emulator.row][i], "0");
    }
}

// ESC [ parameters letter; what is left behind it.
static struct text
emulator_sequence(struct text bytes)
{
    char parameters[16] = "";
    size_t at = 2;
    CHECK(bytes.size > 2 && bytes.at[1] == '[');
    while (at < bytes.size && (bytes.at[at] == ';' || (bytes.at[at] >= '0' && bytes.at[at] <= '9'))) {
        CHECK(at - 2 < sizeof parameters - 1);
        parameters[at - 2] = bytes.at[at];
        at++;
    }
    CHECK(at < bytes.size);
    if (bytes.at[at] == 'm') {
        strcpy(emulator.style, parameters);
    } else if (bytes.at[at] == 'K') {
        emulator_erase();
    } else {
        char *rest;
        CHECK(bytes.at[at] == 'H');
        emulator.row = (unsigned)strtoul(parameters, &rest, 10) - 1;
        emulator.column = (unsigned)strtoul(rest + 1, NULL, 10) - 1;
        CHECK(emulator.row < emulator.rows && emulator.column < emulator.columns);
    }
    return text_sub(bytes, at + 1, SIZE_MAX);
}

static bool
emulator_take(void *context, struct text bytes)
{
    CHECK(context == &emulator);
    emulator.bytes += bytes.size;
    while (bytes.size > 0 && !emulator.deaf) {
        if (bytes.at[0] == '\033') {
            bytes = emulator_sequence(bytes);
            continue;
        }
        CHECK(bytes.at[0] >= ' ' && bytes.at[0] <= '~');
        CHECK(emulator.column < emulator.columns);  // nothing wraps
        strcpy(emulator.styles[emulator.row][emulator.column], emulator.style);
        emulator.cell[emulator.row][emulator.column++] = bytes.at[0];
        bytes = text_sub(bytes, 1, SIZE_MAX);
    }
    return !emulator.deaf;
}

// The row that holds `text`; -1: none does.
__attribute__((unused)) static int
emulator_find(const char *text)
{
    for (unsigned row = 0; row < emulator.rows; row++) {
        if (strstr(emulator.cell[row], text) != NULL) {
            return (int)row;
        }
    }
    return -1;
}

#endif
