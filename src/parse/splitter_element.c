#include "parse/splitter_run.h"

#include "parse/lexeme.h"

void
splitter_overflow(struct splitter *s, struct run *run)
{
    run->keep = 0;
    run->out = s->buffer;
    if (s->element != NO_DEPTH && s->fault == ERR_OK) {
        s->fault = ERR_TOO_LARGE;
    }
}

void
splitter_element_begin(struct splitter *s, struct run *run, unsigned tag)
{
    s->element = s->depth;
    s->boundary = s->depth;
    s->tag = tag;
    s->fault = ERR_OK;
    run->out = s->buffer;
    run->keep = KEEP_ALL;
    run->high_bytes = 0;
}

static int
element_check(struct splitter *s, struct run *run, struct text json)
{
    if (s->fault != ERR_OK) {
        return -(int)s->fault;
    }
    if (json.size > s->size) {
        return -ERR_TOO_LARGE;
    }
    if (run->high_bytes != 0 && !text_is_utf8(json)) {
        return -ERR_BAD_UTF8;
    }
    *run->out = '\0';
    return s->take(s->context, s->tag, json);
}

static void
element_end(struct splitter *s, struct run *run)
{
    struct text json = {s->buffer, (size_t)(run->out - s->buffer)};
    int error = element_check(s, run, json);
    ASSERT(error <= 0 && error > -ERR_COUNT);
    if (error == 0) {
        s->counters.elements++;
    } else {
        s->counters.skipped[-error]++;
    }
    s->element = NO_DEPTH;
    s->boundary = NO_DEPTH;
    s->fault = ERR_OK;
    run->keep = 0;
    run->out = s->buffer;
}

static void
document_end(struct splitter *s)
{
    s->state = s->document->kind == ROOT_ELEMENTS ? AT_DOCUMENT : AT_END;
}

void
splitter_boundary(struct splitter *s, struct run *run)
{
    if (s->dropping) {
        s->dropping = false;
        s->boundary = s->element;
        run->keep = s->fault == ERR_OK ? KEEP_ALL : 0;
    } else if (s->element == s->depth) {
        element_end(s, run);
    }
    if (s->depth == 0) {
        document_end(s);
    }
}

void
splitter_drop_begin(struct splitter *s, struct run *run)
{
    s->dropping = true;
    s->boundary = s->depth;
    s->pending = NULL;
    run->keep = 0;
}

int
splitter_fault(struct splitter *s, struct run *run, enum error error)
{
    if (s->element == NO_DEPTH || s->depth == 0) {
        return -(int)error;
    }
    check_room(s, run);
    if (s->fault == ERR_OK) {
        s->fault = error;
    }
    s->dropping = false;
    s->boundary = s->element;
    s->state = s->state == IN_TEXT || s->state == IN_KEY ? IN_RECOVERY_TEXT : IN_RECOVERY;
    s->escape = ESCAPE_NONE;
    run->keep = 0;
    return 0;
}

// Behind a faulty element: what follows is the container's again.
static int
recovery_end(struct splitter *s, struct run *run)
{
    s->state = AT_NEXT;
    element_end(s, run);
    if (s->depth == 0) {
        document_end(s);
    }
    return 0;
}

static int
recovery_close(struct splitter *s, struct run *run)
{
    bool known = s->depth <= JSON_NESTING_MAX;
    if (known && level_is_object(s) != (*run->at == '}')) {
        return -ERR_MALFORMED;
    }
    run->at++;
    s->depth--;
    return s->depth == 0 ? recovery_end(s, run) : 0;
}

int
splitter_recover(struct splitter *s, struct run *run)
{
    char byte = *run->at;
    bool outside = s->depth == s->element;
    if (byte == '}' || byte == ']') {
        return outside ? recovery_end(s, run) : recovery_close(s, run);
    }
    if (byte == ',' && outside) {
        return recovery_end(s, run);
    }
    if (byte == '"') {
        s->state = IN_RECOVERY_TEXT;
    } else if ((byte == '{' || byte == '[') && s->depth < JSON_NESTING_MAX) {
        level_open(s, byte);
    } else if (byte == '{' || byte == '[') {
        s->depth++;
    }
    run->at++;
    return 0;
}

int
splitter_recover_text(struct splitter *s, struct run *run)
{
    char byte = *run->at++;
    if (s->escape != ESCAPE_NONE) {
        s->escape = ESCAPE_NONE;
    } else if (byte == '\\') {
        s->escape = ESCAPE_LETTER;
    } else if (byte == '"') {
        s->state = IN_RECOVERY;
    }
    return 0;
}
