// Blocks from rows.
#include "history/block_state.h"

#include "base/crc32c.h"

struct coding {
    const struct block_shape *shape;
    const struct block_rows *now, *key;
    uint32_t kept;
    struct bit_writer payload;
    unsigned head_count;
    uint32_t head[BLOCK_COLUMNS_MAX];
    uint8_t changed[BLOCK_COLUMNS_MAX / 8];
};

// Rows by which the mode of a column is chosen: all of them take a third of the
// time of encoding and save less than a hundredth of the bytes.
#define LOOK_ROWS 12

// One column in hand.
struct column {
    enum block_class class;
    uint32_t present;
    uint32_t keyed;  // slots with a value of the key
    unsigned count;
    uint8_t slot[HISTORY_GROUP_ROWS];
    uint64_t difference[HISTORY_GROUP_ROWS];  // by slot, 0 where absent
};

static bool
all_are_floats(const struct column *column, const uint64_t *value)
{
    float number;
    for (unsigned i = 0; i < column->count; i++) {
        if (!block_as_float(value[column->slot[i]], &number)) {
            return false;
        }
    }
    return true;
}

static void
subtract_key(const struct coding *coding, unsigned number, struct column *column)
{
    const uint64_t *value = coding->now->value[number];
    const uint64_t *key = column->keyed != 0 ? coding->key->value[number] : NULL;
    memset(column->difference, 0, sizeof column->difference);
    for (unsigned i = 0; i < column->count; i++) {
        unsigned slot = column->slot[i];
        bool keyed = column->keyed >> slot & 1;
        column->difference[slot] = block_ordinal(value[slot], column->class) -
                                   (keyed ? block_ordinal(key[slot], column->class) : 0);
    }
}

// Whether the block can leave the column out (block_decode.c copies it).
static bool
is_as_expected(const struct coding *coding, unsigned number, const struct column *column,
               uint32_t expected)
{
    if (coding->key == NULL) {
        return column->present == 0;
    }
    if (column->present != expected || column->keyed != column->present) {
        return false;
    }
    const uint64_t *value = coding->now->value[number];
    const uint64_t *key = coding->key->value[number];
    uint64_t any = 0;
    for (unsigned i = 0; i < column->count; i++) {
        any |= value[column->slot[i]] ^ key[column->slot[i]];
    }
    return any == 0;
}

static void
read_slots(const struct coding *coding, unsigned number, struct column *column)
{
    uint32_t key_present = coding->key != NULL ? coding->key->present[number] : 0;
    uint32_t present = coding->now->present[number] & coding->now->used;
    column->present = present;
    column->keyed = present & coding->kept & key_present;
    column->count = block_slots(present, column->slot);
}

static void
read_values(const struct coding *coding, unsigned number, struct column *column)
{
    bool is_real = coding->shape->is_real[number];
    bool is_float = is_real && all_are_floats(column, coding->now->value[number]);
    column->class = block_class_of(is_real, is_float);
    subtract_key(coding, number, column);
}

static void
predict(const struct column *column, const struct column *before, enum block_mode mode,
        unsigned count, uint64_t rest[HISTORY_GROUP_ROWS])
{
    uint64_t last[2] = {0, 0};  // rows without the key's value are a chain of their own
    for (unsigned i = 0; i < count; i++) {
        unsigned slot = column->slot[i];
        uint64_t difference = column->difference[slot];
        if (mode == BLOCK_MODE_KEY) {
            rest[i] = difference;
        } else if (mode == BLOCK_MODE_COLUMN) {
            rest[i] = difference - before->difference[slot];
        } else {
            uint64_t *chain = &last[column->keyed >> slot & 1];
            rest[i] = difference - *chain;
            *chain = difference;
        }
    }
}

// About how many bits the numbers take; compares modes.
static unsigned
estimate(const uint64_t *rest, unsigned count)
{
    uint64_t any = 0;
    unsigned bits = 0;
    unsigned zeros = 0;
    for (unsigned i = 0; i < count; i++) {
        any |= rest[i];
        zeros += rest[i] == 0;
        bits += 64U - (unsigned)__builtin_clzll(block_zigzag(rest[i]) | 1);
    }
    unsigned shift = any != 0 ? (unsigned)__builtin_ctzll(any) : 0;
    return bits - (count - zeros) * shift;
}

// How the numbers of a column are written.
struct plan {
    struct block_column_head head;
    unsigned count;
    uint32_t not_zero;  // a bit per number
    uint64_t number[HISTORY_GROUP_ROWS];
    uint8_t length[HISTORY_GROUP_ROWS];
};

