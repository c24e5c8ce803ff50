#include "sink/sink.h"

#include <string.h>

#include "base/error.h"
#include "sink/sink_option.h"
#include "sink/sink_uri.h"

// Texts that kinds make while they configure: lists taken apart, paths.
#define CONFIGURE_BYTES (8 * 1024)
// The largest sink_kind.state_bytes; held by sink_open.
#define STATE_BYTES_MAX (16 * 1024)
// How much of what a server says is passed on.
#define QUOTE_BYTES_MAX 120

static const struct sink_row {
    const struct sink_kind *kind;
    const char *about;
} rows[] = {
#define SINK(id, name, about) {&sink_##id, about},
#define SINK_ALIAS(name, id)
#define SINK_GONE(name, sentence)
#include "sink/sink.tbl.h"
#undef SINK
#undef SINK_ALIAS
#undef SINK_GONE
};

static const struct {
    const char *name;
    const struct sink_kind *kind;
} aliases[] = {
#define SINK(id, name, about)
#define SINK_ALIAS(name, id) {name, &sink_##id},
#define SINK_GONE(name, sentence)
#include "sink/sink.tbl.h"
#undef SINK
#undef SINK_ALIAS
#undef SINK_GONE
};

static const struct {
    const char *name;
    const char *sentence;
} gone[] = {
#define SINK(id, name, about)
#define SINK_ALIAS(name, id)
#define SINK_GONE(name, sentence) {name, sentence},
#include "sink/sink.tbl.h"
#undef SINK
#undef SINK_ALIAS
#undef SINK_GONE
};

const struct sink_kind *
sink_kind_find(struct text name, const char **dead)
{
    *dead = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (text_equal(name, text_of(rows[i].kind->name))) {
            return rows[i].kind;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(aliases); i++) {
        if (text_equal(name, text_of(aliases[i].name))) {
            return aliases[i].kind;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(gone); i++) {
        if (text_equal(name, text_of(gone[i].name))) {
            *dead = gone[i].sentence;
        }
    }
    return NULL;
}

const struct sink_kind *
sink_kind_at(unsigned number)
{
    return number < ARRAY_COUNT(rows) ? rows[number].kind : NULL;
}

const char *
sink_kind_about(const struct sink_kind *kind)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (rows[i].kind == kind) {
            return rows[i].about;
        }
    }
    return "";
}

void
sink_kinds_write(struct out *out, bool events)
{
    const char *before = " ";
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (!events || rows[i].kind->add_event != NULL) {
            out_format(out, "%s%s", before, rows[i].kind->name);
            before = ", ";
        }
    }
}

size_t
sink_space_bytes(void)
{
    return SINK_URI_SPACE_BYTES + 2 * (size_t)SINK_SECRET_BYTES_MAX + CONFIGURE_BYTES +
           STATE_BYTES_MAX;
}

static int
find_kind(struct sink *sink, struct out *why)
{
    const char *dead = NULL;
    sink->kind = sink_kind_find(sink->uri.kind, &dead);
    if (sink->kind != NULL && sink->events && sink->kind->add_event == NULL) {
        out_format(why, "%s takes no events; these do:", sink->kind->name);
        sink_kinds_write(why, true);
        return -ERR_BAD_CONFIG;
    }
    if (sink->kind != NULL) {
        return 0;
    }
    if (dead != NULL) {
        out_string(why, dead);
        return -ERR_BAD_CONFIG;
    }
    out_string(why, "there is no such kind of sink; there are");
    sink_kinds_write(why, sink->events);
    return -ERR_BAD_CONFIG;
}

static void
set_address(struct sink *sink)
{
    const struct sink_uri *uri = &sink->uri;
    sink->host = uri->host.size != 0 ? uri->host : text_of(sink->kind->default_host);
    sink->port = uri->port != 0 ? uri->port : sink->kind->default_port;
    sink->tls = text_equal(uri->scheme, TEXT("https")) || text_equal(uri->scheme, TEXT("tls"));
}

static int
configure(struct sink *sink, const struct platform *platform, struct out *why)
{
    ASSERT(sink->kind->state_bytes <= STATE_BYTES_MAX);
    sink->state = workspace_take(sink->space, sink->kind->state_bytes);
    if (sink->state == NULL) {
        out_string(why, "there are too many sinks");
        return -ERR_BAD_CONFIG;
    }
    memset(sink->state, 0, sink->kind->state_bytes);
    set_address(sink);
    int error = sink_option_common(sink, platform, why);
    if (error == 0) {
        error = sink->kind->configure(sink, why);
    }
    if (error == 0 && sink->host.size == 0 && sink->kind->transport != SINK_LOG) {
        out_format(why, "%s needs a host: %s:HOST", sink->kind->name, sink->kind->name);
        return -ERR_BAD_CONFIG;
    }
    return error;
}

int
sink_open(struct sink *sink, struct text uri, unsigned number,
          bool (*variable)(void *context, struct text name, struct text *value), void *context,
          struct workspace *space, const struct platform *platform, struct out *why)
{
    *sink = (struct sink){
        .number = number,
        .space = space,
        .events = sink->events,
        .labels_separator = sink->labels_separator,
        .label_rules = sink->label_rules,
        .second = sink->second,
        .second_bytes = sink->second_bytes,
    };
    int error = sink_uri_parse(uri, variable, context, space, &sink->uri, why);
    if (error == 0) {
        error = find_kind(sink, why);
    }
    return error != 0 ? error : configure(sink, platform, why);
}

enum sink_verdict
sink_judge_status(const struct sink_answer *answer, struct sink_result *result)
{
    long status = answer->status;
    enum error error = error_of_http_status(status);
    *result = (struct sink_result){.error = error};
    if (error == ERR_OK) {
        return SINK_TAKEN;
    }
    struct out why = out_of(result->why, sizeof result->why);
    out_string(&why, error_sentence(error));
    out_c_string(&why);
    sink_result_quote(result, answer->body);
    bool later = status == 401 || status == 403 || status == 404 || status == 408 || status == 429;
    return status >= 400 && status < 500 && !later ? SINK_REFUSED : SINK_RETRY;
}

void
sink_result_quote(struct sink_result *result, struct text said)
{
    struct text trimmed = text_sub(text_trim(said), 0, QUOTE_BYTES_MAX);
    if (trimmed.size == 0) {
        return;
    }
    struct out why = out_of(result->why, sizeof result->why);
    why.used = strnlen(result->why, sizeof result->why - 1);
    out_string(&why, why.used == 0 ? "the server says: " : "; the server says: ");
    for (size_t i = 0; i < trimmed.size; i++) {
        out_byte(&why, trimmed.at[i] >= ' ' && trimmed.at[i] <= '~' ? trimmed.at[i] : ' ');
    }
    out_c_string(&why);
}
