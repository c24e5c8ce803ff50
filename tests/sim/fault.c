#include "fault.h"

#include <string.h>

#define HUGE_BYTES (UINT64_C(4) << 20)
#define DEEP_LEVELS 20000

static const char *const names[FAULT_COUNT] = {
#define X(id, name) name,
    FAULT_TABLE(X)
#undef X
};

enum fault_kind
fault_by_name(const char *name)
{
    unsigned kind = 0;
    while (kind < FAULT_COUNT && strcmp(names[kind], name) != 0) {
        kind++;
    }
    return (enum fault_kind)kind;
}

const char *
fault_name(enum fault_kind kind)
{
    return names[kind];
}

bool
fault_is(const struct fault *fault, enum fault_kind kind)
{
    return fault != NULL && fault->kind == kind && fault->count != 0;
}

enum fault_kind
fault_take(struct fault *fault, const char *path)
{
    if (fault == NULL || fault->kind == FAULT_NONE || fault->count == 0 ||
        strncmp(path, fault->path, strlen(fault->path)) != 0) {
        return FAULT_NONE;
    }
    if (fault->count > 0) {
        fault->count--;
    }
    return fault->kind;
}

bool
fault_is_element(enum fault_kind kind)
{
    return kind >= FAULT_HUGE_ELEMENT && kind <= FAULT_BAD_JSON;
}

static void
put_repeated(struct buf *out, const char *text, uint64_t count)
{
    size_t len = strlen(text);
    buf_reserve(out, len * count);
    for (uint64_t i = 0; i < count; i++) {
        buf_put(out, text, len);
    }
}

static void
put_reference(struct buf *out, bool summary, const char *name)
{
    buf_printf(out,
               "{\"%s\":{\"name\":\"%s\",\"namespace\":\"default\",\"uid\":"
               "\"00000000-0000-4000-a000-000000000000\"",
               summary ? "podRef" : "metadata", name);
}

/* Where a reader who drops what nobody needs has to keep it. */
static void
put_huge(struct buf *out, bool summary, uint64_t bytes)
{
    buf_text(out, summary ? "},\"volume\":[{\"name\":\"" : ",\"labels\":{\"padding\":\"");
    put_repeated(out, "0123456789abcdef", (bytes > 0 ? bytes : HUGE_BYTES) / 16);
    buf_text(out, summary ? "\"}]" : "\"}}");
}

void
fault_element(struct buf *out, enum fault_kind kind, uint64_t bytes, bool summary)
{
    static const char cpu[] = ",\"startTime\":\"2026-01-01T00:00:00Z\",\"cpu\":{"
                              "\"time\":\"2026-01-01T00:00:00Z\",";
    put_reference(out, summary,
                  kind == FAULT_BAD_UTF8 ? "bad-\xff\xfe\xc0\x80-\xed\xa0\x80" : fault_name(kind));
    if (kind == FAULT_HUGE_ELEMENT) {
        put_huge(out, summary, bytes);
    } else {
        BUF_LIT(out, "}");
    }
    switch (kind) {
    case FAULT_DEEP:
        BUF_LIT(out, ",\"deep\":");
        put_repeated(out, "[", DEEP_LEVELS);
        put_repeated(out, "]", DEEP_LEVELS);
        break;
    case FAULT_DUPLICATE_KEYS:
        buf_text(out, cpu);
        BUF_LIT(out, "\"usageCoreNanoSeconds\":1,\"usageCoreNanoSeconds\":2},\"cpu\":"
                     "{\"usageCoreNanoSeconds\":3},\"metadata\":{\"name\":\"other\"},"
                     "\"podRef\":{\"name\":\"other\"}");
        break;
    case FAULT_BAD_NUMBERS:
        buf_text(out, cpu);
        BUF_LIT(out, "\"usageNanoCores\":-1,\"usageCoreNanoSeconds\":1e999},"
                     "\"memory\":{\"time\":\"2026-01-01T00:00:00Z\",\"usageBytes\":"
                     "99999999999999999999999999,\"rssBytes\":1.5}");
        if (!summary) {
            BUF_LIT(out, ",\"status\":{\"capacity\":{\"cpu\":\"1e999\"},\"containerStatuses\":"
                         "[{\"name\":\"app\",\"restartCount\":99999999999999999999}]}");
        }
        break;
    case FAULT_ODD_NUMBERS:
        buf_text(out, cpu);
        BUF_LIT(out, "\"usageNanoCores\":01,\"usageCoreNanoSeconds\":NaN},"
                     "\"status\":{\"phase\":01}");
        break;
    case FAULT_BAD_JSON:
        BUF_LIT(out, ",\"cpu\":{\"usageNanoCores\" 12,,\"x\":tru}");
        break;
    default:
        break;
    }
    BUF_LIT(out, "},");
}

void
fault_lines(struct buf *out, enum fault_kind kind, uint64_t bytes)
{
    static const char start[] =
        "container_cpu_usage_seconds_total{container=\"app\",namespace=\"default\",pod=\"";
    buf_text(out, start);
    switch (kind) {
    case FAULT_HUGE_ELEMENT:
        put_repeated(out, "0123456789abcdef", (bytes > 0 ? bytes : HUGE_BYTES) / 16);
        BUF_LIT(out, "\"} 1 1\n");
        break;
    case FAULT_BAD_UTF8:
        BUF_LIT(out, "bad-\xff\xfe\xc0\x80\"} 1 1\n");
        break;
    case FAULT_DUPLICATE_KEYS:
        BUF_LIT(out, "a\",pod=\"b\"} 1 1\n");
        break;
    case FAULT_BAD_NUMBERS:
        BUF_LIT(out, "a\"} NaN 1\n");
        buf_text(out, start);
        BUF_LIT(out, "b\"} 1e999 1\n");
        buf_text(out, start);
        BUF_LIT(out, "c\"} -5 99999999999999999999\n");
        break;
    case FAULT_ODD_NUMBERS:
        BUF_LIT(out, "a\"} 0x1p 1\n");
        break;
    default:
        BUF_LIT(out, "unfinished\n");
        break;
    }
}
