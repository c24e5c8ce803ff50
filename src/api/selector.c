#include "api/selector.h"

#include "base/error.h"

enum relation { EXISTS, ABSENT, IN, NOT_IN, MORE, LESS };

struct requirement {
    struct text key;
    enum relation relation;
    struct text values;  // with commas between; of MORE and LESS one number
};

#define QUOTED_BYTES_MAX 100

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct text
skip_blanks(struct text text)
{
    size_t at = 0;
    while (at < text.size && is_blank(text.at[at])) {
        at++;
    }
    return text_sub(text, at, SIZE_MAX);
}

static bool
is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-' ||
           byte == '/';
}

// What labels and their values are made of; *rest goes on behind it.
static struct text
take_word(struct text *rest)
{
    size_t size = 0;
    while (size < rest->size && is_word_byte(rest->at[size])) {
        size++;
    }
    struct text word = text_sub(*rest, 0, size);
    *rest = skip_blanks(text_sub(*rest, size, SIZE_MAX));
    return word;
}

static bool
take(struct text *rest, struct text what)
{
    if (!text_starts(*rest, what)) {
        return false;
    }
    *rest = skip_blanks(text_sub(*rest, what.size, SIZE_MAX));
    return true;
}

// "(a, b,)": what stands between the brackets, with blanks.
static bool
take_values(struct text *rest, struct text *values)
{
    if (!take(rest, TEXT("("))) {
        return false;
    }
    size_t end = text_find(*rest, ')', 0);
    if (end == SIZE_MAX) {
        return false;
    }
    *values = text_sub(*rest, 0, end);
    *rest = skip_blanks(text_sub(*rest, end + 1, SIZE_MAX));
    for (size_t i = 0; i < values->size; i++) {
        char byte = values->at[i];
        if (!is_word_byte(byte) && !is_blank(byte) && byte != ',') {
            return false;
        }
    }
    return true;
}

// Negative labels are numbers too.
static bool
read_number(struct text text, int64_t *number)
{
    uint64_t size;
    bool negative = text_starts(text, TEXT("-"));
    if (text_to_u64(text_sub(text, negative ? 1 : 0, SIZE_MAX), &size) != 0 ||
        size > INT64_MAX) {
        return false;
    }
    *number = negative ? -(int64_t)size : (int64_t)size;
    return true;
}

static bool
take_relation(struct text *rest, struct requirement *requirement)
{
    struct text before = *rest;
    int64_t number;
    if (rest->size == 0 || rest->at[0] == ',') {
        requirement->relation = EXISTS;
        return true;
    }
    if (take(rest, TEXT("!="))) {
        requirement->relation = NOT_IN;
        requirement->values = take_word(rest);
        return true;
    }
    if (take(rest, TEXT("==")) || take(rest, TEXT("="))) {
        requirement->relation = IN;
        requirement->values = take_word(rest);
        return true;
    }
    if (take(rest, TEXT(">")) || take(rest, TEXT("<"))) {
        requirement->relation = before.at[0] == '>' ? MORE : LESS;
        requirement->values = take_word(rest);
        return read_number(requirement->values, &number);
    }
    struct text word = take_word(rest);
    requirement->relation = text_equal(word, TEXT("in")) ? IN : NOT_IN;
    return (text_equal(word, TEXT("in")) || text_equal(word, TEXT("notin"))) &&
           take_values(rest, &requirement->values);
}

// The next one of a selector that is not at its end. False: it is none.
static bool
take_requirement(struct text *rest, struct requirement *requirement)
{
    *rest = skip_blanks(*rest);
    requirement->values = (struct text){"", 0};
    bool absent = rest->size > 0 && rest->at[0] == '!' && take(rest, TEXT("!"));
    requirement->key = take_word(rest);
    if (requirement->key.size == 0) {
        return false;
    }
    if (absent) {
        requirement->relation = ABSENT;
    } else if (!take_relation(rest, requirement)) {
        return false;
    }
    if (rest->size == 0) {
        return true;
    }
    // Behind a comma there is another one.
    return take(rest, TEXT(",")) && rest->size > 0;
}

static int
check_size(struct text selector, const char *what, struct out *why)
{
    if (selector.size <= SELECTOR_BYTES_MAX) {
        return 0;
    }
    out_format(why, "the %s selector is longer than %d bytes", what, SELECTOR_BYTES_MAX);
    return -ERR_TOO_MANY;
}

