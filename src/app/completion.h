// What a flag can be set to, for completion: from the tables, so that nothing of it
// goes stale.
#ifndef SKERRY_APP_COMPLETION_H
#define SKERRY_APP_COMPLETION_H

#include "app/config.h"

enum completion_kind {
    COMPLETION_BARE,   // stands without a value
    COMPLETION_VALUE,  // takes one that nobody can guess
    COMPLETION_WORDS,
    COMPLETION_FILE,
};

enum completion_kind completion_of(enum config_id flag);
// The words, with `before` each; `colon` stands for the colon after a kind of
// source or sink.
void completion_words(enum config_id flag, const char *before, const char *colon,
                      struct out *out);

#endif
