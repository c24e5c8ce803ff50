#include "parse/splitter.h"

#include <string.h>

#include "parse/lexeme.h"
#include "parse/scan.h"
#include "parse/splitter_run.h"

static inline int
open_level(struct splitter *s, struct run *run, char bracket)
{
    if (s->depth == JSON_NESTING_MAX) {
        return splitter_fault(s, run, ERR_TOO_DEEP);
    }
    run->at++;
    put(run, bracket);
    level_open(s, bracket);
    s->shapes[s->depth] = s->pending;
    s->next[s->depth] = 0;
    s->items_max[s->depth] = s->field == NULL ? 0 : s->field->items_max;
    s->state = bracket == '{' ? AT_FIRST_KEY : AT_FIRST_ITEM;
    return 0;
}

// Brackets that do not match are never mended: what is inside of what can no
// longer be told.
static inline int
close_level(struct splitter *s, struct run *run, char bracket)
{
    if (s->depth == 0 || level_is_object(s) != (bracket == '}')) {
        return -ERR_MALFORMED;
    }
    run->at++;
    put(run, bracket);
    if (s->depth == s->stream) {
        s->stream = NO_DEPTH;
    }
    s->depth--;
    return value_end(s, run);
}

// Passes what stands behind a backslash, as far as it is there.
static int
in_escape(struct splitter *s, struct run *run)
{
    while (s->escape != ESCAPE_NONE && run->at < run->end) {
        if (!escape_next(&s->escape, *run->at)) {
            return splitter_fault(s, run, ERR_MALFORMED);
        }
        put(run, *run->at);
        run->at++;
    }
    return 0;
}

// At a backslash or a control character.
static int
text_special(struct splitter *s, struct run *run)
{
    if (*run->at != '\\') {
        return splitter_fault(s, run, ERR_MALFORMED);
    }
    run->at++;
    put(run, '\\');
    s->escape = ESCAPE_LETTER;
    s->key_escaped = true;
    return in_escape(s, run);
}

// The end of a piece, where sixteen bytes can no longer be read: to the first
// byte that is not plain text.
static void
pass_plain_tail(struct run *run)
{
    for (; run->at < run->end; run->at++) {
        char byte = *run->at;
        if (byte == '"' || byte == '\\' || (unsigned char)byte < 0x20) {
            return;
        }
        run->high_bytes |= (unsigned char)byte & 0x80U;
        put(run, byte);
    }
}

// To the first byte that is not plain text, or the end of the piece.
static inline void
pass_plain(struct splitter *s, struct run *run)
{
    while (run->end - run->at >= (ptrdiff_t)SCAN_BYTES) {
        unsigned plain = scan_plain(run->at, run->out, &run->high_bytes);
        run->at += plain;
        run->out += plain & run->keep;
        if (plain < SCAN_BYTES) {
            return;
        }
        check_room(s, run);
    }
    pass_plain_tail(run);
}

static inline int
in_text(struct splitter *s, struct run *run)
{
    if (s->escape != ESCAPE_NONE) {
        return in_escape(s, run);
    }
    pass_plain(s, run);
    if (run->at == run->end) {
        return 0;
    }
    if (*run->at != '"') {
        return text_special(s, run);
    }
    run->at++;
    put(run, '"');
    return value_end(s, run);
}

static int
number_begin(struct splitter *s, struct run *run)
{
    if (run->end - run->at >= (ptrdiff_t)SCAN_BYTES) {
        unsigned digits = scan_digits(run->at, run->out);
        bool plain = digits == 1 || (digits != 0 && *run->at != '0');
        if (plain && digits < SCAN_BYTES) {
            char next = (char)(run->at[digits] | 0x20);
            if (next != 'e' && next != '.') {
                run->at += digits;
                run->out += digits & run->keep;
                return value_end(s, run);
            }
        }
    }
    s->number = NUMBER_START;
    s->state = IN_NUMBER;
    return 0;
}

static int
literal_begin(struct splitter *s, struct run *run, char first)
{
    s->state = IN_LITERAL;
    s->literal = first == 't' ? "true" : first == 'f' ? "false" : "null";
    if (*s->literal != first) {
        return splitter_fault(s, run, ERR_MALFORMED);
    }
    return 0;
}

static inline int
value_begin(struct splitter *s, struct run *run)
{
    char first = *run->at;
    switch (first) {
    case '"':
        run->at++;
        put(run, '"');
        s->state = IN_TEXT;
        return in_text(s, run);
    case '{':
    case '[':
        return open_level(s, run, first);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return number_begin(s, run);
    default:
        return literal_begin(s, run, first);
    }
}

static int
at_document(struct splitter *s, struct run *run)
{
    enum root_kind kind = s->document->kind;
    char first = *run->at;
    s->field = NULL;
    s->pending = s->document->shape;
    if (kind == ROOT_OBJECT || kind == ROOT_ARRAY) {
        if (first != (kind == ROOT_OBJECT ? '{' : '[')) {
            return -ERR_MALFORMED;
        }
        s->stream = kind == ROOT_ARRAY ? 1 : NO_DEPTH;
        return open_level(s, run, first);
    }
    splitter_element_begin(s, run, 0);
    return value_begin(s, run);
}

