#include "base/calendar.h"

#include "base/error.h"

struct civil {
    int64_t year;
    int64_t month;  // 1 to 12
    int64_t day;    // 1 to 31
};

// Both ways after Hinnant, "chrono-Compatible Low-Level Date Algorithms": years
// begin in March, so that the leap day is the last; eras of 400 years.
#define DAYS_PER_ERA 146097
#define DAYS_TO_1970 719468  // from 0000-03-01

static int64_t
days_of_civil(struct civil date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

// `days` since 1970, not negative.
static struct civil
civil_of_days(int64_t days)
{
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = shifted / DAYS_PER_ERA;
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (DAYS_PER_ERA - 1)) /
        365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct civil date = {.day = day_of_year - (153 * month + 2) / 5 + 1};
    date.month = month < 10 ? month + 3 : month - 9;
    date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
    return date;
}

static bool
is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t
days_in_month(int64_t year, int64_t month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

// Reads from the left; `bad` sticks.
struct reader {
    struct text text;
    bool bad;
};

static char
next_byte(struct reader *reader)
{
    if (reader->text.size == 0) {
        reader->bad = true;
        return '\0';
    }
    char byte = reader->text.at[0];
    reader->text = text_sub(reader->text, 1, SIZE_MAX);
    return byte;
}

static int64_t
next_number(struct reader *reader, unsigned digits, int64_t least, int64_t most)
{
    int64_t value = 0;
    for (unsigned i = 0; i < digits; i++) {
        char byte = next_byte(reader);
        reader->bad = reader->bad || byte < '0' || byte > '9';
        value = value * 10 + (byte - '0');
    }
    reader->bad = reader->bad || value < least || value > most;
    return value;
}

static void
expect(struct reader *reader, char byte)
{
    if (next_byte(reader) != byte) {
        reader->bad = true;
    }
}

static bool
at_digit(const struct reader *reader)
{
    return reader->text.size > 0 && reader->text.at[0] >= '0' && reader->text.at[0] <= '9';
}

static int64_t
next_date_ms(struct reader *reader)
{
    struct civil date;
    date.year = next_number(reader, 4, 0, 9999);
    expect(reader, '-');
    date.month = next_number(reader, 2, 1, 12);
    expect(reader, '-');
    date.day = next_number(reader, 2, 1, 31);
    if (reader->bad || date.day > days_in_month(date.year, date.month)) {
        reader->bad = true;
        return 0;
    }
    return days_of_civil(date) * 86400 * MS_PER_S;
}

static int64_t
next_fraction_ms(struct reader *reader)
{
    int64_t ms = 0;
    int64_t weight = 100;
    if (reader->text.size == 0 || reader->text.at[0] != '.') {
        return 0;
    }
    (void)next_byte(reader);
    reader->bad = reader->bad || !at_digit(reader);
    while (at_digit(reader)) {
        ms += weight * (next_byte(reader) - '0');
        weight /= 10;
    }
    return ms;
}

static int64_t
next_time_ms(struct reader *reader)
{
    int64_t hour = next_number(reader, 2, 0, 23);
    expect(reader, ':');
    int64_t minute = next_number(reader, 2, 0, 59);
    expect(reader, ':');
    int64_t second = next_number(reader, 2, 0, 60);  // 60: a leap second
    return ((hour * 60 + minute) * 60 + second) * MS_PER_S + next_fraction_ms(reader);
}

static int64_t
next_zone_ms(struct reader *reader)
{
    char sign = next_byte(reader);
    if (sign == 'Z' || sign == 'z') {
        return 0;
    }
    reader->bad = reader->bad || (sign != '+' && sign != '-');
    int64_t hour = next_number(reader, 2, 0, 23);
    expect(reader, ':');
    int64_t minute = next_number(reader, 2, 0, 59);
    int64_t ms = (hour * 60 + minute) * 60 * MS_PER_S;
    return sign == '-' ? -ms : ms;
}

int
calendar_parse(struct text text, struct wall_ms *time)
{
    struct reader reader = {.text = text};
    int64_t ms = next_date_ms(&reader);
    char separator = next_byte(&reader);
    reader.bad = reader.bad || (separator != 'T' && separator != 't');
    ms += next_time_ms(&reader);
    ms -= next_zone_ms(&reader);
    if (reader.bad || reader.text.size != 0) {
        return -ERR_BAD_TIME;
    }
    *time = (struct wall_ms){ms > 0 ? ms : 0};
    return 0;
}

static void
write_padded(struct out *out, int64_t value, unsigned digits)
{
    char buffer[4];
    ASSERT(digits <= sizeof buffer);
    for (unsigned i = digits; i > 0; i--) {
        buffer[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    out_bytes(out, buffer, digits);
}

#define LAST_MS INT64_C(253402300799999)  // 9999-12-31T23:59:59.999Z

void
calendar_write(struct out *out, struct wall_ms time)
{
    int64_t ms = time.ms < 0 ? 0 : time.ms > LAST_MS ? LAST_MS : time.ms;
    int64_t seconds = ms / MS_PER_S;
    struct civil date = civil_of_days(seconds / 86400);
    write_padded(out, date.year, 4);
    out_byte(out, '-');
    write_padded(out, date.month, 2);
    out_byte(out, '-');
    write_padded(out, date.day, 2);
    out_byte(out, 'T');
    write_padded(out, seconds / 3600 % 24, 2);
    out_byte(out, ':');
    write_padded(out, seconds / 60 % 60, 2);
    out_byte(out, ':');
    write_padded(out, seconds % 60, 2);
    if (ms % MS_PER_S != 0) {
        out_byte(out, '.');
        write_padded(out, ms % MS_PER_S, 3);
    }
    out_byte(out, 'Z');
}

// Go's time.ParseDuration; nanoseconds, "" stands for plain seconds.
static const struct {
    struct text name;
    int64_t ns;
} units[] = {
    {{"", 0}, NS_PER_S},       {{"ns", 2}, 1},
    {{"us", 2}, 1000},         {{"\xc2\xb5s", 3}, 1000},  // U+00B5, micro sign
    {{"\xce\xbcs", 3}, 1000},                             // U+03BC, Greek mu
    {{"ms", 2}, NS_PER_MS},    {{"s", 1}, NS_PER_S},
    {{"m", 1}, 60 * NS_PER_S}, {{"h", 1}, 3600 * NS_PER_S},
};

static int64_t
unit_ns(struct text name)
{
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (text_equal(units[i].name, name)) {
            return units[i].ns;
        }
    }
    return 0;
}

static struct text
next_unit(struct reader *reader)
{
    size_t size = 0;
    while (size < reader->text.size && reader->text.at[size] != '.' &&
           (reader->text.at[size] < '0' || reader->text.at[size] > '9')) {
        size++;
    }
    struct text unit = text_sub(reader->text, 0, size);
    reader->text = text_sub(reader->text, size, SIZE_MAX);
    return unit;
}

// Millionths are kept: 10^6 hours in ns still fit into 63 bits.
#define MILLION INT64_C(1000000)

static int64_t
next_millionths(struct reader *reader)
{
    int64_t sum = 0;
    int64_t weight = MILLION / 10;
    while (at_digit(reader)) {
        sum += weight * (next_byte(reader) - '0');
        weight /= 10;
    }
    return sum;
}

// One figure with its unit, in nanoseconds.
static int64_t
next_part_ns(struct reader *reader, bool only)
{
    int64_t whole = 0;
    int64_t millionths = 0;
    reader->bad = reader->bad || !at_digit(reader);
    while (at_digit(reader) && whole < INT64_MAX / 100) {
        whole = whole * 10 + (next_byte(reader) - '0');
    }
    reader->bad = reader->bad || at_digit(reader);
    if (reader->text.size > 0 && reader->text.at[0] == '.') {
        (void)next_byte(reader);
        reader->bad = reader->bad || !at_digit(reader);
        millionths = next_millionths(reader);
    }
    struct text name = next_unit(reader);
    int64_t ns = unit_ns(name);
    if (ns == 0 || (name.size == 0 && !only) || whole > INT64_MAX / 2 / ns) {
        reader->bad = true;
        return 0;
    }
    return whole * ns + millionths * ns / MILLION;
}

int
calendar_duration_ms(struct text text, int64_t *ms)
{
    struct reader reader = {.text = text};
    int64_t sum = next_part_ns(&reader, true);
    while (!reader.bad && reader.text.size > 0) {
        int64_t part = next_part_ns(&reader, false);
        reader.bad = reader.bad || part > INT64_MAX / 2 - sum / 2;
        sum += reader.bad ? 0 : part;
    }
    if (reader.bad) {
        return -ERR_BAD_NUMBER;
    }
    *ms = sum / NS_PER_MS;
    return 0;
}

void
calendar_write_age(struct out *out, int64_t ms)
{
    int64_t s = ms < 0 ? 0 : ms / MS_PER_S;
    if (s < 120) {
        out_format(out, "%lld s", (long long)s);
    } else if (s < 120 * 60) {
        out_format(out, "%lld min", (long long)(s / 60));
    } else if (s < 48 * 3600) {
        out_format(out, "%lld h", (long long)(s / 3600));
    } else {
        out_format(out, "%lld d", (long long)(s / 86400));
    }
}
