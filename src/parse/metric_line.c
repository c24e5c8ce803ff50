#include "parse/metric_line.h"

#include "base/error.h"
#include "parse/scan.h"

static inline struct text
skip_blanks(struct text rest)
{
    while (rest.size > 0 && (*rest.at == ' ' || *rest.at == '\t')) {
        rest = (struct text){rest.at + 1, rest.size - 1};
    }
    return rest;
}

// Offset of the quote that ends the label value at the beginning of `rest`, or
// rest.size when there is none.
static inline size_t
find_close(struct text rest, bool *escaped, unsigned *high_bytes)
{
    char copy[SCAN_BYTES];
    size_t at = 0;
    while (at < rest.size) {
        unsigned plain = scan_plain(rest.at + at, copy, high_bytes);
        at += plain;
        if (plain == SCAN_BYTES || at >= rest.size) {
            continue;
        }
        if (rest.at[at] == '"') {
            return at;
        }
        bool escape = rest.at[at] == '\\';
        *escaped |= escape;
        at += escape ? 2 : 1;
    }
    return rest.size;
}

// Label values know \\, \" and \n; other letters stay with their backslash.
static int
unescape_label(struct text raw, struct decode_space *space, struct text *value)
{
    char *room = decode_space_take(space, raw.size);
    if (room == NULL) {
        return -ERR_TOO_LONG;
    }
    size_t used = 0;
    for (size_t at = 0; at < raw.size; at++) {
        char byte = raw.at[at];
        if (byte == '\\' && at + 1 < raw.size) {
            char next = raw.at[at + 1];
            bool known = next == '\\' || next == '"' || next == 'n';
            at += known;
            byte = !known ? byte : next == 'n' ? '\n' : next;
        }
        room[used++] = byte;
    }
    *value = (struct text){room, used};
    return 0;
}

// The place of the label of this name; NULL for one that nobody reads.
static inline struct text *
label_named(struct metric_labels *labels, struct text name)
{
    switch (name.size) {
    case sizeof "container" - 1:
        return text_equal(name, TEXT("container"))   ? &labels->container
               : text_equal(name, TEXT("namespace")) ? &labels->namespace_name
                                                     : NULL;
    case sizeof "pod" - 1:
        return text_equal(name, TEXT("pod")) ? &labels->pod : NULL;
    default:
        return NULL;
    }
}

static int
take_value(struct text *rest, struct decode_space *space, struct text *value)
{
    bool escaped = false;
    unsigned high_bytes = 0;
    size_t close = find_close(*rest, &escaped, &high_bytes);
    if (close >= rest->size) {
        return -ERR_MALFORMED;
    }
    *value = (struct text){rest->at, close};
    *rest = (struct text){rest->at + close + 1, rest->size - close - 1};
    if (high_bytes != 0 && !text_is_utf8(*value)) {
        return -ERR_BAD_UTF8;
    }
    return escaped ? unescape_label(*value, space, value) : 0;
}

// The value goes to `place`, or nowhere.
static int
take_value_of(struct text *place, struct text *rest, struct decode_space *space)
{
    struct text value;
    int error = take_value(rest, space, &value);
    if (error != 0 || place == NULL) {
        return error;
    }
    if (place->at != NULL) {
        return -ERR_DUPLICATE;
    }
    *place = value;
    return 0;
}

// The labels as kubelets write them: compared in words, of which the last reads
// beyond the name.
static inline struct text *
plain_label(struct text *rest, struct metric_labels *labels)
{
    static const struct {
        char name[16];
        unsigned size;
        size_t place;
    } plain[] = {
        {"container=\"", 11, offsetof(struct metric_labels, container)},
        {"namespace=\"", 11, offsetof(struct metric_labels, namespace_name)},
        {"pod=\"", 5, offsetof(struct metric_labels, pod)},
    };
    for (unsigned i = 0; i < ARRAY_COUNT(plain); i++) {
        if (rest->size > plain[i].size && scan_equal(rest->at, plain[i].name, plain[i].size)) {
            *rest = (struct text){rest->at + plain[i].size, rest->size - plain[i].size};
            return (struct text *)(void *)((char *)labels + plain[i].place);
        }
    }
    return NULL;
}

