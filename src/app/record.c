// The role record: the live table -> the history on disk.
//
// Waits for the end of each cycle, writes all of it in one transaction, and makes
// rollups and room in between. Without a disk that takes it, cycles are lost and
// counted, and it goes on trying; nothing else depends on it.
#include <poll.h>
#include <string.h>

#include "app/appliance.h"
#include "app/mapping.h"
#include "app/record_write.h"
#include "app/role.h"
#include "history/history_status.h"
#include "platform/linux.h"
#include "platform/memory.h"
#include "platform/seal.h"
#include "scrape/schedule.h"
#include "table/set_reader.h"

// How often the table is asked for the end of a cycle: well within the time that
// collect leaves for reading it, and the heartbeat asks for one turn in a second.
#define TURNS_PER_LEAD 4
#define TURN_MS_MIN 50
#define TURN_MS_MAX 500
// How often it is looked at whether it still is that table.
#define LOOK_MS 1000
#define STACK_BYTES (128 * 1024)
// Between two tries to open the file that failed.
#define OPEN_AGAIN_MS 5000

static struct record {
    const struct config *config;
    struct platform platform;
    struct arena arena;
    struct mapping mapping;
    struct notify_beat *beat;
    struct set_reader *sets;
    struct history *history;
    struct history_config history_config;
    struct history_status status;
    struct mono_ns open_again;
    enum mapping_state table;
    struct mono_ns next_look;
    int turn_ms;
    int signals;
    bool sealed;
    bool is_open;
    char history_path[512];
    char status_path[512];
} record;

void
record_plan(struct plan *plan, const struct config *config, const struct capacity *capacity)
{
    if (!role_is_wanted(ROLE_RECORD, config)) {
        return;
    }
    struct history_config history = {.writer = true, .capacity = capacity};
    plan_add(plan, "record", "groups of entities", 1,
             history_footprint(&history) + set_reader_footprint());
    plan_add(plan, "record", "library heap", 1, history_heap_bytes(&history));
    plan_add(plan, "record", "state", 1, sizeof(record));
}

static int
fail(int error, const char *what)
{
    role_say("record", "%s: %s", what, error_sentence(error));
    return EXIT_SYSTEM;
}

static bool
find_paths(void)
{
    struct out history = out_of(record.history_path, sizeof(record.history_path));
    struct out status = out_of(record.status_path, sizeof(record.status_path));
    return mapping_init(&record.mapping, record.config) &&
           config_text(record.config, CONFIG_STATE_DIR).size > 0 &&
           config_path(record.config, CONFIG_STATE_DIR, ROLE_HISTORY_FILE, &history) != NULL &&
           config_path(record.config, CONFIG_RUN_DIR, HISTORY_STATUS_FILE, &status) != NULL;
}

static int
open_memory(void)
{
    bool locked;
    size_t heap_bytes = history_heap_bytes(&record.history_config);
    size_t bytes = arena_bytes(heap_bytes) + history_footprint(&record.history_config) +
                   set_reader_footprint();
    int error = block_touch_stack(STACK_BYTES);
    if (error == 0) {
        error = block_map(bytes, &record.arena, &locked);
    }
    if (error == 0) {
        memory_open(arena_take(&record.arena, heap_bytes), heap_bytes);
        record.sets = set_reader_new(&record.arena);
    }
    return error;
}

// What is said and shown of an error: once per change.
static void
note_error(int error, const char *why)
{
    struct history_status *status = &record.status;
    bool is_news = -error != status->last_error;
    if (is_news && error == 0) {
        role_say("record", "%s: records again", record.history_path);
    } else if (is_news && why[0] != '\0') {
        role_say("record", "%s", why);
    } else if (is_news) {
        role_say("record", "history %s: %s", record.history_path, history_sentence(error));
    }
    status->last_error = -error;
    struct out out = out_of(status->last_sentence, sizeof(status->last_sentence));
    out_string(&out, error == 0 ? "" : why[0] != '\0' ? why : history_sentence(error));
    out_c_string(&out);
}

