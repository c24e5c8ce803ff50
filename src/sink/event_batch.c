// Which events of the table are due, and those that came too late.
#include "base/hash.h"
#include "sink/event_delivery_state.h"
#include "sink/sink_event.h"
#include "table/event_view.h"

// Each is looked for among all: half a millisecond of work.
#define EVENTS_PER_FILL 200

// What the event says, whatever table it is in.
static uint64_t
hash_of(const struct event_row *row)
{
    static const struct hash_key key = {0x6576656e742d6f66, 0x2d74686174207361};
    size_t begin = offsetof(struct event_row, first_s);
    return hash_bytes(key, (const char *)row + begin, sizeof *row - begin);
}

void
event_batch_note_table(struct event_delivery *delivery)
{
    struct event_position *at = &delivery->cursor.file.at;
    uint64_t identity = table_identity(delivery->reader);
    uint64_t serial_max;
    if (identity == at->identity) {
        return;
    }
    // What an older table evicted before this sink was ever there is not missed.
    delivery->evicted =
        at->identity == 0 ? table_events_evicted(delivery->reader, &serial_max) : 0;
    at->identity = identity;
    at->serial = 0;
    at->evicted = delivery->evicted;
    delivery->cursor.changed = true;
}

static bool
is_of_table(const struct event_delivery *delivery)
{
    return delivery->filled && delivery->identity == delivery->cursor.file.at.identity;
}

static bool
is_in_batch(const struct event_delivery *delivery, uint64_t serial)
{
    for (uint32_t i = 0; i < delivery->sender.batch.points; i++) {
        if (delivery->serial[i] == serial) {
            return is_of_table(delivery);
        }
    }
    return false;
}

void
event_batch_note_evicted(struct event_delivery *delivery)
{
    const struct table_reader *reader = delivery->reader;
    uint64_t cursor = delivery->cursor.file.at.serial;
    uint64_t serial_max;
    uint64_t serial;
    uint64_t total = table_events_evicted(reader, &serial_max);
    uint64_t number = delivery->evicted;
    if (serial_max > cursor && number < total && total - number >= EVENT_EVICTIONS) {
        // Those are not known one by one any more.
        delivery->missed_total += total - number - (EVENT_EVICTIONS - 1);
        number = total - (EVENT_EVICTIONS - 1);
    }
    for (; serial_max > cursor && number < total; number++) {
        bool known = table_evicted_event(reader, number, &serial);
        if (!known || (serial > cursor && !is_in_batch(delivery, serial))) {
            delivery->missed_total++;
        }
    }
    delivery->evicted = total;
}

static struct sink_event
event_of(const struct event_view *view, struct out *uids)
{
    const struct event_row *row = &view->row;
    return (struct sink_event){
        .uid = table_uid_text(row->uid, row->uid_form, uids),
        .kind = view->text[EVENT_TEXT_KIND],
        .namespace_name = view->text[EVENT_TEXT_NAMESPACE],
        .name = view->text[EVENT_TEXT_NAME],
        .object_uid = table_uid_text(row->object_uid, row->object_uid_form, uids),
        .reason = view->text[EVENT_TEXT_REASON],
        .message = view->text[EVENT_TEXT_MESSAGE],
        .component = view->text[EVENT_TEXT_COMPONENT],
        .node = view->text[EVENT_TEXT_NODE],
        .warning = row->warning != 0,
        .count = row->count,
        .first = {(int64_t)row->first_s * MS_PER_S},
        .last = {(int64_t)row->last_s * MS_PER_S},
    };
}

// False: the batch is full. A row that cannot be read is being changed, and comes
// again with another serial.
static bool
add(struct event_delivery *delivery, row_index row, uint64_t serial)
{
    char buffer[2 * 40];
    struct event_view view;
    struct out uids = out_of(buffer, sizeof buffer);
    struct sink_batch *batch = &delivery->sender.batch;
    uint32_t points = batch->points;
    if (!table_read_event(delivery->reader, row, &view) || view.row.serial != serial) {
        return true;
    }
    uint64_t hash = hash_of(&view.row);
    if (event_cursor_knows(&delivery->cursor, hash)) {
        return true;
    }
    struct sink_event event = event_of(&view, &uids);
    if (!delivery->sink->kind->add_event(delivery->sink, batch, &event)) {
        return false;
    }
    if (batch->points > points) {
        delivery->serial[points] = serial;
        delivery->hash[points] = hash;
    }
    return true;
}

bool
event_batch_fill(struct event_delivery *delivery)
{
    struct event_position *at = &delivery->cursor.file.at;
    uint64_t newest = table_event_serial(delivery->reader);
    uint64_t after = at->serial;
    uint64_t serial;
    bool more = true;
    ASSERT(!delivery->filled);
    for (unsigned i = 0; more && i < EVENTS_PER_FILL; i++) {
        row_index row = table_next_event(delivery->reader, after, newest, &serial);
        if (row == 0) {
            after = newest > after ? newest : after;
            more = false;
        } else if (add(delivery, row, serial)) {
            after = serial;
        } else {
            break;
        }
    }
    delivery->identity = at->identity;
    delivery->end = after;
    delivery->filled = after > at->serial;
    if (delivery->filled && delivery->sender.batch.points == 0) {
        event_batch_accept(delivery);
    }
    return more;
}

void
event_batch_accept(struct event_delivery *delivery)
{
    struct event_position *at = &delivery->cursor.file.at;
    if (delivery->reader != NULL) {
        event_batch_note_table(delivery);
        event_batch_note_evicted(delivery);
    }
    for (uint32_t i = 0; i < delivery->sender.batch.points; i++) {
        event_cursor_know(&delivery->cursor, delivery->hash[i]);
    }
    if (is_of_table(delivery)) {
        at->serial = delivery->end;
        at->evicted = delivery->evicted;
        at->missed_total = delivery->missed_total;
        delivery->cursor.changed = true;
    }
    delivery->filled = false;
    sender_empty(&delivery->sender);
}

uint32_t
event_batch_due(const struct event_delivery *delivery, uint32_t *oldest_s)
{
    uint32_t count = 0;
    const struct event_position *at = &delivery->cursor.file.at;
    *oldest_s = 0;
    if (delivery->reader == NULL || table_identity(delivery->reader) != at->identity) {
        return delivery->sender.batch.points;
    }
    for (row_index row = 0; (row = table_next_row(delivery->reader, POOL_EVENTS, row)) != 0;) {
        struct event_view view;
        if (table_read_event(delivery->reader, row, &view) && view.row.serial > at->serial) {
            bool older = *oldest_s == 0 || view.row.last_s < *oldest_s;
            *oldest_s = older ? view.row.last_s : *oldest_s;
            count++;
        }
    }
    return count;
}
