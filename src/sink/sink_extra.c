#include "sink/sink_extra.h"

#include "base/error.h"

static int
put_label(struct sink_extra *extra, struct text key, struct text value, struct out *why)
{
    if (extra->label_count == SINK_EXTRA_LABELS_MAX) {
        out_format(why, "there may be at most %d labels", SINK_EXTRA_LABELS_MAX);
        return -ERR_BAD_CONFIG;
    }
    for (unsigned i = 0; i < extra->label_count; i++) {
        if (text_equal(extra->label[i].key, key)) {
            out_format(why, "the label " TEXT_FORMAT " is given twice", TEXT_ARGS(key));
            return -ERR_BAD_CONFIG;
        }
    }
    extra->label[extra->label_count++] = (struct sink_extra_label){key, value};
    return 0;
}

static int
read_label(struct sink_extra *extra, struct text given, bool (*is_key)(struct text key),
           struct out *why)
{
    struct text key;
    struct text value;
    text_cut(given, ':', &key, &value);
    if (!is_key(key) || value.size == 0 || !text_is_utf8(value)) {
        out_string(why, "label must be KEY:VALUE, with a key as this kind of sink takes it");
        return -ERR_BAD_CONFIG;
    }
    return put_label(extra, key, value, why);
}

// One line, and no blank in the name: nothing that makes two headers of it.
static bool
is_header(struct text header)
{
    size_t colon = text_find(header, ':', 0);
    for (size_t i = 0; i < header.size; i++) {
        unsigned char byte = (unsigned char)header.at[i];
        if (byte < ' ' || byte == 0x7f || (i < colon && byte == ' ')) {
            return false;
        }
    }
    return colon != 0 && colon != SIZE_MAX && header.size <= SINK_EXTRA_HEADER_BYTES_MAX;
}

static int
read_header(struct sink_extra *extra, struct text given, struct out *why)
{
    if (!is_header(given)) {
        out_format(why, "header must be NAME:VALUE in one line of at most %d bytes",
                   SINK_EXTRA_HEADER_BYTES_MAX);
        return -ERR_BAD_CONFIG;
    }
    if (extra->header_count == SINK_EXTRA_HEADERS_MAX) {
        out_format(why, "there may be at most %d headers", SINK_EXTRA_HEADERS_MAX);
        return -ERR_BAD_CONFIG;
    }
    extra->header[extra->header_count++] = given;
    return 0;
}

static int
read_cluster(struct sink *sink, const char *cluster_key, struct sink_extra *extra, struct out *why)
{
    struct text cluster;
    if (!sink_option(sink, "cluster", &cluster)) {
        return 0;
    }
    if (cluster.size == 0 || !text_is_utf8(cluster)) {
        out_string(why, "cluster must be a name");
        return -ERR_BAD_CONFIG;
    }
    return put_label(extra, text_of(cluster_key), cluster, why);
}

int
sink_extra_read(struct sink *sink, const char *cluster_key, bool (*is_key)(struct text key),
                struct sink_extra *extra, struct out *why)
{
    *extra = (struct sink_extra){0};
    int error = read_cluster(sink, cluster_key, extra, why);
    for (unsigned i = 0; error == 0 && i < sink->uri.option_count; i++) {
        const struct sink_option *option = &sink->uri.option[i];
        if (text_equal(option->key, TEXT("label"))) {
            error = read_label(extra, option->value, is_key, why);
        } else if (text_equal(option->key, TEXT("header"))) {
            error = read_header(extra, option->value, why);
        }
    }
    return error;
}

void
sink_extra_add_headers(const struct sink_extra *extra, struct sink_request *request)
{
    for (unsigned i = 0; i < extra->header_count; i++) {
        ASSERT(request->header_count < SINK_HEADERS_MAX);
        request->header[request->header_count++] = extra->header[i];
    }
}