static void
say_forgotten(uint64_t before)
{
    uint64_t now = record.status.use.cycles_forgotten_total;
    if (now > before) {
        role_say("record",
                 "the clock was set back: %llu cycles recorded with times yet to come are "
                 "forgotten",
                 (unsigned long long)(now - before));
    }
}

static void
write_status(void)
{
    uint64_t forgotten = record.status.use.cycles_forgotten_total;
    int error = record.is_open ? history_use(record.history, &record.status.use) : 0;
    say_forgotten(forgotten);
    record.status.use.last_error = -error;
    error = status_file_write(&record.platform, record.status_path, HISTORY_STATUS_MAGIC,
                                  &record.status.head, sizeof(record.status));
    (void)error;  // the page then says that nothing is known
}

static void
open_history(struct mono_ns now)
{
    char sentence[200] = "";
    struct out why = out_of(sentence, sizeof(sentence));
    bool set_aside = false;
    int error = record.history == NULL
                    ? history_open(&record.arena, &record.history_config, &record.history,
                                   &set_aside, &why)
                    : history_reopen(record.history, &why);
    record.is_open = error == 0;
    record.open_again = mono_add_ms(now, OPEN_AGAIN_MS);
    if (set_aside) {
        record.status.set_aside_ms = platform_wall_now(&record.platform).ms;
        role_say("record", "%s was damaged: it is kept as %s.damaged, and a new history begins",
                 record.history_path, record.history_path);
    }
    // What was recorded before a restart is not recorded twice.
    if (record.is_open && history_use(record.history, &record.status.use) == 0) {
        record.status.last_cycle_s = record.status.use.newest_s[TIER_RAW];
    }
    note_error(error, out_c_string(&why));
}

// True: the file has to be opened again before it can take anything.
static bool
is_lost(int error)
{
    return error != 0 && error != -ERR_DISK_FULL && error != -ERR_BAD_TIME;
}

// 1: there is more to do at once; 0; or an error.
static int
maintain(void)
{
    if (!record.is_open) {
        return 0;
    }
    int more = history_maintain(record.history);
    if (more < 0) {
        history_rollback(record.history);
        note_error(more, "");
        record.is_open = !is_lost(more);
        record.open_again = platform_mono_now(&record.platform);
    }
    return more;
}

static int
write_cycle(uint32_t cycle_s)
{
    struct record_write write = {
        .platform = &record.platform,
        .table = &record.mapping.reader,
        .sets = record.sets,
        .history = record.history,
        .beat = record.beat,
        .sets_total = record.status.sets_total,
    };
    int error = record_write_cycle(&write, cycle_s);
    record.status.sets_total = write.sets_total;
    return error;
}

static void
record_cycle(uint32_t cycle_s)
{
    int error = -ERR_NOT_READY;
    if (record.is_open) {
        error = write_cycle(cycle_s);
        if (error == -ERR_DISK_FULL && maintain() >= 0) {
            error = write_cycle(cycle_s);
        }
        if (error == -ERR_NOT_READY) {
            return;  // tried again when history_maintain() is through
        }
        note_error(error, "");
        record.is_open = !is_lost(error);
        record.open_again = platform_mono_now(&record.platform);
    }
    record.status.last_cycle_s = cycle_s;
    if (error == 0) {
        record.status.cycles_total++;
    } else {
        record.status.cycles_lost_total++;
    }
    write_status();
}

static int
seal(void)
{
    if (record.sealed || !record.mapping.mapped || !seal_is_possible()) {
        return 0;
    }
    record.sealed = true;
    int error = seal_apply(SEAL_RECORD);
    return error == 0 ? 0 : fail(error, "cannot be sealed");
}

