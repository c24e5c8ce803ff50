#include "app/auth_files.h"

#include <string.h>

#define PATH_BYTES 1024
// A longer line is certificate data.
#define LINE_BYTES (PATH_BYTES + 64)
#define CHUNK_BYTES 4096
// Longer kubeconfigs are refused by those who use them.
#define FILE_BYTES_MAX (64 * 1024)

struct scan {
    struct text folder;  // of the kubeconfig, with its slash
    auth_file *visit;
    void *context;
    bool skipping;  // the rest of a line that is too long
    size_t used;
    char line[LINE_BYTES];
};

static bool
is_one_of(char byte, const char *bytes)
{
    return byte != '\0' && strchr(bytes, byte) != NULL;
}

static struct text
trim(struct text text, const char *before, const char *behind)
{
    while (text.size > 0 && is_one_of(text.at[0], before)) {
        text = text_sub(text, 1, text.size);
    }
    while (text.size > 0 && is_one_of(text.at[text.size - 1], behind)) {
        text.size--;
    }
    return text;
}

// `key: value`, `- key: "value"` or `"key": "value",`.
static struct text
value_of(struct text line, struct text key)
{
    struct text rest = trim(line, " \t-\"'", " \t\r,");
    if (!text_starts(rest, key)) {
        return TEXT("");
    }
    rest = trim(text_sub(rest, key.size, rest.size), "\"' \t", "");
    if (rest.size == 0 || rest.at[0] != ':') {
        return TEXT("");
    }
    rest = trim(text_sub(rest, 1, rest.size), " \t", "");
    bool quoted = rest.size > 0 && is_one_of(rest.at[0], "\"'");
    for (size_t i = 1; i < rest.size && !quoted; i++) {
        if (rest.at[i] == '#' && is_one_of(rest.at[i - 1], " \t")) {
            rest.size = i;
        }
    }
    return trim(rest, "\"'", "\"' \t");
}

static void
take_line(struct scan *scan, struct text line)
{
    static const struct text keys[] = {
        {"certificate-authority", 21},
        {"client-certificate", 18},
        {"client-key", 10},
        {"tokenFile", 9},
    };
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        char buffer[2 * PATH_BYTES];
        struct out path = out_of(buffer, sizeof buffer);
        struct text value = value_of(line, keys[i]);
        if (value.size == 0) {
            continue;
        }
        out_text(&path, value.at[0] == '/' ? TEXT("") : scan->folder);
        out_text(&path, value);
        if (!path.full) {
            scan->visit(scan->context, out_view(&path));
        }
    }
}

static void
take_byte(struct scan *scan, char byte)
{
    if (byte == '\n') {
        if (!scan->skipping) {
            take_line(scan, (struct text){scan->line, scan->used});
        }
        scan->used = 0;
        scan->skipping = false;
    } else if (scan->used < sizeof scan->line) {
        scan->line[scan->used++] = byte;
    } else {
        scan->skipping = true;
    }
}

static void
scan_file(struct scan *scan, const struct platform *platform, int file)
{
    char chunk[CHUNK_BYTES];
    for (size_t total = 0; total < FILE_BYTES_MAX;) {
        int64_t got = platform_file_read(platform, file, chunk, sizeof chunk, PLATFORM_STREAM);
        for (int64_t i = 0; i < got; i++) {
            take_byte(scan, chunk[i]);
        }
        if (got <= 0) {
            break;
        }
        total += (size_t)got;
    }
    take_byte(scan, '\n');
}

void
auth_files_visit(const struct platform *platform, struct text kubeconfig, auth_file *visit,
                 void *context)
{
    char buffer[PATH_BYTES];
    struct scan scan = {.folder = kubeconfig, .visit = visit, .context = context};
    struct out path = out_of(buffer, sizeof buffer);
    int file;
    out_text(&path, kubeconfig);
    const char *c_path = out_c_string(&path);
    while (scan.folder.size > 0 && scan.folder.at[scan.folder.size - 1] != '/') {
        scan.folder.size--;
    }
    if (kubeconfig.size == 0 || path.full ||
        platform_file_open(platform, c_path, PLATFORM_READ, 0, &file) != 0) {
        return;
    }
    scan_file(&scan, platform, file);
    platform_file_close(platform, file);
}
