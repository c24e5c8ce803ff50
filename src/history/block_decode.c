// Rows from blocks.
#include "history/block_state.h"

#include "base/crc32c.h"

struct reading {
    const struct block_shape *shape;
    const struct block_rows *key;
    struct block_rows *now;
    uint32_t kept;
    const uint8_t *bytes;
    size_t size;  // without the sum
    unsigned column_count;
    const uint8_t *changed;               // a bit per column
    uint32_t head[BLOCK_COLUMNS_MAX];     // of changed columns
    uint32_t place[BLOCK_COLUMNS_MAX];    // of their payloads, bits from the front
    uint64_t wanted[BLOCK_COLUMNS_MAX / 64];
};

static struct block_column_head
unpack(uint32_t head)
{
    return (struct block_column_head){
        .bits = head & 0xfff,
        .shift = head >> 12 & 63,
        .order = head >> 18 & 63,
        .mode = (enum block_mode)(head >> 24 & 3),
        .is_plain = head >> 26 & 1,
        .is_sparse = head >> 27 & 1,
        .is_float = head >> 28 & 1,
        .has_present = head >> 29 & 1,
    };
}

static bool
is_changed(const struct reading *reading, unsigned column)
{
    return reading->changed[column / 8] >> column % 8 & 1;
}

static bool
is_wanted(const struct reading *reading, unsigned column)
{
    return reading->wanted[column / 64] >> column % 64 & 1;
}

static enum block_class
class_of(const struct reading *reading, unsigned column)
{
    return block_class_of(reading->shape->is_real[column], reading->head[column] >> 28 & 1);
}

int
block_head(struct text bytes, struct block_head *head)
{
    struct block_front front;
    if (bytes.size < sizeof front + BLOCK_SUM_BYTES) {
        return -ERR_MALFORMED;
    }
    memcpy(&front, bytes.at, sizeof front);
    if (front.magic != BLOCK_MAGIC || front.column_count > BLOCK_COLUMNS_MAX) {
        return -ERR_MALFORMED;
    }
    *head = (struct block_head){front.time_s, front.key_time_s, front.column_count};
    return 0;
}

// Whole, of this shape, and of this key.
static int
check_front(const struct reading *reading, const struct block_front *front)
{
    uint32_t sum;
    memcpy(&sum, reading->bytes + reading->size, sizeof sum);
    if (crc32c(0, reading->bytes, reading->size) != sum) {
        return -ERR_MALFORMED;
    }
    bool is_key = front->key_time_s == front->time_s;
    const struct block_rows *key = reading->key;
    if (front->column_count != reading->shape->column_count || is_key != (key == NULL) ||
        (key != NULL && key->time_s != front->key_time_s)) {
        return -ERR_MALFORMED;
    }
    bool is_kept = front->flags & BLOCK_ENTITIES_KEPT;
    return is_kept && (key == NULL || key->used != front->used) ? -ERR_MALFORMED : 0;
}

static int
read_entities(struct reading *reading, size_t *place)
{
    struct block_rows *now = reading->now;
    const struct block_rows *key = reading->key;
    struct bit_reader reader = bits_reader(reading->bytes, reading->size, *place * 8);
    uint32_t last = UINT32_MAX;
    for (uint32_t rest = now->used; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);
        bool in_key = key != NULL && (key->used >> slot & 1);
        uint32_t likely = in_key ? key->entity[slot] : last + 1;
        uint64_t code = bits_take_code(&reader, in_key ? BLOCK_ORDER_KEPT : BLOCK_ORDER_NEW);
        last = likely + (uint32_t)block_unzigzag(code);
        now->entity[slot] = last;
    }
    *place = (reader.place + 7) / 8;
    return reader.broken || *place > reading->size ? -ERR_MALFORMED : 0;
}

static int
check_head(const struct reading *reading, unsigned column)
{
    struct block_column_head head = unpack(reading->head[column]);
    bool is_beside = column > 0 && is_changed(reading, column - 1) &&
                     class_of(reading, column - 1) == class_of(reading, column);
    bool is_bad = head.mode >= BLOCK_MODE_COUNT ||
                  (head.mode == BLOCK_MODE_COLUMN && !is_beside);
    return is_bad ? -ERR_MALFORMED : 0;
}

