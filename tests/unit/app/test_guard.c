#include "app/guard.h"

#include <signal.h>
#include <unistd.h>

#include "configured.h"
#include "s6_files.h"

#define COLLECT "/svc/collect/supervise/"

static struct configured it;
static struct guard guard;

static void
put(const char *path, struct text content)
{
    fake_drop(&it.fake, path);
    fake_add_file(&it.fake, path, content);
}

static void
put_status(uint32_t pid, unsigned flags)
{
    unsigned char bytes[S6_STATUS_BYTES];
    put(COLLECT "status", s6_status(bytes, it.fake.wall.ms, it.fake.wall.ms, pid, flags));
}

static void
put_death(unsigned exit_code, unsigned signal_number)
{
    unsigned char bytes[SUPERVISED_DEATH_BYTES];
    s6_death(bytes, it.fake.wall.ms, exit_code, signal_number);
    put(COLLECT "death_tally", (struct text){(const char *)bytes, sizeof bytes});
}

static void
put_beat(uint64_t pid)
{
    struct notify_beat beat = {.magic = NOTIFY_MAGIC, .pid = pid, .mono_ns = it.fake.mono.ns};
    put("/run/beat-collect", (struct text){(const char *)&beat, sizeof beat});
}

static void
begin(void)
{
    fake_open(&it.fake, 1);
    fake_add_directory(&it.fake, "/run");
    put("/etc/skerry.conf", TEXT("nodes = 5\n"));
    put("/dev/watchdog", TEXT(""));
    CHECK(configured_flags(&it, "--run-dir=/run", "--service-dir=/svc", "--watchdog=/dev/watchdog",
                           "--config=/etc/skerry.conf", "--metric-resolution=5s", NULL) == 0);
    put(COLLECT "control", TEXT(""));
    put_status(50, S6_WANTED_UP | S6_READY);
    put_beat(50);
    guard_init(&guard, &it.config, &it.fake.platform);
}

static void
end(void)
{
    guard_close(&guard);
    CHECK_EQUAL_U64(fake_open_handles(&it.fake), 0);
    fake_close(&it.fake);
}

static void
turns(int64_t ms)
{
    for (int64_t at = 0; at < ms; at += GUARD_TURN_MS) {
        fake_advance(&it.fake, GUARD_TURN_MS);
        guard_turn(&guard);
    }
}

static struct text
commands(void)
{
    struct text content;
    CHECK(fake_content(&it.fake, COLLECT "control", &content));
    return content;
}

static const struct role_status *
collect(void)
{
    static struct roles roles;
    CHECK(roles_read(&roles, &it.fake.platform, &it.config) == 0);
    return &roles.role[ROLE_COLLECT];
}

TEST(reports_what_it_sees)
{
    begin();
    guard_turn(&guard);
    CHECK_EQUAL_U64(collect()->state, ROLE_READY);
    CHECK_EQUAL_U64(collect()->pid, 50);
    CHECK_EQUAL_U64(collect()->heartbeat_age_ms, 0);
    CHECK_EQUAL_U64(collect()->death_total, 0);
    CHECK_EQUAL_TEXT(commands(), "");
    end();
}

TEST(ends_a_stuck_role)
{
    begin();
    turns(15000);
    CHECK_EQUAL_TEXT(commands(), "");
    turns(1000);
    CHECK_EQUAL_U64(commands().size > 0 && commands().at[0] == 'b', true);
    put(COLLECT "control", TEXT(""));
    turns(2500);
    CHECK(commands().size > 0 && commands().at[0] == 'k');
    put_death(0, SIGKILL);
    put_status(51, S6_WANTED_UP | S6_READY);
    turns(500);
    CHECK_EQUAL_U64(collect()->hang_total, 1);
    CHECK_EQUAL_U64(collect()->last_death.cause, DEATH_HANG);
    CHECK_EQUAL_U64(collect()->deaths_last_minute, 1);
    end();
}

static void
put_heap(uint64_t pid, uint64_t now, uint64_t peak)
{
    struct notify_beat beat = {
        .magic = NOTIFY_MAGIC,
        .pid = pid,
        .mono_ns = it.fake.mono.ns,
        .heap_now = now,
        .heap_peak = peak,
        .heap_limit = 900,
        .heap_failures_total = peak / 100,
    };
    put("/run/beat-collect", (struct text){(const char *)&beat, sizeof beat});
}

static struct notify_heap
heap_told(void)
{
    static struct roles roles;
    turns(GUARD_TURN_MS);
    CHECK(roles_read(&roles, &it.fake.platform, &it.config) == 0);
    return roles.role[ROLE_COLLECT].heap;
}

// At each look anew, and never of a process that is gone.
TEST(tells_how_full_heaps_are)
{
    begin();
    put_heap(50, 300, 400);
    struct notify_heap heap = heap_told();
    CHECK(heap.now == 300 && heap.peak == 400 && heap.limit == 900 && heap.failures_total == 4);
    put_heap(50, 200, 800);
    heap = heap_told();
    CHECK(heap.now == 200 && heap.peak == 800 && heap.limit == 900 && heap.failures_total == 8);
    put_heap(49, 100, 800);
    heap = heap_told();
    CHECK(heap.now == 0 && heap.peak == 0 && heap.limit == 0 && heap.failures_total == 0);
    end();
}

// A heartbeat file that the process before left is no sign of life.
TEST(beats_of_another_process_do_not_count)
{
    begin();
    for (unsigned i = 0; i < 16; i++) {
        put_beat(49);
        turns(1000);
    }
    CHECK(commands().size > 0 && commands().at[0] == 'b');
    end();
}