// One `name="value"`.
static int
take_label(struct text *rest, struct decode_space *space, struct metric_labels *labels)
{
    struct text *plain = plain_label(rest, labels);
    if (plain != NULL) {
        return take_value_of(plain, rest, space);
    }
    size_t equals = 0;
    while (equals < rest->size && rest->at[equals] != '=') {
        equals++;
    }
    if (rest->size - equals < 2 || equals == 0) {
        return -ERR_MALFORMED;
    }
    struct text name = text_trim((struct text){rest->at, equals});
    *rest = skip_blanks((struct text){rest->at + equals + 1, rest->size - equals - 1});
    if (rest->size == 0 || *rest->at != '"') {
        return -ERR_MALFORMED;
    }
    *rest = (struct text){rest->at + 1, rest->size - 1};
    return take_value_of(label_named(labels, name), rest, space);
}

int
metric_line_labels(struct text *rest, struct decode_space *space, struct metric_labels *labels)
{
    *labels = (struct metric_labels){0};
    for (;;) {
        *rest = skip_blanks(*rest);
        if (rest->size == 0) {
            return -ERR_MALFORMED;
        }
        char byte = *rest->at;
        if (byte == '}') {
            *rest = (struct text){rest->at + 1, rest->size - 1};
            return 0;
        }
        int error = take_label(rest, space, labels);
        if (error != 0) {
            return error;
        }
        *rest = skip_blanks(*rest);
        if (rest->size > 0 && *rest->at == ',') {
            *rest = (struct text){rest->at + 1, rest->size - 1};
        } else if (rest->size == 0 || *rest->at != '}') {
            return -ERR_MALFORMED;
        }
    }
}

// The value of eight digits, the first one in the lowest byte: pairs, then fours,
// then all of them.
static inline uint64_t
eight_digits(uint64_t word)
{
    word -= SCAN_EACH('0');
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (word * 10000 + (word >> 32)) & UINT64_C(0xffffffff);
}

// The value of the `count` digits at `at`, at most 16; as many bytes are readable.
static inline uint64_t
digits_value(const char *at, unsigned count)
{
    uint64_t high = 0;
    if (count > 8) {
        high = eight_digits(scan_word(at));
        at += 8;
        count -= 8;
    }
    static const uint64_t powers[] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    // Zeros in front instead of what stands behind.
    uint64_t word = scan_word(at) << (4 * (8 - count)) << (4 * (8 - count));
    uint64_t zeros = ~UINT64_C(0) >> (4 * count) >> (4 * count);
    word |= zeros & SCAN_EACH('0');
    return high * powers[count] + eight_digits(word);
}

static inline unsigned
count_digits(struct text rest)
{
    char copy[SCAN_BYTES];
    unsigned count = scan_digits(rest.at, copy);
    return count < rest.size ? count : (unsigned)rest.size;
}

static inline bool
ends_at(struct text rest, size_t at)
{
    return at >= rest.size || rest.at[at] == ' ' || rest.at[at] == '\t';
}

// `.345` at *size, if it is there. False when it is not that simple.
static inline bool
read_fraction(struct text rest, struct decimal *number, size_t *size)
{
    static const uint64_t powers[] = {
        1,         10,         100,         1000,         10000,         100000,
        1000000,   10000000,   100000000,   1000000000,   10000000000,   100000000000,
        1000000000000, 10000000000000, 100000000000000, 1000000000000000,
    };
    size_t whole = *size;
    if (whole >= rest.size || rest.at[whole] != '.') {
        return true;
    }
    struct text after = {rest.at + whole + 1, rest.size - whole - 1};
    unsigned count = count_digits(after);
    if (count == 0 || count >= ARRAY_COUNT(powers) || whole + count > 18) {
        return false;
    }
    number->digits = number->digits * powers[count] + digits_value(after.at, count);
    number->exponent = -(int)count;
    *size = whole + 1 + count;
    return true;
}

