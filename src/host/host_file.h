// Reading this machine's files: the one way from host/ to the platform.
//
// A path is a directory and a name below the machine's root (which is not ours
// when we run in a container that sees the machine under /rootfs). One window
// of memory serves all reads, so that a view of what was read is good until
// the next call. Files are somebody else's: of any size, gone at any moment.
//
// Every failure is counted by its reason, except that a file does not exist or
// the kernel does not offer it, which is ordinary here.
#ifndef SKERRY_HOST_HOST_FILE_H
#define SKERRY_HOST_HOST_FILE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "base/times.h"
#include "limits.h"
#include "platform/platform.h"

// A memory.stat has about 2 KiB, a PSI file 200 bytes; longer files are read
// piece by piece.
#define HOST_FILE_BYTES_MAX (16 * 1024)
#define HOST_PATH_BYTES_MAX 1024

struct host_files {
    const struct platform *platform;
    struct text root;            // without a slash at the end: "" is "/"
    uint64_t errors[ERR_COUNT];  // since init
    uint64_t reads;              // files opened since init
    char *window;
    char *names;  // directory entries
    int dir;      // the directory that host_dir_names is reading
    char path[HOST_PATH_BYTES_MAX];
};

size_t host_files_footprint(void);
// `platform` and `root` must outlive the struct.
void host_files_init(struct host_files *files, struct arena *arena,
                     const struct platform *platform, struct text root);
// Counts a failure; `error` is 0 or -ERR_.... Gives it back.
int host_files_note(struct host_files *files, int error);

// The whole file; -ERR_TOO_LARGE when it is larger than the window.
int host_file_read(struct host_files *files, struct text dir, struct text name,
                   struct text *content) MUST_USE;
// The same, not counted: for what kernels may refuse by configuration.
int host_file_try(struct host_files *files, struct text dir, struct text name,
                  struct text *content) MUST_USE;

// Each piece as it is read; a negative return ends it and is returned. Neither
// this nor `line` may read another file or link meanwhile; a status may be.
typedef int host_file_piece(void *context, const void *bytes, size_t size);
int host_file_stream(struct host_files *files, struct text dir, struct text name,
                     host_file_piece *piece, void *context) MUST_USE;

// Each line without its end; one that is longer than the window is left out
// and counted. Not nested, see above.
typedef void host_file_line(void *context, struct text line);
int host_file_lines(struct host_files *files, struct text dir, struct text name,
                    host_file_line *line, void *context) MUST_USE;

// Each name but "." and ".."; `is_dir` only when the file system says so. The
// call back may read files but no directory.
typedef void host_dir_name(void *context, struct text name, bool is_dir);
int host_dir_names(struct host_files *files, struct text dir, host_dir_name *take,
                   void *context) MUST_USE;

// Only in its call back: of a name in the directory that is being read.
int host_dir_status(struct host_files *files, struct text name,
                    struct platform_status *status) MUST_USE;

// A directory of which several files are read is held open meanwhile, so that the
// kernel goes the way to it once.
struct host_dir {
    bool open;
    int handle;
};
int host_dir_open(struct host_files *files, struct text dir, struct host_dir *opened) MUST_USE;
void host_dir_close(struct host_files *files, struct host_dir *opened);
// As host_file_read.
int host_dir_read(struct host_files *files, const struct host_dir *opened, struct text name,
                  struct text *content) MUST_USE;

int host_file_status(struct host_files *files, struct text dir, struct text name,
                     struct platform_status *status) MUST_USE;
int host_file_space(struct host_files *files, struct text dir,
                    struct platform_space *space) MUST_USE;
// The link's text, in the window.
int host_file_link(struct host_files *files, struct text dir, struct text name,
                   struct text *target) MUST_USE;

#endif