// The bits of changed columns, their heads, and where their payloads lie.
static int
read_heads(struct reading *reading, size_t place)
{
    unsigned count = reading->column_count;
    size_t bitmap = (count + 7) / 8;
    if (reading->size - place < bitmap) {
        return -ERR_MALFORMED;
    }
    reading->changed = reading->bytes + place;
    size_t at = place + bitmap;
    uint64_t bits = 0;
    int error = 0;
    for (unsigned i = 0; i < count && error == 0; i++) {
        if (!is_changed(reading, i)) {
            continue;
        }
        if (reading->size - at < sizeof reading->head[i]) {
            return -ERR_MALFORMED;
        }
        memcpy(&reading->head[i], reading->bytes + at, sizeof reading->head[i]);
        at += sizeof reading->head[i];
        reading->place[i] = (uint32_t)bits;
        bits += reading->head[i] & 0xfff;
        error = check_head(reading, i);
    }
    for (unsigned i = 0; i < count; i++) {
        reading->place[i] += (uint32_t)(at * 8);
    }
    return error != 0 || at + (bits + 7) / 8 != reading->size ? -ERR_MALFORMED : 0;
}

// A column of mode COLUMN needs the one before.
static void
want_those_before(struct reading *reading)
{
    for (unsigned i = reading->column_count; i-- > 1;) {
        if (is_wanted(reading, i) && is_changed(reading, i) &&
            unpack(reading->head[i]).mode == BLOCK_MODE_COLUMN) {
            reading->wanted[(i - 1) / 64] |= UINT64_C(1) << (i - 1) % 64;
        }
    }
}

struct column {
    struct block_column_head head;
    uint32_t present, keyed;
    unsigned count;
    uint8_t slot[HISTORY_GROUP_ROWS];
    uint64_t rest[HISTORY_GROUP_ROWS];  // what was stored
};

static void
take_numbers(struct bit_reader *reader, struct column *column)
{
    unsigned order = column->head.order;
    if (!column->head.is_sparse) {
        for (unsigned i = 0; i < column->count; i++) {
            column->rest[i] = bits_take_code(reader, order);
        }
        return;
    }
    uint32_t not_zero = (uint32_t)bits_take(reader, column->count);
    for (unsigned i = 0; i < column->count; i++) {
        column->rest[i] = not_zero >> i & 1 ? bits_take_code(reader, order) : 0;
    }
}

static void
lengthen(struct column *column)
{
    unsigned shift = column->head.shift;
    if (column->head.is_plain) {
        for (unsigned i = 0; i < column->count; i++) {
            column->rest[i] <<= shift;
        }
        return;
    }
    for (unsigned i = 0; i < column->count; i++) {
        column->rest[i] = block_unzigzag(column->rest[i]) << shift;
    }
}

// Adds the prediction; by slot, 0 where absent.
static void
add_prediction(const struct column *column, const uint64_t before[HISTORY_GROUP_ROWS],
               uint64_t difference[HISTORY_GROUP_ROWS])
{
    uint64_t last[2] = {0, 0};
    memset(difference, 0, sizeof difference[0] * HISTORY_GROUP_ROWS);
    for (unsigned i = 0; i < column->count; i++) {
        unsigned slot = column->slot[i];
        uint64_t *chain = &last[column->keyed >> slot & 1];
        uint64_t likely = column->head.mode == BLOCK_MODE_KEY   ? 0
                          : column->head.mode == BLOCK_MODE_ROW ? *chain
                                                                : before[slot];
        difference[slot] = column->rest[i] + likely;
        *chain = difference[slot];
    }
}

static void
add_key(const struct reading *reading, unsigned number, const struct column *column,
        const uint64_t difference[HISTORY_GROUP_ROWS])
{
    enum block_class class = class_of(reading, number);
    uint64_t *value = reading->now->value[number];
    for (unsigned i = 0; i < column->count; i++) {
        unsigned slot = column->slot[i];
        uint64_t base = column->keyed >> slot & 1
                            ? block_ordinal(reading->key->value[number][slot], class)
                            : 0;
        value[slot] = block_value(base + difference[slot], class);
    }
}

static uint32_t
keyed_of(const struct reading *reading, unsigned number, uint32_t present)
{
    return reading->key != NULL ? present & reading->kept & reading->key->present[number] : 0;
}

// A column that the block does not have: the key's values, 0 for new rows;
// without a key there are none.
static void
copy_key(const struct reading *reading, unsigned number)
{
    struct block_rows *now = reading->now;
    uint32_t keyed = keyed_of(reading, number, now->present[number]);
    if (reading->key == NULL || now->present[number] == 0) {
        return;
    }
    if (keyed == UINT32_MAX) {
        memcpy(now->value[number], reading->key->value[number], sizeof now->value[number]);
        return;
    }
    for (uint32_t rest = now->present[number]; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);
        now->value[number][slot] =
            keyed >> slot & 1 ? reading->key->value[number][slot] : 0;
    }
}

