#include "app/source_check.h"

#include <stdlib.h>

#include "discover/source_uri.h"

#define VARIABLE_BYTES_MAX 256
#define SENTENCE_BYTES 512

bool
source_check_variable(void *context, struct text name, struct text *value)
{
    char buffer[VARIABLE_BYTES_MAX];
    struct out variable = out_of(buffer, sizeof buffer);
    (void)context;
    out_text(&variable, name);
    const char *c_name = out_c_string(&variable);
    const char *found = variable.full ? NULL : getenv(c_name);
    *value = text_of(found);
    return found != NULL;
}

static int
parse(const struct config *config, unsigned index, struct workspace *space,
      struct source_uri *uri, struct out *why)
{
    struct text source = config_list(config, CONFIG_SOURCE, index);
    workspace_reset(space);
    return source_uri_parse(source, source_check_variable, NULL, space, uri, why);
}

int
source_check(const struct config *config, struct workspace *space, struct out *why)
{
    for (unsigned i = 0; i < config_list_count(config, CONFIG_SOURCE); i++) {
        char buffer[SENTENCE_BYTES];
        struct out sentence = out_of(buffer, sizeof buffer);
        struct source_uri uri;
        if (parse(config, i, space, &uri, &sentence) != 0) {
            out_format(why, "--source=" TEXT_FORMAT ": ",
                       TEXT_ARGS(config_list(config, CONFIG_SOURCE, i)));
            out_text(why, out_view(&sentence));
            return -ERR_BAD_CONFIG;
        }
    }
    return 0;
}

struct text
source_check_auth(const struct config *config, unsigned index, struct workspace *space)
{
    char buffer[SENTENCE_BYTES];
    struct out sentence = out_of(buffer, sizeof buffer);
    struct source_uri uri;
    return parse(config, index, space, &uri, &sentence) == 0 ? uri.auth
                                                             : (struct text){NULL, 0};
}
