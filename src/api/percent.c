#include "api/percent.h"

#include "base/uri.h"

int
percent_decode(char *to, struct text from, bool plus_is_blank, struct text *decoded)
{
    int error = uri_decode(to, from, plus_is_blank, decoded);
    for (size_t i = 0; error == 0 && i < decoded->size; i++) {
        unsigned char byte = (unsigned char)decoded->at[i];
        error = byte < 0x20 || byte == 0x7f ? -ERR_MALFORMED : 0;
    }
    return error != 0 || text_is_utf8(*decoded) ? error : -ERR_MALFORMED;
}
