#include "terminal/wrap.h"

#define FURTHER 2

static size_t
indent_of(struct text line)
{
    size_t blanks = 0;
    while (blanks < line.size && line.at[blanks] == ' ') {
        blanks++;
    }
    return blanks;
}

// Where to break: the last blank within `room` behind the indent, else the first
// one behind it; the whole line when there is none.
static size_t
break_of(struct text line, size_t room)
{
    size_t begin = indent_of(line);
    size_t found = line.size;
    for (size_t at = begin; at < line.size; at++) {
        if (line.at[at] == ' ' && (at <= room || found == line.size)) {
            found = at;
        }
        if (at >= room && found < line.size) {
            break;
        }
    }
    return found;
}

static void
write_line(struct out *out, struct text line, size_t columns)
{
    size_t indent = indent_of(line) + FURTHER;
    size_t room = columns;
    while (line.size > room) {
        size_t end = break_of(line, room);
        out_text(out, text_sub(line, 0, end));
        line = text_trim(text_sub(line, end, SIZE_MAX));
        if (line.size == 0) {
            break;
        }
        out_byte(out, '\n');
        for (size_t i = 0; i < indent; i++) {
            out_byte(out, ' ');
        }
        room = columns > indent ? columns - indent : 1;
    }
    out_text(out, line);
}

void
wrap_write(struct out *out, struct text text, unsigned columns)
{
    struct text line;
    while (text.size > 0) {
        bool ended = text_cut(text, '\n', &line, &text);
        write_line(out, line, columns);
        if (ended) {
            out_byte(out, '\n');
        }
    }
}
