#include "host/host_file.h"

#include <string.h>

#include "base/check.h"

// getdents64 gives about 100 names in this.
#define NAMES_BYTES 4096
_Static_assert(NAMES_BYTES >= PLATFORM_DIR_BYTES_MIN, "one entry must fit");

size_t
host_files_footprint(void)
{
    return arena_bytes(HOST_FILE_BYTES_MAX) + arena_bytes(NAMES_BYTES);
}

void
host_files_init(struct host_files *files, struct arena *arena,
                const struct platform *platform, struct text root)
{
    *files = (struct host_files){.platform = platform, .root = root};
    while (files->root.size > 0 && files->root.at[files->root.size - 1] == '/') {
        files->root.size--;
    }
    files->window = arena_take(arena, HOST_FILE_BYTES_MAX);
    files->names = arena_take(arena, NAMES_BYTES);
}

int
host_files_note(struct host_files *files, int error)
{
    ASSERT(error <= 0 && error > -(int)ERR_COUNT);
    if (error != 0 && error != -ERR_NO_FILE) {
        files->errors[-error]++;
    }
    return error;
}

// A name from outside may hold neither a slash, other than what the caller
// put there, nor a NUL; both would only make it another file of this machine.
static const char *
join(struct host_files *files, struct text dir, struct text name)
{
    struct out path = out_of(files->path, sizeof files->path);
    out_text(&path, files->root);
    out_text(&path, dir);
    if (name.size > 0 || path.used == 0) {
        out_byte(&path, '/');
        out_text(&path, name);
    }
    const char *joined = out_c_string(&path);
    return path.full ? NULL : joined;
}

int
host_file_try(struct host_files *files, struct text dir, struct text name,
              struct text *content)
{
    const char *path = join(files, dir, name);
    if (path == NULL) {
        return -ERR_TOO_LONG;
    }
    int error = platform_read_file(files->platform, path, files->window,
                                   HOST_FILE_BYTES_MAX, content);
    files->reads += error == 0;
    return error;
}

int
host_file_read(struct host_files *files, struct text dir, struct text name,
               struct text *content)
{
    return host_files_note(files, host_file_try(files, dir, name, content));
}

static int
stream_open(struct host_files *files, int file, host_file_piece *piece, void *context)
{
    size_t total = 0;
    while (total < HOST_FILE_TOTAL_BYTES_MAX) {
        int64_t got = platform_file_read(files->platform, file, files->window,
                                         HOST_FILE_BYTES_MAX, PLATFORM_STREAM);
        if (got <= 0) {
            return (int)got;
        }
        int error = piece(context, files->window, (size_t)got);
        if (error != 0) {
            return error;
        }
        total += (size_t)got;
    }
    return -ERR_TOO_LARGE;
}

int
host_file_stream(struct host_files *files, struct text dir, struct text name,
                 host_file_piece *piece, void *context)
{
    int file;
    const char *path = join(files, dir, name);
    if (path == NULL) {
        return host_files_note(files, -ERR_TOO_LONG);
    }
    int error = platform_file_open(files->platform, path, PLATFORM_READ, 0, &file);
    if (error == 0) {
        files->reads++;
        error = stream_open(files, file, piece, context);
        platform_file_close(files->platform, file);
    }
    return host_files_note(files, error);
}

// Lines out of the window, the unfinished one moved to its front each time.
struct line_reader {
    struct host_files *files;
    host_file_line *line;
    void *context;
    size_t kept;    // bytes of an unfinished line
    bool skipping;  // the rest of a line that was too long
};

// Hands over the whole lines among `size` bytes; what is left goes in front.
static void
take_lines(struct line_reader *reader, size_t size)
{
    char *window = reader->files->window;
    struct text rest = {window, size};
    struct text line;
    struct text after;
    while (text_cut(rest, '\n', &line, &after)) {
        if (!reader->skipping) {
            reader->line(reader->context, line);
        }
        reader->skipping = false;
        rest = after;
    }
    if (rest.size == HOST_FILE_BYTES_MAX) {
        (void)host_files_note(reader->files, -ERR_TOO_LONG);
        reader->skipping = true;
    }
    reader->kept = reader->skipping ? 0 : rest.size;
    memmove(window, rest.at, reader->kept);
}

static int
read_lines(struct line_reader *reader, int file)
{
    struct host_files *files = reader->files;
    size_t total = 0;
    while (total < HOST_FILE_TOTAL_BYTES_MAX) {
        int64_t got = platform_file_read(files->platform, file,
                                         files->window + reader->kept,
                                         HOST_FILE_BYTES_MAX - reader->kept,
                                         PLATFORM_STREAM);
        if (got < 0) {
            return (int)got;
        }
        if (got == 0) {
            break;
        }
        total += (size_t)got;
        take_lines(reader, reader->kept + (size_t)got);
    }
    if (reader->kept > 0) {
        reader->line(reader->context, (struct text){files->window, reader->kept});
    }
    return total < HOST_FILE_TOTAL_BYTES_MAX ? 0 : -ERR_TOO_LARGE;
}

