// The newest events, and their counts a minute.
#include "kit.h"
#include "table/event_ring.h"
#include "table/event_view.h"

#define HOUR_S 1700000040  // a whole minute

static struct kit kit;

static struct event_object
event_of(const char *uid, int64_t last_s, uint64_t count)
{
    return (struct event_object){
        .uid = text_of(uid), .namespace_name = TEXT("team"), .kind = TEXT("Pod"),
        .name = TEXT("web-0"), .reason = TEXT("BackOff"), .message = TEXT("waits"),
        .component = TEXT("kubelet"), .node = TEXT("n1"), .warning = true, .count = count,
        .first = {HOUR_S * INT64_C(1000)}, .last = {last_s * 1000},
    };
}

static void
put(const char *uid, int64_t last_s, uint64_t count, bool listed)
{
    struct event_object event = event_of(uid, last_s, count);
    table_put_event(kit.writer, 1, &event, listed);
}

static uint64_t
counter(enum counter which)
{
    return table_writer_header(kit.writer)->counter[which];
}

static uint32_t
use(void)
{
    return table_read_pool(&kit.reader, POOL_EVENTS).used;
}

// Sum of all minutes, and of the one of `at_s`.
static uint32_t
in_minute(int64_t at_s, uint32_t *all)
{
    struct event_minute minutes[EVENT_MINUTES];
    uint32_t found = 0;
    *all = 0;
    CHECK(table_read_event_minutes(&kit.reader, minutes));
    for (unsigned i = 0; i < EVENT_MINUTES; i++) {
        *all += minutes[i].normal + minutes[i].warning;
        found += minutes[i].minute == at_s / 60 ? minutes[i].normal + minutes[i].warning : 0;
    }
    return found;
}

// The row whose last time this is; 0: none.
static row_index
row_of(int64_t last_s, struct event_view *view)
{
    row_index row = 0;
    while ((row = table_next_row(&kit.reader, POOL_EVENTS, row)) != 0) {
        if (table_read_event(&kit.reader, row, view) && view->row.last_s == last_s) {
            return row;
        }
    }
    return 0;
}

