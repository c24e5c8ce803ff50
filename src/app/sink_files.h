// The files that --sink and --event-sink values name: secrets and certificates. For export, which
// begins again when one changes, for the guard, which starts a refused export
// again then, and for `skerry validate`.
//
// A file that changes is read again by a new process, as all of it was at the
// start: so certificates, headers and accounts of every kind are made anew, and the
// cursor says where to go on.
#ifndef SKERRY_APP_SINK_FILES_H
#define SKERRY_APP_SINK_FILES_H

#include "app/config.h"
#include "platform/platform.h"
#include "sink/sink.h"

// Scratch of sink_files_visit.
#define SINK_FILES_SPACE_BYTES ((size_t)9 * 1024)

// `path` is good during the call.
typedef void sink_file(void *context, struct text path);

// Of all sinks that can be taken apart; `space` is reset for each.
void sink_files_visit(const struct config *config, struct workspace *space, sink_file *visit,
                      void *context);

// Whether the PEM files of a configured sink hold what they should. The sentence
// names the option.
bool sink_files_are_good(const struct platform *platform, const struct sink *sink,
                         struct out *why);

// What export remembers between two looks; zeroed with `config` and `platform` set.
struct sink_files {
    const struct config *config;
    const struct platform *platform;
    struct workspace *space;  // sink_space_bytes(), which holds a visit's, too
    bool begun;
    uint64_t read;     // the files when this process read them
    uint64_t seen;     // at the last look
    uint64_t refused;  // cannot be used; 0: none
};

enum sink_files_news {
    SINK_FILES_SAME,
    SINK_FILES_CHANGED,  // to something that can be used, or that only a new process may read
    SINK_FILES_BAD,      // once for each change: why tells; what was read stays in use
};
// Stands still for two looks before it counts: files are not always replaced as a
// whole.
enum sink_files_news sink_files_look(struct sink_files *files, struct out *why);

#endif