int
host_file_lines(struct host_files *files, struct text dir, struct text name,
                host_file_line *line, void *context)
{
    struct line_reader reader = {.files = files, .line = line, .context = context};
    int file;
    const char *path = join(files, dir, name);
    if (path == NULL) {
        return host_files_note(files, -ERR_TOO_LONG);
    }
    int error = platform_file_open(files->platform, path, PLATFORM_READ, 0, &file);
    if (error == 0) {
        files->reads++;
        error = read_lines(&reader, file);
        platform_file_close(files->platform, file);
    }
    return host_files_note(files, error);
}

static int
take_names(struct host_files *files, struct platform_dir *dir, host_dir_name *take,
           void *context)
{
    for (unsigned i = 0; i < HOST_DIR_NAMES_MAX; i++) {
        struct platform_entry entry;
        int more = platform_dir_next(files->platform, dir, &entry);
        if (more <= 0) {
            return more;
        }
        take(context, entry.name, entry.kind == PLATFORM_DIRECTORY);
    }
    return -ERR_TOO_MANY;
}

int
host_dir_names(struct host_files *files, struct text dir, host_dir_name *take,
               void *context)
{
    struct platform_dir handle;
    const char *path = join(files, dir, TEXT(""));
    if (path == NULL) {
        return host_files_note(files, -ERR_TOO_LONG);
    }
    int error = platform_dir_open(files->platform, path, files->names, NAMES_BYTES, &handle);
    if (error == 0) {
        files->dir = handle.handle;
        error = take_names(files, &handle, take, context);
        platform_dir_close(files->platform, &handle);
    }
    return host_files_note(files, error);
}

// NULL: too long, or no name at all, which would be the directory itself.
static const char *
name_alone(struct host_files *files, struct text name)
{
    struct out out = out_of(files->path, sizeof files->path);
    out_text(&out, name);
    const char *c_name = out_c_string(&out);
    return out.full || name.size == 0 ? NULL : c_name;
}

int
host_dir_status(struct host_files *files, struct text name, struct platform_status *status)
{
    const char *c_name = name_alone(files, name);
    int error = c_name == NULL ? -ERR_TOO_LONG
                               : platform_file_status_at(files->platform, files->dir, c_name,
                                                         status);
    return host_files_note(files, error);
}

int
host_dir_open(struct host_files *files, struct text dir, struct host_dir *opened)
{
    const char *path = join(files, dir, TEXT(""));
    int error = path == NULL ? -ERR_TOO_LONG
                             : platform_file_open(files->platform, path, PLATFORM_READ, 0,
                                                  &opened->handle);
    opened->open = error == 0;
    return host_files_note(files, error);
}

void
host_dir_close(struct host_files *files, struct host_dir *opened)
{
    if (opened->open) {
        platform_file_close(files->platform, opened->handle);
    }
    opened->open = false;
}

int
host_dir_read(struct host_files *files, const struct host_dir *opened, struct text name,
              struct text *content)
{
    const char *c_name = name_alone(files, name);
    int error = c_name == NULL ? -ERR_TOO_LONG
                               : platform_read_file_at(files->platform, opened->handle, c_name,
                                                       files->window, HOST_FILE_BYTES_MAX,
                                                       content);
    files->reads += error == 0;
    return host_files_note(files, error);
}

int
host_file_status(struct host_files *files, struct text dir, struct text name,
                 struct platform_status *status)
{
    const char *path = join(files, dir, name);
    int error = path == NULL ? -ERR_TOO_LONG
                             : platform_file_status(files->platform, path, status);
    return host_files_note(files, error);
}

int
host_file_space(struct host_files *files, struct text dir, struct platform_space *space)
{
    const char *path = join(files, dir, TEXT(""));
    int error = path == NULL ? -ERR_TOO_LONG
                             : platform_space(files->platform, path, space);
    return host_files_note(files, error);
}

int
host_file_link(struct host_files *files, struct text dir, struct text name,
               struct text *target)
{
    const char *path = join(files, dir, name);
    if (path == NULL) {
        return host_files_note(files, -ERR_TOO_LONG);
    }
    int error = platform_link_read(files->platform, path, files->window,
                                   HOST_FILE_BYTES_MAX, target);
    return host_files_note(files, error);
}