TEST(what_is_put_is_read)
{
    struct event_view view;
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    put("u1", HOUR_S + 5, 3, true);
    CHECK(row_of(HOUR_S + 5, &view) != 0);
    CHECK_EQUAL_TEXT(view.text[EVENT_TEXT_NAMESPACE], "team");
    CHECK_EQUAL_TEXT(view.text[EVENT_TEXT_KIND], "Pod");
    CHECK_EQUAL_TEXT(view.text[EVENT_TEXT_NAME], "web-0");
    CHECK_EQUAL_TEXT(view.text[EVENT_TEXT_REASON], "BackOff");
    CHECK_EQUAL_TEXT(view.text[EVENT_TEXT_COMPONENT], "kubelet");
    CHECK_EQUAL_TEXT(view.text[EVENT_TEXT_NODE], "n1");
    CHECK_EQUAL_TEXT(view.text[EVENT_TEXT_MESSAGE], "waits");
    CHECK_EQUAL_U64(view.row.count, 3);
    CHECK_EQUAL_U64(view.row.first_s, HOUR_S);
    CHECK_EQUAL_U64(view.row.warning, 1);
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(seen_again_updates_its_row)
{
    struct event_view view;
    uint32_t all;
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    put("u1", HOUR_S, 1, false);
    put("u1", HOUR_S + 60, 4, false);
    put("u1", HOUR_S + 60, 4, true);
    CHECK_EQUAL_U64(use(), 1);
    CHECK(row_of(HOUR_S + 60, &view) != 0);
    CHECK_EQUAL_U64(view.row.count, 4);
    CHECK_EQUAL_U64(in_minute(HOUR_S, &all), 1);
    CHECK_EQUAL_U64(in_minute(HOUR_S + 60, &all), 3);
    CHECK_EQUAL_U64(all, 4);
    CHECK_EQUAL_U64(counter(COUNTER_EVENTS), 4);
    kit_close(&kit);
}

TEST(the_oldest_makes_room)
{
    struct event_view view;
    char uid[32];
    uint32_t all;
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    uint32_t limit = kit.capacity.events;
    for (uint32_t i = 0; i < limit; i++) {
        (void)snprintf(uid, sizeof uid, "u%u", i);
        put(uid, HOUR_S + (i * 7) % limit + 1, 1, false);  // in no order
    }
    CHECK_EQUAL_U64(use(), limit);
    CHECK_EQUAL_U64(counter(COUNTER_EVENTS_EVICTED), 0);
    put("new", HOUR_S + limit + 1, 1, false);
    CHECK_EQUAL_U64(use(), limit);
    CHECK_EQUAL_U64(counter(COUNTER_EVENTS_EVICTED), 1);
    CHECK_EQUAL_U64(row_of(HOUR_S + 1, &view), 0);
    CHECK(row_of(HOUR_S + 2, &view) != 0);
    put("older", HOUR_S, 1, false);
    CHECK_EQUAL_U64(counter(COUNTER_EVENTS_REFUSED), 1);
    CHECK_EQUAL_U64(row_of(HOUR_S, &view), 0);
    // Both are counted all the same.
    (void)in_minute(HOUR_S, &all);
    CHECK_EQUAL_U64(all, limit + 2);
    // A later list brings what was evicted; it was counted then.
    table_events_listed(kit.writer, 1);
    put("older", HOUR_S, 1, true);
    put("u0", HOUR_S + 1, 1, true);
    (void)in_minute(HOUR_S, &all);
    CHECK_EQUAL_U64(all, limit + 2);
    CHECK_EQUAL_U64(table_read_pool(&kit.reader, POOL_EVENTS).refused_total, 0);
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(long_texts_are_cut_in_whole_characters)
{
    static char many[1200];
    struct event_view view;
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    for (size_t shift = 0; shift < 4; shift++) {
        memset(many, 'x', shift);
        for (size_t i = shift; i + 4 <= sizeof many; i += 4) {
            memcpy(many + i, "\xf0\x9f\x98\x80", 4);
        }
        struct event_object event = event_of("u1", HOUR_S, 1);
        event.message = (struct text){many, 1000 + shift};
        event.name = (struct text){many, 400 + shift};
        table_put_event(kit.writer, 1, &event, false);
        CHECK(row_of(HOUR_S, &view) != 0);
        for (unsigned i = 0; i < EVENT_TEXT_COUNT; i++) {
            CHECK(text_is_utf8(view.text[i]));
        }
        CHECK(text_ends(view.text[EVENT_TEXT_NAME], TEXT("\xe2\x80\xa6")));
        CHECK(text_ends(view.text[EVENT_TEXT_MESSAGE], TEXT("\xe2\x80\xa6")));
        CHECK(view.text[EVENT_TEXT_NAME].size > NAME_BYTES_MAX - 5);
        CHECK(view.text[EVENT_TEXT_NAME].size <= NAME_BYTES_MAX);
    }
    kit_close(&kit);
}

TEST(an_hour_is_counted)
{
    uint32_t all;
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    put("a", HOUR_S, 1, false);
    put("b", HOUR_S + 60 * EVENT_MINUTES, 1, false);
    CHECK_EQUAL_U64(in_minute(HOUR_S, &all), 0);
    put("c", HOUR_S, 1, false);  // longer ago than is counted
    CHECK_EQUAL_U64(in_minute(HOUR_S + 60 * EVENT_MINUTES, &all), 1);
    CHECK_EQUAL_U64(all, 1);
    kit_close(&kit);
}

TEST(a_new_writer_goes_on)
{
    struct event_view view;
    uint32_t all;
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    put("u1", HOUR_S + 1, 2, false);
    put("u2", HOUR_S + 2, 1, false);
    // It died while it wrote the second and the minutes.
    row_index row = row_of(HOUR_S + 2, &view);
    struct table_header *header = table_writer_header(kit.writer);
    struct event_row *rows = (void *)(kit.memory + header->pool[POOL_EVENTS].offset);
    rows[row].head.seq++;
    header->event_minutes_seq++;
    kit_begin_writer(&kit);
    CHECK(kit.kept);
    kit_add_source(&kit, 1, SOURCE_KUBERNETES);
    CHECK_EQUAL_U64(use(), 1);
    CHECK(row_of(HOUR_S + 1, &view) != 0);
    put("u1", HOUR_S + 1, 2, true);
    put("u2", HOUR_S + 2, 1, true);
    CHECK_EQUAL_U64(use(), 2);
    CHECK_EQUAL_U64(in_minute(HOUR_S, &all), 3);
    // Another source has its number: its events leave.
    table_put_source(kit.writer, 1, SOURCE_HOST, TEXT("host:"), false, false);
    CHECK_EQUAL_U64(use(), 0);
    CHECK_EQUAL_U64(row_of(HOUR_S + 1, &view), 0);
    VERIFY(&kit);
    kit_close(&kit);
}

TEST(a_damaged_row_reads_within_itself)
{
    struct event_view view;
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    put("u1", HOUR_S, 1, false);
    row_index row = row_of(HOUR_S, &view);
    struct table_header *header = table_writer_header(kit.writer);
    struct event_row *rows = (void *)(kit.memory + header->pool[POOL_EVENTS].offset);
    memset(rows[row].size, 0xff, sizeof rows[row].size);
    CHECK(table_read_event(&kit.reader, row, &view));
    size_t sum = 0;
    for (unsigned i = 0; i < EVENT_TEXT_COUNT; i++) {
        CHECK(view.text[i].at >= view.row.texts);
        sum += view.text[i].size;
    }
    CHECK_EQUAL_U64(sum, EVENT_TEXTS_BYTES);
    CHECK(!table_read_event(&kit.reader, kit.capacity.events + 1, &view));
    CHECK(!table_read_event(&kit.reader, 0, &view));
    kit_close(&kit);
}

// Rows from `after` on in the order of their changes, as last times behind HOUR_S.
static void
expect_order(uint64_t after, const char *expected)
{
    char got[256];
    struct out out = out_of(got, sizeof got);
    struct event_view view;
    uint64_t newest = table_event_serial(&kit.reader);
    uint64_t serial;
    row_index row;
    while ((row = table_next_event(&kit.reader, after, newest, &serial)) != 0) {
        CHECK(serial > after && serial <= newest);
        CHECK(table_read_event(&kit.reader, row, &view));
        CHECK_EQUAL_U64(view.row.serial, serial);
        out_format(&out, "%u ", view.row.last_s - HOUR_S);
        after = serial;
    }
    CHECK_EQUAL_TEXT(out_view(&out), expected);
}

TEST(changes_have_an_order)
{
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    CHECK_EQUAL_U64(table_event_serial(&kit.reader), 0);
    put("u1", HOUR_S + 1, 1, true);
    put("u3", HOUR_S + 3, 1, true);
    put("u2", HOUR_S + 2, 1, true);
    expect_order(0, "1 3 2 ");
    expect_order(1, "3 2 ");
    put("u3", HOUR_S + 3, 1, true);  // nothing new
    expect_order(0, "1 3 2 ");
    put("u1", HOUR_S + 1, 2, false);
    expect_order(0, "3 2 1 ");
    expect_order(3, "1 ");
    uint64_t serial = table_event_serial(&kit.reader);
    uint64_t identity = table_identity(&kit.reader);
    // A row was written, and its writer died before it told so.
    atomic_store(&table_writer_header(kit.writer)->event_serial, serial - 1);
    expect_order(0, "3 2 ");
    kit_begin_writer(&kit);
    CHECK(kit.kept);
    kit_add_source(&kit, 1, SOURCE_KUBERNETES);
    CHECK_EQUAL_U64(table_event_serial(&kit.reader), serial);
    CHECK_EQUAL_U64(table_identity(&kit.reader), identity);
    put("u4", HOUR_S + 4, 1, false);
    expect_order(serial, "4 ");
    kit_close(&kit);
}

TEST(evictions_are_told)
{
    char uid[32];
    uint64_t most;
    uint64_t serial;
    kit_open(&kit, kit_capacity(1, 4, 4, 4));
    uint32_t limit = kit.capacity.events;
    for (uint32_t i = 0; i < limit; i++) {
        (void)snprintf(uid, sizeof uid, "u%u", i);
        put(uid, HOUR_S + limit - i, 1, false);
    }
    CHECK_EQUAL_U64(table_events_evicted(&kit.reader, &most), 0);
    CHECK(!table_evicted_event(&kit.reader, 0, &serial));
    put("v1", HOUR_S + limit + 1, 1, false);
    put("v2", HOUR_S + limit + 2, 1, false);
    CHECK_EQUAL_U64(table_events_evicted(&kit.reader, &most), 2);
    CHECK_EQUAL_U64(most, limit);
    CHECK(table_evicted_event(&kit.reader, 0, &serial));
    CHECK_EQUAL_U64(serial, limit);
    CHECK(table_evicted_event(&kit.reader, 1, &serial));
    CHECK_EQUAL_U64(serial, limit - 1);
    CHECK(!table_evicted_event(&kit.reader, 2, &serial));
    for (uint32_t i = 0; i < EVENT_EVICTIONS - 2; i++) {
        (void)snprintf(uid, sizeof uid, "w%u", i);
        put(uid, HOUR_S + limit + 3, 1, false);
    }
    CHECK_EQUAL_U64(table_events_evicted(&kit.reader, &most), EVENT_EVICTIONS);
    CHECK(!table_evicted_event(&kit.reader, 0, &serial));
    CHECK(table_evicted_event(&kit.reader, 1, &serial));
    CHECK_EQUAL_U64(serial, limit - 1);
    VERIFY(&kit);
    kit_close(&kit);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"what_is_put_is_read", what_is_put_is_read},
        {"seen_again_updates_its_row", seen_again_updates_its_row},
        {"the_oldest_makes_room", the_oldest_makes_room},
        {"long_texts_are_cut_in_whole_characters", long_texts_are_cut_in_whole_characters},
        {"an_hour_is_counted", an_hour_is_counted},
        {"a_new_writer_goes_on", a_new_writer_goes_on},
        {"changes_have_an_order", changes_have_an_order},
        {"evictions_are_told", evictions_are_told},
        {"a_damaged_row_reads_within_itself", a_damaged_row_reads_within_itself},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