// A member outside of elements whose name the document's shape knows.
static void
known_value_begin(struct splitter *s, struct run *run)
{
    unsigned tag = (unsigned)(s->field - s->document->shape->fields);
    char first = *run->at;
    if (s->field->type == FIELD_ELEMENT) {
        splitter_element_begin(s, run, tag);
    } else if (s->field->type == FIELD_STREAM && first == '[') {
        s->stream = s->depth + 1;
        s->stream_tag = tag;
    } else if (s->field->type == FIELD_STREAM) {
        s->pending = NULL;
        s->counters.skipped[ERR_BAD_TYPE] += first != 'n';
    }
}

static inline int
at_value(struct splitter *s, struct run *run)
{
    if (s->element == NO_DEPTH && s->field != NULL) {
        known_value_begin(s, run);
    }
    return value_begin(s, run);
}

static int
at_item(struct splitter *s, struct run *run)
{
    unsigned depth = s->depth;
    s->field = NULL;
    s->pending = s->shapes[depth];
    if (depth == s->stream) {
        splitter_element_begin(s, run, s->stream_tag);
    } else if (run->keep != 0) {
        if (s->items_max[depth] != 0 && s->next[depth] == s->items_max[depth]) {
            s->counters.trimmed++;
            splitter_drop_begin(s, run);
        } else {
            s->next[depth]++;
            if (run->out[-1] != '[') {
                put(run, ',');
            }
        }
    }
    return value_begin(s, run);
}

// Behind a name: the usual `: ` and the value at once.
static inline int
colon_and_value(struct splitter *s, struct run *run)
{
    s->state = AT_COLON;
    if (run->end - run->at < 3 || *run->at != ':') {
        return 0;
    }
    run->at++;
    s->state = AT_VALUE;
    run->at += *run->at == ' ';
    return *run->at > ' ' ? at_value(s, run) : 0;
}

static inline int
key_end(struct splitter *s, struct run *run)
{
    const struct shape *shape = s->shapes[s->depth];
    check_room(s, run);
    s->field = NULL;
    s->pending = NULL;
    if (run->keep != 0) {
        bool kept = shape == NULL || splitter_keeps_member(s, run, shape);
        if (s->element == NO_DEPTH) {
            run->keep = 0;
            run->out = s->buffer;
        } else if (kept) {
            put(run, ':');
        } else {
            run->out = s->buffer + s->key_start;
            splitter_drop_begin(s, run);
        }
    }
    return colon_and_value(s, run);
}

static inline int
in_key(struct splitter *s, struct run *run)
{
    if (s->escape != ESCAPE_NONE) {
        return in_escape(s, run);
    }
    pass_plain(s, run);
    if (run->at == run->end) {
        return 0;
    }
    if (*run->at != '"') {
        return text_special(s, run);
    }
    run->at++;
    put(run, '"');
    return key_end(s, run);
}

static inline void
put_comma_after_member(struct run *run)
{
    *run->out = ',';
    run->out += run->out[-1] != '{';
}

// If the name is the one that is expected next, it need not be looked up.
static inline const struct field *
expected_field(const struct splitter *s, const struct run *run)
{
    const struct shape *shape = s->shapes[s->depth];
    unsigned next = s->next[s->depth];
    if (run->keep == 0 || shape == NULL || next >= shape->field_count ||
        run->end - run->at < KEY_BYTES_MAX) {
        return NULL;
    }
    const struct field *field = &shape->fields[next];
    bool is_it = scan_equal(run->at, field->key, field->key_size);
    return is_it ? field : NULL;
}

static inline int
at_key(struct splitter *s, struct run *run)
{
    const struct field *field = expected_field(s, run);
    if (field != NULL) {
        put_comma_after_member(run);
        memcpy(run->out, field->key, KEY_BYTES_MAX);
        run->out += field->key_size;
        run->at += field->key_size;
        put(run, ':');
        s->field = field;
        s->pending = field->child;
        s->next[s->depth]++;
        return colon_and_value(s, run);
    }
    if (*run->at != '"') {
        return splitter_fault(s, run, ERR_MALFORMED);
    }
    if (run->keep == 0 && s->element == NO_DEPTH && s->shapes[s->depth] != NULL) {
        run->keep = KEEP_ALL;  // until its end, to look it up
    }
    s->key_start = (size_t)(run->out - s->buffer);
    if (run->keep != 0 && s->element != NO_DEPTH) {
        put_comma_after_member(run);
    }
    run->at++;
    put(run, '"');
    s->key_escaped = false;
    s->state = IN_KEY;
    return in_key(s, run);
}

static int
in_number(struct splitter *s, struct run *run)
{
    for (; run->at < run->end; run->at++) {
        enum number_state next = number_next(s->number, *run->at);
        if (next == NUMBER_NONE) {
            return number_is_whole(s->number) ? value_end(s, run)
                                              : splitter_fault(s, run, ERR_MALFORMED);
        }
        s->number = next;
        put(run, *run->at);
        check_room(s, run);
    }
    return 0;
}