// The newest cycle that the table has and the history has not; 0: none.
static uint32_t
cycle_due(void)
{
    if (record.table != MAPPING_GOOD) {
        return 0;
    }
    uint32_t cycle_s = atomic_load_explicit(&record.mapping.reader.header->cycle_done_s,
                                            memory_order_acquire);
    return cycle_s != record.status.last_cycle_s ? cycle_s : 0;
}

static void
look_at_table(struct mono_ns now)
{
    bool is_due = record.table != MAPPING_GOOD || cycle_due() != 0;
    if (is_due || !mono_before(now, record.next_look)) {
        record.table = mapping_look(&record.mapping, record.config, &record.platform,
                                    !record.sealed);
        record.next_look = mono_add_ms(now, LOOK_MS);
    }
}

static bool
turn(struct mono_ns now)
{
    if (!record.is_open && !mono_before(now, record.open_again)) {
        open_history(now);
    }
    uint32_t cycle_s = cycle_due();
    if (cycle_s != 0) {
        // The table keeps one cycle more: what ended while this role was dead.
        uint32_t before_s = cycle_s - record.history_config.resolution_s;
        if (record.status.last_cycle_s != 0 && record.status.last_cycle_s < before_s) {
            record_cycle(before_s);
        }
        record_cycle(cycle_s);
    }
    return maintain() > 0;
}

static int
wait_for_signal(int timeout_ms)
{
    struct pollfd signals = {.fd = record.signals, .events = POLLIN};
    return poll(&signals, 1, timeout_ms) < 0 ? -ERR_IO : 0;
}

static int
loop(void)
{
    for (;;) {
        if (notify_signal_next(record.signals) == NOTIFY_STOP) {
            return EXIT_ASKED;
        }
        struct mono_ns now = platform_mono_now(&record.platform);
        role_beat(record.beat, now);
        look_at_table(now);
        if (record.table == MAPPING_REPLACED) {
            role_say("record", "the live table was made anew; begins again with it");
            return EXIT_ASKED;
        }
        int code = seal();
        if (code != 0) {
            return code;
        }
        bool more = record.table == MAPPING_GOOD && turn(now);
        if (wait_for_signal(more ? 0 : record.turn_ms) != 0) {
            return fail(-ERR_IO, "cannot wait");
        }
    }
}

static int
turn_ms(int64_t resolution_ms)
{
    int64_t ms = schedule_lead_ms(resolution_ms) / TURNS_PER_LEAD;
    return ms < TURN_MS_MIN ? TURN_MS_MIN : ms > TURN_MS_MAX ? TURN_MS_MAX : (int)ms;
}

static int
open_all(void)
{
    int error = open_memory();
    if (error != 0) {
        return fail(error, "cannot take its memory");
    }
    error = notify_signals_open(&record.signals);
    if (error == 0) {
        error = role_open_beat(ROLE_RECORD, record.config, &record.beat);
    }
    if (error != 0) {
        return fail(error, "cannot begin");
    }
    error = role_drop_rights(ROLE_RECORD, record.config);
    return error == 0 ? 0 : fail(error, "cannot give up its rights");
}

int
record_run(const struct config *config)
{
    record.config = config;
    record.platform = linux_platform();
    if (!find_paths()) {
        role_say("record", "--run-dir and --state-dir are needed; the supervision tree sets them");
        return EXIT_BAD_CONFIG;
    }
    record.history_config = (struct history_config){
        .platform = &record.platform,
        .path = record.history_path,
        .bytes_limit = config_number(config, CONFIG_HISTORY),
        .capacity = &config->capacity,
        .resolution_s = (uint32_t)(config_ms(config, CONFIG_METRIC_RESOLUTION) / MS_PER_S),
        .writer = true,
        .is_suspect = role_is_suspect(),
    };
    record.turn_ms = turn_ms(config_ms(config, CONFIG_METRIC_RESOLUTION));
    int code = open_all();
    if (code != 0) {
        return code;
    }
    open_history(platform_mono_now(&record.platform));
    role_ready(ROLE_RECORD, config);
    return loop();
}