TEST(counts_each_death_once)
{
    begin();
    guard_turn(&guard);
    put_death(0, SIGSEGV);
    turns(5000);
    CHECK_EQUAL_U64(collect()->death_total, 1);
    CHECK_EQUAL_U64(collect()->last_death.signal, SIGSEGV);
    // The next guard goes on where this one ended.
    guard_close(&guard);
    guard_init(&guard, &it.config, &it.fake.platform);
    turns(500);
    CHECK_EQUAL_U64(collect()->death_total, 1);
    put_death(111, 0);
    turns(500);
    CHECK_EQUAL_U64(collect()->death_total, 2);
    CHECK_EQUAL_U64(collect()->last_death.exit_code, 111);
    // An end that was asked for is none.
    put_death(0, 0);
    turns(500);
    CHECK_EQUAL_U64(collect()->death_total, 2);
    end();
}

TEST(ups_a_refused_role_when_the_file_changes)
{
    begin();
    fake_advance(&it.fake, 1000);
    put_death(EXIT_BAD_CONFIG, 0);
    put_status(0, S6_READY);
    turns(60000);
    CHECK_EQUAL_U64(collect()->state, ROLE_REFUSED);
    CHECK_EQUAL_TEXT(commands(), "");
    put("/etc/skerry.conf", TEXT("nodes = 6\n"));
    turns(2000);
    CHECK_EQUAL_TEXT(commands(), "u");
    end();
}

static size_t
feeds(void)
{
    struct text content;
    CHECK(fake_content(&it.fake, "/dev/watchdog", &content));
    return content.size;
}

// The files that a kubeconfig names, and what a pod logs in with.
TEST(ups_a_refused_role_when_a_named_file_changes)
{
    static const char *const files[] = {
        "/etc/k8s/ca.crt",
        "/pki/me.key",
        "/run/token",
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
    };
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        begin();
        put("/etc/k8s/config", TEXT("  certificate-authority: ca.crt\n"
                                    "  client-key: /pki/me.key\n  tokenFile: /run/token\n"));
        CHECK(configured_flags(&it, "--run-dir=/run", "--service-dir=/svc",
                               "--source=kubernetes:?auth=/etc/k8s/config", NULL) == 0);
        fake_advance(&it.fake, 1000);
        put_death(EXIT_BAD_CONFIG, 0);
        put_status(0, S6_READY);
        turns(3000);
        CHECK_EQUAL_TEXT(commands(), "");
        put(files[i], TEXT("new"));
        turns(2000);
        CHECK_EQUAL_TEXT(commands(), "u");
        end();
    }
}

TEST(feeds_the_watchdog_while_collect_is_well)
{
    begin();
    guard_turn(&guard);
    CHECK_EQUAL_U64(feeds(), 1);
    put_status(60, S6_WANTED_UP);
    turns(5 * 60 * 1000);
    size_t fed = feeds();
    CHECK(fed >= 600);
    turns(10000);
    CHECK(feeds() <= fed + 2);
    // It comes back to life.
    put_status(61, S6_WANTED_UP | S6_READY);
    put_beat(61);
    turns(1000);
    CHECK(feeds() > fed);
    guard_close(&guard);
    struct text content;
    CHECK(fake_content(&it.fake, "/dev/watchdog", &content));
    CHECK(content.at[content.size - 1] == 'V');
    fake_close(&it.fake);
}

TEST(a_refused_collect_does_not_starve_the_watchdog)
{
    begin();
    fake_advance(&it.fake, 1000);
    put_death(EXIT_BAD_CONFIG, 0);
    put_status(0, S6_READY);
    turns(10 * 60 * 1000);
    CHECK(feeds() >= 1200);
    end();
}

TEST(lives_with_every_fault)
{
    struct fake_sweep sweep = {0};
    int log = dup(STDERR_FILENO);
    close(STDERR_FILENO);  // a line for every fault
    while (fake_sweep_next(&sweep)) {
        begin();
        fake_plan(&it.fake, &sweep);
        turns(2000);
        fake_done(&it.fake, &sweep);
        fake_heal(&it.fake);
        turns(500);
        CHECK_EQUAL_U64(collect()->pid, 50);
        CHECK_EQUAL_TEXT(commands(), "");
        end();
    }
    CHECK(dup2(log, STDERR_FILENO) == STDERR_FILENO);
    close(log);
}

int
main(void)
{
    struct test_case cases[] = {
        {"guard_reports_what_it_sees", reports_what_it_sees},
        {"guard_tells_how_full_heaps_are", tells_how_full_heaps_are},
        {"guard_ends_a_stuck_role", ends_a_stuck_role},
        {"guard_beats_of_another_process_do_not_count", beats_of_another_process_do_not_count},
        {"guard_counts_each_death_once", counts_each_death_once},
        {"guard_ups_a_refused_role_when_the_file_changes",
         ups_a_refused_role_when_the_file_changes},
        {"guard_ups_a_refused_role_when_a_named_file_changes",
         ups_a_refused_role_when_a_named_file_changes},
        {"guard_feeds_the_watchdog_while_collect_is_well",
         feeds_the_watchdog_while_collect_is_well},
        {"guard_a_refused_collect_does_not_starve_the_watchdog",
         a_refused_collect_does_not_starve_the_watchdog},
        {"guard_lives_with_every_fault", lives_with_every_fault},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