// `e+07` at *size, as Go writes it: two digits.
static inline void
read_short_exponent(struct text rest, struct decimal *number, size_t *size)
{
    struct text at = text_sub(rest, *size, 4);
    struct text digits = text_sub(at, 2, 2);
    if (at.size < 4 || at.at[0] != 'e' || (at.at[1] != '+' && at.at[1] != '-') ||
        count_digits(digits) != 2) {
        return;
    }
    int exponent = (digits.at[0] - '0') * 10 + (digits.at[1] - '0');
    number->exponent += at.at[1] == '-' ? -exponent : exponent;
    *size += 4;
}

// Numbers as kubelets write them, `12`, `12.345` and `1.2345e+07`, with at most 18
// digits: the same as decimal_read. False for all others.
static inline bool
read_plain(struct text rest, struct decimal *number, size_t *size)
{
    unsigned whole = count_digits(rest);
    if (whole == 0 || whole == SCAN_BYTES) {
        return false;
    }
    *number = (struct decimal){.digits = digits_value(rest.at, whole)};
    *size = whole;
    if (!read_fraction(rest, number, size)) {
        return false;
    }
    if (!ends_at(rest, *size)) {
        read_short_exponent(rest, number, size);
    }
    return ends_at(rest, *size);
}

// Seconds of this size lie beyond the year 5000, milliseconds in 1973.
#define MILLISECONDS_FROM UINT64_C(100000000000)

static int
timestamp_of(struct decimal stamp, struct wall_ms *time)
{
    if (stamp.negative) {
        return 0;
    }
    bool whole = stamp.exponent == 0 && stamp.digits >= MILLISECONDS_FROM;
    uint64_t ms = stamp.digits;
    int error = 0;
    if (!whole || stamp.cut) {
        error = decimal_nearest(stamp, whole ? 0 : 3, &ms);
    }
    if (error != 0 || ms > INT64_MAX) {
        return -ERR_BAD_NUMBER;
    }
    time->ms = (int64_t)ms;
    return 0;
}

// Takes a number that ends at a blank or with the line.
static int
take_number(struct text *rest, struct decimal *number)
{
    size_t size;
    if (!read_plain(*rest, number, &size)) {
        int error = decimal_read(*rest, number, &size);
        if (error != 0) {
            return error;
        }
        if (!ends_at(*rest, size)) {
            return -ERR_BAD_NUMBER;
        }
    }
    *rest = skip_blanks((struct text){rest->at + size, rest->size - size});
    return 0;
}

// The time in ms of this century, to the end of the line: two overlapping words.
static inline bool
read_plain_stamp(struct text rest, struct wall_ms *time)
{
    enum { DIGITS = 13, LAST = 5 };
    if (rest.size != DIGITS) {
        return false;
    }
    uint64_t first = scan_word(rest.at);
    uint64_t last = scan_word(rest.at + LAST);
    if ((scan_word_not_digit(first) | scan_word_not_digit(last)) != 0) {
        return false;
    }
    uint64_t ms = eight_digits(first) * 100000 + eight_digits(last) % 100000;
    time->ms = (int64_t)ms;
    return ms >= MILLISECONDS_FROM;
}

int
metric_line_value(struct text rest, struct decimal *value, struct wall_ms *time)
{
    time->ms = 0;
    rest = skip_blanks(rest);
    int error = take_number(&rest, value);
    if (error != 0 || rest.size == 0 || *rest.at == '#' || read_plain_stamp(rest, time)) {
        return error;
    }
    time->ms = 0;
    struct decimal stamp;
    error = take_number(&rest, &stamp);
    if (error == 0 && rest.size != 0 && *rest.at != '#') {
        error = -ERR_MALFORMED;
    }
    return error != 0 ? error : timestamp_of(stamp, time);
}
