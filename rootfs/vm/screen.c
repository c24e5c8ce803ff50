#include "screen.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// Those of VGA's text.
#define ROWS 25
#define COLUMNS 80

struct screen {
    FILE *file;
    unsigned rows;
    unsigned columns;  // one less than there are: the cursor stays in its row
    unsigned row;
};

// The last row has no end of line: that would scroll the first one away.
static void
write_row(struct screen *screen, const char *text, size_t size)
{
    if (screen->row < screen->rows) {
        fprintf(screen->file, "%s%.*s\033[K", screen->row == 0 ? "\033[H" : "\n", (int)size, text);
        screen->row++;
    }
}

static void
write_lines(struct screen *screen, const char *text, bool continued)
{
    while (*text != '\0') {
        size_t line = strcspn(text, "\n");
        size_t size = line < screen->columns ? line : screen->columns;
        write_row(screen, text, size);
        text += continued ? size : line;
        text += *text == '\n';
    }
}

// NULL where the machine has none. Made by the kernel only.
static FILE *
open_screen(void)
{
    int file = open("/dev/tty1", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    FILE *stream = file < 0 ? NULL : fdopen(file, "w");
    if (stream == NULL && file >= 0) {
        close(file);
    }
    return stream;
}

void
screen_draw(const char *head, const char *rest)
{
    static char buffer[8192];
    struct winsize size = {0};
    struct screen screen = {.file = open_screen()};
    if (screen.file == NULL) {
        return;
    }
    ioctl(fileno(screen.file), TIOCGWINSZ, &size);
    screen.rows = size.ws_row == 0 ? ROWS : size.ws_row;
    screen.columns = (size.ws_col < 2 ? COLUMNS : size.ws_col) - 1;
    // Few writes: nobody sees it half drawn.
    setvbuf(screen.file, buffer, _IOFBF, sizeof buffer);
    write_lines(&screen, head, true);
    write_lines(&screen, rest, false);
    fputs("\033[J", screen.file);
    fclose(screen.file);
}
