// A configuration from flags, for the tests of this room.
#ifndef SKERRY_TESTS_UNIT_APP_CONFIGURED_H
#define SKERRY_TESTS_UNIT_APP_CONFIGURED_H

#include "app/config_check.h"
#include "app/config_read.h"

#include "../platform/fake.h"
#include "../test.h"

#define CONFIGURED_ARGUMENTS_MAX 32

struct configured {
    struct fake fake;
    struct config config;
    struct out why;
    char sentence[1024];
    _Alignas(16) unsigned char memory[512 * 1024];
};

// Reads and checks the flags, ended by NULL. Opens the fake machine when there
// is none yet; its files stay from call to call.
static inline int
configured_read(struct configured *configured, char *const *environment, char *const *flags)
{
    struct arena arena;
    struct workspace space;
    int count = 0;
    while (flags[count] != NULL) {
        count++;
    }
    for (size_t i = 0; i < sizeof configured->memory; i++) {
        configured->memory[i] = 0;
    }
    arena_init(&arena, configured->memory, sizeof configured->memory);
    workspace_init(&space, &arena, config_read_workspace_bytes());
    configured->why = out_of(configured->sentence, sizeof configured->sentence);
    int error = config_read(&configured->config, &configured->fake.platform, count, flags,
                            environment, &space, &configured->why);
    if (error == 0) {
        error = config_check(&configured->config, &configured->why);
    }
    out_c_string(&configured->why);
    return error;
}

// configured_flags(&configured, "--nodes=3", "--json", NULL)
#define configured_flags(configured, ...) \
    configured_read((configured), NULL, (char *const[]){__VA_ARGS__})

#endif