// Cuts the common zeros off, and the sign if there is none.
static void
shorten(struct plan *plan, const uint64_t *rest)
{
    uint64_t any = 0;
    for (unsigned i = 0; i < plan->count; i++) {
        any |= rest[i];
    }
    unsigned shift = any != 0 ? (unsigned)__builtin_ctzll(any) : 0;
    plan->head.shift = shift;
    plan->head.is_plain = any >> 63 == 0;
    plan->not_zero = 0;
    for (unsigned i = 0; i < plan->count; i++) {
        uint64_t sign = rest[i] >> 63 ? ~(UINT64_MAX >> shift) : 0;
        uint64_t number = rest[i] >> shift | sign;
        plan->number[i] = plan->head.is_plain ? number : block_zigzag(number);
        plan->length[i] = (uint8_t)bits_length(plan->number[i]);
        plan->not_zero |= (uint32_t)(plan->number[i] != 0) << i;
    }
}

// The median of the lengths takes the fewest bits: one order more makes each
// code up to it a bit longer and each beyond it a bit shorter.
static unsigned
median(const uint8_t histogram[65], unsigned from, unsigned count)
{
    unsigned seen = 0;
    for (unsigned length = from; length < BITS_ORDER_MAX; length++) {
        seen += histogram[length];
        if (seen * 2 >= count) {
            return length;
        }
    }
    return BITS_ORDER_MAX;
}

static unsigned
code_bits(const struct plan *plan, unsigned order, bool is_sparse)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < plan->count; i++) {
        bool is_left_out = is_sparse && plan->length[i] == 0;
        bits += is_left_out ? 0 : bits_code_size(plan->length[i], order);
    }
    return bits;
}

static void
choose_order(struct plan *plan)
{
    uint8_t histogram[65] = {0};
    for (unsigned i = 0; i < plan->count; i++) {
        histogram[plan->length[i]]++;
    }
    unsigned zeros = histogram[0];
    plan->head.order = median(histogram, 0, plan->count);
    plan->head.bits = code_bits(plan, plan->head.order, false);
    plan->head.is_sparse = false;
    if (zeros == 0) {
        return;
    }
    unsigned order = median(histogram, 1, plan->count - zeros);
    unsigned bits = plan->count + code_bits(plan, order, true);
    if (bits < plan->head.bits) {
        plan->head.order = order;
        plan->head.bits = bits;
        plan->head.is_sparse = true;
    }
}

static void
choose_mode(const struct column *column, const struct column *before, struct plan *plan)
{
    uint64_t rest[HISTORY_GROUP_ROWS];
    enum block_mode best = BLOCK_MODE_KEY;
    unsigned best_bits = UINT32_MAX;
    unsigned mode_count = before != NULL ? BLOCK_MODE_COUNT : BLOCK_MODE_COLUMN;
    unsigned looked_at = column->count < LOOK_ROWS ? column->count : LOOK_ROWS;
    for (unsigned mode = 0; mode < mode_count; mode++) {
        predict(column, before, (enum block_mode)mode, looked_at, rest);
        unsigned bits = estimate(rest, looked_at);
        if (bits < best_bits) {
            best = (enum block_mode)mode;
            best_bits = bits;
        }
    }
    plan->head.mode = best;
    plan->count = column->count;
    predict(column, before, best, column->count, rest);
    shorten(plan, rest);
    choose_order(plan);
}

static uint32_t
pack(const struct block_column_head *head)
{
    return head->bits | head->shift << 12 | head->order << 18 | (uint32_t)head->mode << 24 |
           (uint32_t)head->is_plain << 26 | (uint32_t)head->is_sparse << 27 |
           (uint32_t)head->is_float << 28 | (uint32_t)head->has_present << 29;
}

static void
put_payload(struct bit_writer *writer, const struct plan *plan, uint32_t present)
{
    const struct block_column_head *head = &plan->head;
    if (head->has_present) {
        bits_put(writer, present, 32);
    }
    if (head->is_sparse) {
        bits_put(writer, plan->not_zero, plan->count);
    }
    for (unsigned i = 0; i < plan->count; i++) {
        if (!head->is_sparse || plan->number[i] != 0) {
            bits_put_code(writer, plan->number[i], head->order);
        }
    }
}