// Which slots a column has is told of every column up to the last one wanted.
static int
read_present(struct reading *reading, unsigned number)
{
    struct block_rows *now = reading->now;
    uint32_t present = block_expected(now->used, reading->kept, reading->key, number);
    if (!is_changed(reading, number)) {
        now->present[number] = reading->key != NULL ? present : 0;
        return 0;
    }
    if (reading->head[number] >> 29 & 1) {
        struct bit_reader reader =
            bits_reader(reading->bytes, reading->size, reading->place[number]);
        present = (uint32_t)bits_take(&reader, 32);
    }
    now->present[number] = present;
    return (present & ~now->used) != 0 ? -ERR_MALFORMED : 0;
}

static int
read_column(struct reading *reading, unsigned number, const uint64_t before[HISTORY_GROUP_ROWS],
            uint64_t difference[HISTORY_GROUP_ROWS])
{
    struct column column;
    column.head = unpack(reading->head[number]);
    column.present = reading->now->present[number];
    column.keyed = keyed_of(reading, number, column.present);
    column.count = block_slots(column.present, column.slot);
    size_t begin = reading->place[number];
    struct bit_reader reader =
        bits_reader(reading->bytes, reading->size, begin + (column.head.has_present ? 32 : 0));
    take_numbers(&reader, &column);
    if (reader.broken || reader.place != begin + column.head.bits) {
        return -ERR_MALFORMED;
    }
    lengthen(&column);
    add_prediction(&column, before, difference);
    add_key(reading, number, &column, difference);
    return 0;
}

static int
read_columns(struct reading *reading)
{
    uint64_t difference[2][HISTORY_GROUP_ROWS];
    unsigned end = reading->column_count;
    memset(difference, 0, sizeof difference);
    while (end > 0 && !is_wanted(reading, end - 1)) {
        end--;
    }
    memset(reading->now->present + end, 0,
           (reading->column_count - end) * sizeof reading->now->present[0]);
    for (unsigned i = 0; i < end; i++) {
        int error = read_present(reading, i);
        if (error == 0 && is_wanted(reading, i)) {
            if (is_changed(reading, i)) {
                error = read_column(reading, i, difference[(i + 1) % 2], difference[i % 2]);
            } else {
                copy_key(reading, i);
            }
        }
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static int
read_front(struct reading *reading)
{
    struct block_front front;
    size_t place = sizeof front;
    memcpy(&front, reading->bytes, sizeof front);
    int error = check_front(reading, &front);
    if (error != 0) {
        return error;
    }
    struct block_rows *now = reading->now;
    now->time_s = front.time_s;
    now->used = front.used;
    memset(now->present, 0, sizeof now->present);  // of columns beyond the shape's too
    if (front.flags & BLOCK_ENTITIES_KEPT) {
        memcpy(now->entity, reading->key->entity, sizeof now->entity);
    } else {
        memset(now->entity, 0, sizeof now->entity);
        error = read_entities(reading, &place);
    }
    reading->kept = block_kept(now, reading->key);
    return error != 0 ? error : read_heads(reading, place);
}

int
block_decode_columns(const struct block_shape *shape, struct text bytes,
                     const struct block_rows *key,
                     const uint64_t wanted[BLOCK_COLUMNS_MAX / 64], struct block_rows *now)
{
    ASSERT(shape->column_count <= BLOCK_COLUMNS_MAX);
    ASSERT(key != now);
    struct block_head head;
    struct reading reading;
    int error = block_head(bytes, &head);
    if (error != 0 || bytes.size > BLOCK_BYTES_MAX) {
        return -ERR_MALFORMED;
    }
    reading.shape = shape;
    reading.key = key;
    reading.now = now;
    reading.bytes = (const uint8_t *)bytes.at;
    reading.size = bytes.size - BLOCK_SUM_BYTES;
    reading.column_count = shape->column_count;
    memset(reading.place, 0, sizeof reading.place[0] * shape->column_count);
    memcpy(reading.wanted, wanted, sizeof reading.wanted);
    error = read_front(&reading);
    if (error != 0) {
        return error;
    }
    want_those_before(&reading);
    return read_columns(&reading);
}

int
block_decode(const struct block_shape *shape, struct text bytes, const struct block_rows *key,
             struct block_rows *now)
{
    static const uint64_t all[BLOCK_COLUMNS_MAX / 64] = {UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                                         UINT64_MAX};
    return block_decode_columns(shape, bytes, key, all, now);
}
