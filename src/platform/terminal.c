#include "platform/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"

// Alternate screen, no cursor, no wrapping at the last column; and back.
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J"
#define LEAVE "\033[0m\033[?7h\033[?25h\033[?1049l"

#define ROWS_UNKNOWN 24
#define COLUMNS_UNKNOWN 80

static const int asked_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
static const int fault_signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};

static struct {
    struct termios before;
    sigset_t mask_before;
    volatile sig_atomic_t open;
    volatile sig_atomic_t asked;
    volatile sig_atomic_t resized;
    volatile sig_atomic_t stopped;
} terminal;

bool
terminal_is_output(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

bool
terminal_can_draw(void)
{
    const char *kind = getenv("TERM");
    return terminal_is_output() && isatty(STDIN_FILENO) == 1 && kind != NULL &&
           kind[0] != '\0' && strcmp(kind, "dumb") != 0;
}

// Calls nothing that a signal handler may not.
static void
restore(void)
{
    static const char leave[] = LEAVE;
    if (terminal.open) {
        terminal.open = 0;
        ssize_t ignored = write(STDOUT_FILENO, leave, sizeof leave - 1);
        (void)ignored;
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
    }
}

static void
on_fault(int number)
{
    restore();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void
on_signal(int number)
{
    if (number == SIGWINCH) {
        terminal.resized = 1;
    } else if (number == SIGTSTP) {
        terminal.stopped = 1;
    } else {
        terminal.asked = 1;
    }
}

static void
handle(int number, void (*handler)(int number))
{
    struct sigaction action = {.sa_handler = handler};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

// The signals that make events arrive only while terminal_wait waits, so that
// none comes between the look at the flags and the wait.
static void
take_signals(void)
{
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < ARRAY_COUNT(asked_signals); i++) {
        handle(asked_signals[i], on_signal);
        (void)sigaddset(&blocked, asked_signals[i]);
    }
    handle(SIGWINCH, on_signal);
    handle(SIGTSTP, on_signal);
    (void)sigaddset(&blocked, SIGWINCH);
    (void)sigaddset(&blocked, SIGTSTP);
    (void)sigprocmask(SIG_BLOCK, &blocked, &terminal.mask_before);
    for (size_t i = 0; i < ARRAY_COUNT(fault_signals); i++) {
        handle(fault_signals[i], on_fault);
    }
    (void)signal(SIGPIPE, SIG_IGN);  // a write fails instead
}

// Keys come one by one and unseen; ^C and ^Z stay signals.
static int
enter(void)
{
    struct termios raw = terminal.before;
    raw.c_lflag &= (tcflag_t)~(tcflag_t)(ICANON | ECHO | IEXTEN);
    raw.c_iflag &= (tcflag_t)~(tcflag_t)(IXON | ICRNL | INLCR);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    terminal.open = 1;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0 || !terminal_write(TEXT(ENTER))) {
        restore();
        return -ERR_IO;
    }
    return 0;
}

int
terminal_open(void)
{
    if (tcgetattr(STDIN_FILENO, &terminal.before) != 0) {
        return -ERR_IO;
    }
    take_signals();
    return enter();
}

void
terminal_close(void)
{
    restore();
    (void)sigprocmask(SIG_SETMASK, &terminal.mask_before, NULL);
}

void
terminal_size(unsigned *rows, unsigned *columns)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
    *rows = known ? size.ws_row : ROWS_UNKNOWN;
    *columns = known ? size.ws_col : COLUMNS_UNKNOWN;
}

// The shell has the terminal until it lets the process go on.
static enum terminal_event
stop(void)
{
    restore();
    (void)kill(getpid(), SIGSTOP);
    return enter() == 0 ? TERMINAL_RESIZE : TERMINAL_QUIT;
}

static enum terminal_event
read_input(char *bytes, size_t size, size_t *count)
{
    ssize_t got = read(STDIN_FILENO, bytes, size);
    if (got <= 0) {
        return got < 0 && (errno == EINTR || errno == EAGAIN) ? TERMINAL_TIME : TERMINAL_QUIT;
    }
    *count = (size_t)got;
    return TERMINAL_INPUT;
}

enum terminal_event
terminal_wait(int timeout_ms, char *bytes, size_t size, size_t *count)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    struct timespec timeout = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000};
    *count = 0;
    int ready = ppoll(&input, 1, &timeout, &terminal.mask_before);
    if (terminal.asked) {
        return TERMINAL_QUIT;
    }
    if (terminal.stopped) {
        terminal.stopped = 0;
        return stop();
    }
    if (terminal.resized) {
        terminal.resized = 0;
        return TERMINAL_RESIZE;
    }
    if (ready > 0) {
        return read_input(bytes, size, count);
    }
    return ready < 0 && errno != EINTR ? TERMINAL_QUIT : TERMINAL_TIME;
}

bool
terminal_write(struct text text)
{
    while (text.size > 0) {
        ssize_t written = write(STDOUT_FILENO, text.at, text.size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        text = text_sub(text, (size_t)written, SIZE_MAX);
    }
    return true;
}