int
selector_check_labels(struct text selector, struct out *why)
{
    struct text rest = skip_blanks(selector);
    int error = check_size(selector, "label", why);
    while (error == 0 && rest.size > 0) {
        struct text here = rest;
        struct requirement requirement;
        if (!take_requirement(&rest, &requirement)) {
            out_string(why, "the label selector is not well-formed, such as "
                            "app=web,tier in (a,b),!old: ");
            out_text(why, text_sub(here, 0, QUOTED_BYTES_MAX));
            error = -ERR_MALFORMED;
        }
    }
    return error;
}

static bool
find_label(struct text labels, struct text key, struct text *value)
{
    while (labels.size > 0) {
        struct text pair;
        struct text name;
        (void)text_cut(labels, ',', &pair, &labels);
        if (text_cut(pair, ':', &name, value) && text_equal(name, key)) {
            return true;
        }
    }
    return false;
}

static bool
is_among(struct text values, struct text value)
{
    struct text one;
    do {
        (void)text_cut(values, ',', &one, &values);
        if (text_equal(text_trim(one), value)) {
            return true;
        }
    } while (values.size > 0);
    return false;
}

static bool
compares(const struct requirement *requirement, struct text value)
{
    int64_t limit;
    int64_t number;
    if (!read_number(requirement->values, &limit) || !read_number(value, &number)) {
        return false;
    }
    return requirement->relation == MORE ? number > limit : number < limit;
}

static bool
holds(const struct requirement *requirement, struct text labels)
{
    struct text value;
    bool there = find_label(labels, requirement->key, &value);
    switch (requirement->relation) {
    case EXISTS:
        return there;
    case ABSENT:
        return !there;
    case IN:
        return there && is_among(requirement->values, value);
    case NOT_IN:
        return !there || !is_among(requirement->values, value);
    default:
        return there && compares(requirement, value);
    }
}

bool
selector_matches_labels(struct text selector, struct text labels)
{
    struct text rest = skip_blanks(selector);
    while (rest.size > 0) {
        struct requirement requirement;
        if (!take_requirement(&rest, &requirement) || !holds(&requirement, labels)) {
            return false;
        }
    }
    return true;
}

// "metadata.name!=web-1": the field, whether it must differ, the value.
static bool
take_field(struct text *rest, struct text *field, bool *differs, struct text *value)
{
    struct text term;
    (void)text_cut(*rest, ',', &term, rest);
    if (!text_cut(term, '=', field, value)) {
        return false;
    }
    *differs = text_ends(*field, TEXT("!"));
    *field = text_trim(text_sub(*field, 0, field->size - (*differs ? 1 : 0)));
    *value = text_sub(*value, text_starts(*value, TEXT("=")) ? 1 : 0, SIZE_MAX);
    *value = text_trim(*value);
    return true;
}

int
selector_check_fields(struct text selector, bool namespaced, struct out *why)
{
    struct text rest = selector;
    int error = check_size(selector, "field", why);
    while (error == 0 && rest.size > 0) {
        struct text here = rest;
        struct text field = here;
        struct text value;
        bool differs;
        if (!take_field(&rest, &field, &differs, &value)) {
            out_string(why, "the field selector is not well-formed, such as "
                            "metadata.name=web-1: ");
            out_text(why, text_sub(here, 0, QUOTED_BYTES_MAX));
            error = -ERR_MALFORMED;
        } else if (!text_equal(field, TEXT("metadata.name")) &&
                   (!namespaced || !text_equal(field, TEXT("metadata.namespace")))) {
            out_string(why, "field label not supported: ");
            out_text(why, text_sub(field, 0, QUOTED_BYTES_MAX));
            error = -ERR_MALFORMED;
        }
    }
    return error;
}

bool
selector_matches_fields(struct text selector, struct text name, struct text namespace_name)
{
    struct text rest = selector;
    while (rest.size > 0) {
        struct text field;
        struct text value;
        bool differs;
        if (!take_field(&rest, &field, &differs, &value)) {
            return false;
        }
        bool is_name = text_equal(field, TEXT("metadata.name"));
        if (text_equal(is_name ? name : namespace_name, value) == differs) {
            return false;
        }
    }
    return true;
}