// The column before serves for predictions when it is stored and of one class.
static void
put_column(struct coding *coding, unsigned number, struct column *column,
           const struct column *before)
{
    struct plan plan;
    uint32_t expected = block_expected(coding->now->used, coding->kept, coding->key, number);
    read_slots(coding, number, column);
    if (is_as_expected(coding, number, column, expected)) {
        column->count = 0;
        return;
    }
    read_values(coding, number, column);
    bool is_beside = before->count != 0 && before->class == column->class;
    choose_mode(column, is_beside ? before : NULL, &plan);
    plan.head.is_float = column->class == BLOCK_FLOAT;
    plan.head.has_present = column->present != expected;
    plan.head.bits += plan.head.has_present ? 32 : 0;
    put_payload(&coding->payload, &plan, column->present);
    coding->changed[number / 8] |= (uint8_t)(1U << number % 8);
    coding->head[coding->head_count++] = pack(&plan.head);
}

static void
put_columns(struct coding *coding)
{
    struct column column[2];
    column[1].count = 0;
    for (unsigned i = 0; i < coding->shape->column_count; i++) {
        put_column(coding, i, &column[i % 2], &column[(i + 1) % 2]);
    }
}

static void
put_entities(struct bit_writer *writer, const struct block_rows *now, const struct block_rows *key)
{
    uint32_t last = UINT32_MAX;
    for (uint32_t rest = now->used; rest != 0; rest &= rest - 1) {
        unsigned slot = (unsigned)__builtin_ctz(rest);
        bool in_key = key != NULL && (key->used >> slot & 1);
        uint32_t likely = in_key ? key->entity[slot] : last + 1;
        int64_t difference = (int64_t)now->entity[slot] - (int64_t)likely;
        bits_put_code(writer, block_zigzag((uint64_t)difference),
                      in_key ? BLOCK_ORDER_KEPT : BLOCK_ORDER_NEW);
        last = now->entity[slot];
    }
}

// All but the payload and the sum. The payload lies behind it in the same room:
// it is moved up to it afterwards.
static size_t
put_front(const struct coding *coding, uint8_t *to)
{
    const struct block_rows *now = coding->now;
    const struct block_rows *key = coding->key;
    bool is_kept = key != NULL && now->used == key->used && coding->kept == now->used;
    struct block_front front = {
        .magic = BLOCK_MAGIC,
        .flags = is_kept ? BLOCK_ENTITIES_KEPT : 0,
        .column_count = (uint16_t)coding->shape->column_count,
        .time_s = now->time_s,
        .key_time_s = key != NULL ? key->time_s : now->time_s,
        .used = now->used,
    };
    memcpy(to, &front, sizeof front);
    size_t used = sizeof front;
    if (!is_kept) {
        struct bit_writer writer = bits_writer(to + used, HISTORY_GROUP_ROWS * 10);
        put_entities(&writer, now, key);
        used += bits_end(&writer);
    }
    size_t bitmap = (coding->shape->column_count + 7) / 8;
    memcpy(to + used, coding->changed, bitmap);
    used += bitmap;
    memcpy(to + used, coding->head, coding->head_count * sizeof coding->head[0]);
    return used + coding->head_count * sizeof coding->head[0];
}

int64_t
block_encode(const struct block_shape *shape, const struct block_rows *now,
             const struct block_rows *key, void *room, size_t room_bytes)
{
    ASSERT(shape->column_count <= BLOCK_COLUMNS_MAX);
    uint8_t front[sizeof(struct block_front) + HISTORY_GROUP_ROWS * 10 + BLOCK_COLUMNS_MAX / 8 +
                  BLOCK_COLUMNS_MAX * sizeof(uint32_t)];
    size_t room_front = sizeof(struct block_front);
    uint8_t *bytes = room;
    if (key != NULL && key->time_s == now->time_s) {
        return -ERR_BAD_TIME;
    }
    if (room_bytes < room_front + BLOCK_SUM_BYTES) {
        return -ERR_TOO_LARGE;
    }
    struct coding coding = {.shape = shape, .now = now, .key = key};
    coding.kept = block_kept(now, key);
    coding.payload = bits_writer(bytes, room_bytes);
    put_columns(&coding);
    size_t payload = bits_end(&coding.payload);
    size_t before = put_front(&coding, front);
    if (coding.payload.full || before + payload + BLOCK_SUM_BYTES > room_bytes) {
        return -ERR_TOO_LARGE;
    }
    memmove(bytes + before, bytes, payload);
    memcpy(bytes, front, before);
    uint32_t sum = crc32c(0, bytes, before + payload);
    memcpy(bytes + before + payload, &sum, sizeof sum);
    return (int64_t)(before + payload + sizeof sum);
}