static int
in_literal(struct splitter *s, struct run *run)
{
    for (; run->at < run->end && *s->literal != '\0'; run->at++) {
        if (*run->at != *s->literal) {
            return splitter_fault(s, run, ERR_MALFORMED);
        }
        put(run, *run->at);
        s->literal++;
    }
    return *s->literal == '\0' ? value_end(s, run) : 0;
}

// False at the end of the piece.
static inline bool
skip_blanks(struct run *run)
{
    while (run->end - run->at >= (ptrdiff_t)SCAN_BYTES) {
        unsigned blanks = *run->at > ' ' ? 0 : scan_blank(run->at);
        run->at += blanks;
        if (blanks < SCAN_BYTES) {
            return true;
        }
    }
    while (run->at < run->end) {
        char byte = *run->at;
        if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') {
            return true;
        }
        run->at++;
    }
    return false;
}

static inline int
at_next(struct splitter *s, struct run *run)
{
    char byte = *run->at;
    if (byte == ',') {
        run->at++;
        if (!level_is_object(s)) {
            s->state = AT_ITEM;
            return 0;
        }
        s->state = AT_KEY;
        return skip_blanks(run) ? at_key(s, run) : 0;
    }
    if (byte == '}' || byte == ']') {
        return close_level(s, run, byte);
    }
    return splitter_fault(s, run, ERR_MALFORMED);
}

static inline int
at_colon(struct splitter *s, struct run *run)
{
    if (*run->at != ':') {
        return splitter_fault(s, run, ERR_MALFORMED);
    }
    run->at++;
    s->state = AT_VALUE;
    return 0;
}

static inline int
step(struct splitter *s, struct run *run)
{
    switch ((enum state)s->state) {
    case AT_DOCUMENT:
        return at_document(s, run);
    case AT_END:
        return -ERR_MALFORMED;
    case AT_VALUE:
        return at_value(s, run);
    case AT_FIRST_ITEM:
        return *run->at == ']' ? close_level(s, run, ']') : at_item(s, run);
    case AT_ITEM:
        return at_item(s, run);
    case AT_FIRST_KEY:
        return *run->at == '}' ? close_level(s, run, '}') : at_key(s, run);
    case AT_KEY:
        return at_key(s, run);
    case AT_COLON:
        return at_colon(s, run);
    case AT_NEXT:
        return at_next(s, run);
    case IN_KEY:
        return in_key(s, run);
    case IN_TEXT:
        return in_text(s, run);
    case IN_NUMBER:
        return in_number(s, run);
    case IN_LITERAL:
        return in_literal(s, run);
    case IN_RECOVERY:
        return splitter_recover(s, run);
    case IN_RECOVERY_TEXT:
        return splitter_recover_text(s, run);
    }
    return -ERR_MALFORMED;
}

int
splitter_feed(struct splitter *s, const void *bytes, size_t size)
{
    if (s->error != 0 || size == 0) {
        return s->error;
    }
    const char *at = bytes;
    struct run run = {
        .at = at,
        .end = at + size,
        .out = s->buffer + s->used,
        .limit = s->buffer + s->size,
        .keep = s->keep,
        .high_bytes = s->high_bytes,
    };
    s->counters.bytes += size;
    while (s->error == 0) {
        bool more = s->state < IN_KEY ? skip_blanks(&run) : run.at < run.end;
        if (!more) {
            break;
        }
        s->error = step(s, &run);
        check_room(s, &run);
    }
    s->used = (size_t)(run.out - s->buffer);
    s->keep = run.keep;
    s->high_bytes = run.high_bytes != 0;
    return s->error;
}

int
splitter_end(struct splitter *s)
{
    if (s->error == 0 && s->state != AT_END &&
        (s->state != AT_DOCUMENT || s->document->kind != ROOT_ELEMENTS)) {
        s->error = -ERR_TRUNCATED;
    }
    return s->error;
}

size_t
splitter_footprint(size_t element_bytes)
{
    return arena_bytes(element_bytes + SCAN_PAD);
}

void
splitter_init(struct splitter *s, struct arena *arena, size_t element_bytes, splitter_take *take,
              void *context)
{
    ASSERT(element_bytes > 0);
    ASSERT(take != NULL);
    *s = (struct splitter){
        .take = take,
        .context = context,
        .buffer = arena_take(arena, element_bytes + SCAN_PAD),
        .size = element_bytes,
        .error = -ERR_MISSING,  // until a document is begun
    };
}

void
splitter_begin(struct splitter *s, const struct document *document, const struct wanted *wanted)
{
    ASSERT(document != NULL);
    *s = (struct splitter){
        .document = document,
        .take = s->take,
        .context = s->context,
        .buffer = s->buffer,
        .size = s->size,
        .state = AT_DOCUMENT,
        .element = NO_DEPTH,
        .boundary = NO_DEPTH,
        .stream = NO_DEPTH,
    };
    if (wanted != NULL) {
        ASSERT(wanted->count <= WANTED_MAX);
        s->wanted = *wanted;
    }
}
