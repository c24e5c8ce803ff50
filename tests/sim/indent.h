/* Turns compact JSON into what the API server sends to curl and browsers: two
 * spaces a level, empty objects over three lines, fieldsV1 left compact.
 * Works on a stream: any cut of the input gives the same output. */
#ifndef SIM_INDENT_H
#define SIM_INDENT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

struct indent {
    unsigned depth;
    unsigned raw_depth; /* inside fieldsV1 from this depth on; 0 = not */
    bool in_string;
    bool escaped;
    bool opened;   /* the last byte opened an object or a list */
    bool raw_next; /* the next value is that of fieldsV1 */
    char opener;
    char name[16]; /* the last string seen, cut */
    size_t name_len;
};

void indent_put(struct indent *state, struct buf *out, const char *json, size_t len);

#endif
