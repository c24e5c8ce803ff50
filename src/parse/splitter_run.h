// What the files of the splitter share: splitter.c (the grammar), its hot
// part; splitter_element.c (where elements begin, end and fail) and
// splitter_key.c (which members stay). Nobody else includes this.
#ifndef SKERRY_PARSE_SPLITTER_RUN_H
#define SKERRY_PARSE_SPLITTER_RUN_H

#include "parse/splitter.h"

#define NO_DEPTH UINT32_MAX
#define KEEP_ALL SIZE_MAX

enum state {
    // Between tokens: blanks may stand here.
    AT_DOCUMENT,
    AT_END,
    AT_VALUE,  // of a member
    AT_FIRST_ITEM,
    AT_ITEM,
    AT_FIRST_KEY,
    AT_KEY,
    AT_COLON,
    AT_NEXT,
    // Within a token.
    IN_KEY,
    IN_TEXT,
    IN_NUMBER,
    IN_LITERAL,
    IN_RECOVERY,
    IN_RECOVERY_TEXT,
};

// The hot part of the state, in registers while a piece is looked at.
struct run {
    const char *at;
    const char *end;
    char *out;          // where the next kept byte goes
    const char *limit;  // behind the last byte an element may have
    size_t keep;
    unsigned high_bytes;
};

// Writes a byte; it stays only while bytes are kept.
static inline void
put(struct run *run, char byte)
{
    *run->out = byte;
    run->out += run->keep & 1U;
}

static inline bool
level_is_object(const struct splitter *s)
{
    return s->depth > 0 && (s->objects >> (s->depth - 1U) & 1U) != 0;
}

// The element, or a name outside of one, does not fit.
void splitter_overflow(struct splitter *s, struct run *run);

static inline void
check_room(struct splitter *s, struct run *run)
{
    if (run->out > run->limit) {
        splitter_overflow(s, run);
    }
}

// `[` or `{` one level further down.
static inline void
level_open(struct splitter *s, char bracket)
{
    uint64_t bit = UINT64_C(1) << s->depth;
    s->objects = bracket == '{' ? s->objects | bit : s->objects & ~bit;
    s->depth++;
}

// The value that comes, at this depth, is an element.
void splitter_element_begin(struct splitter *s, struct run *run, unsigned tag);
// The value that comes, at this depth, is left out of the element.
void splitter_drop_begin(struct splitter *s, struct run *run);
// Something ends at a depth where more than a value may end.
void splitter_boundary(struct splitter *s, struct run *run);
// The byte at run->at breaks the grammar: the rest of the element is passed
// over by its brackets, or everything fails when it is in no element.
int splitter_fault(struct splitter *s, struct run *run, enum error error);
// One byte of a faulty element, outside and inside of texts.
int splitter_recover(struct splitter *s, struct run *run);
int splitter_recover_text(struct splitter *s, struct run *run);
// Whether the member whose name was just read is to be kept; sets what is
// known of its value.
bool splitter_keeps_member(struct splitter *s, struct run *run, const struct shape *shape);

static inline int
value_end(struct splitter *s, struct run *run)
{
    s->state = AT_NEXT;
    if (s->depth == s->boundary || s->depth == 0) {
        splitter_boundary(s, run);
    }
    return 0;
}

#endif
