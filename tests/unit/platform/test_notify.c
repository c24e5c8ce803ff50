#include "platform/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../test.h"
#include "fake.h"
#include "platform/linux.h"

static char path[64];

static void
begin(void)
{
    strcpy(path, "/tmp/test-notify-XXXXXX");
    int file = mkstemp(path);
    CHECK(file >= 0);
    close(file);
    unlink(path);
}

TEST(tells_readiness)
{
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    CHECK(notify_ready(ends[1]) == 0);
    CHECK(read(ends[0], &byte, 1) == 1 && byte == '\n');
    CHECK(read(ends[0], &byte, 1) == 0);  // closed
    close(ends[0]);
    CHECK(notify_ready(-1) == -ERR_IO);
}

// Without a supervisor there is none, and the number becomes that of a file of ours.
TEST(knows_whether_there_is_one)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(notify_is_given(ends[1]));
    close(ends[0]);
    close(ends[1]);
    CHECK(!notify_is_given(ends[1]));
}

TEST(beats)
{
    struct platform machine = linux_platform();
    struct notify_beat *beat;
    struct notify_seen seen;
    begin();
    CHECK(notify_beat_read(&machine, path, &seen) == -ERR_NO_FILE);
    CHECK(notify_beat_open(path, &beat) == 0);
    CHECK(notify_beat_read(&machine, path, &seen) == 0);
    CHECK_EQUAL_U64(seen.pid, getpid());
    CHECK(seen.count == 0 && seen.last.ns == 0);
    notify_beat(beat, (struct mono_ns){5}, &(struct notify_heap){1, 2, 3, 4});
    notify_beat(beat, (struct mono_ns){77}, &(struct notify_heap){50, 60, 70, 8});
    CHECK(notify_beat_read(&machine, path, &seen) == 0);
    CHECK(seen.count == 2 && seen.last.ns == 77);
    CHECK_EQUAL_U64(seen.heap.now, 50);
    CHECK_EQUAL_U64(seen.heap.peak, 60);
    CHECK_EQUAL_U64(seen.heap.limit, 70);
    CHECK_EQUAL_U64(seen.heap.failures_total, 8);
    CHECK(munmap(beat, sizeof *beat) == 0);
    // The next life of the role begins at nothing again.
    CHECK(notify_beat_open(path, &beat) == 0);
    CHECK(notify_beat_read(&machine, path, &seen) == 0);
    CHECK(seen.count == 0 && seen.last.ns == 0);
    CHECK(seen.heap.now == 0 && seen.heap.peak == 0 && seen.heap.limit == 0 &&
          seen.heap.failures_total == 0);
    CHECK(munmap(beat, sizeof *beat) == 0);
    unlink(path);
}

TEST(survives_strange_files)
{
    static struct fake fake;
    struct notify_seen seen;
    struct notify_beat good = {.magic = NOTIFY_MAGIC, .pid = 3};
    fake_open(&fake, test_seed());
    fake_add_file(&fake, "/empty", TEXT(""));
    fake_add_file(&fake, "/zeros", (struct text){(char[sizeof good]){0}, sizeof good});
    fake_add_file(&fake, "/long", (struct text){(char[sizeof good + 1]){0}, sizeof good + 1});
    fake_add_file(&fake, "/good", (struct text){(const char *)&good, sizeof good});
    CHECK(notify_beat_read(&fake.platform, "/empty", &seen) == -ERR_LAYOUT);
    CHECK(notify_beat_read(&fake.platform, "/zeros", &seen) == -ERR_LAYOUT);
    CHECK(notify_beat_read(&fake.platform, "/long", &seen) == -ERR_LAYOUT);
    CHECK(notify_beat_read(&fake.platform, "/good", &seen) == 0 && seen.pid == 3);
    fake_fail(&fake, FAKE_FILE_READ, 1, true, 0);
    CHECK(notify_beat_read(&fake.platform, "/good", &seen) == -ERR_IO);
    CHECK_EQUAL_U64(fake_open_handles(&fake), 0);
    fake_close(&fake);
}

static void
take_signals(void *unused)
{
    int file;
    (void)unused;
    CHECK(notify_signals_open(&file) == 0);
    struct pollfd wait = {.fd = file, .events = POLLIN};
    CHECK(notify_signal_next(file) == NOTIFY_NONE);
    CHECK(poll(&wait, 1, 0) == 0);
    CHECK(raise(SIGHUP) == 0);
    CHECK(poll(&wait, 1, 5000) == 1);
    CHECK(notify_signal_next(file) == NOTIFY_RELOAD);
    CHECK(raise(SIGTERM) == 0);
    CHECK(notify_signal_next(file) == NOTIFY_STOP);
    CHECK(raise(SIGINT) == 0);
    CHECK(notify_signal_next(file) == NOTIFY_STOP);
    CHECK(notify_signal_next(file) == NOTIFY_NONE);
    CHECK(raise(SIGPIPE) == 0);
    raise(SIGABRT);
}

TEST(takes_signals)
{
    CHECK(test_aborts(take_signals, NULL));
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"notify_tells_readiness", tells_readiness},
        {"knows_whether_there_is_one", knows_whether_there_is_one},
        {"notify_beats", beats},
        {"notify_survives_strange_files", survives_strange_files},
        {"notify_takes_signals", takes_signals},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
