// The first byte takes room from the workspace.
#include "parse/kubeconfig.h"

#include "fuzz.h"

#define SPACE_BYTES 32768

static void
check(const struct workspace *space, struct text text)
{
    FUZZ_CHECK(text.size == 0 || fuzz_within(text, (const char *)space->base, space->size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char *base;
    static char sentence[4096];
    if (base == NULL) {
        base = aligned_alloc(64, SPACE_BYTES);
    }
    if (size == 0) {
        return 0;
    }
    struct workspace space = {.base = base, .size = SPACE_BYTES - (size_t)data[0] * 128};
    struct kubeconfig_source source = {
        .file_name = TEXT("/etc/kubeconfig"),
        .content = {(const char *)data + 1, size - 1},
    };
    struct kubeconfig k;
    struct out out = out_of(sentence, sizeof sentence);
    int error = kubeconfig_read(&k, &source, &space, &out);
    FUZZ_CHECK(error <= 0 && error > -ERR_COUNT);
    FUZZ_CHECK((error == 0) == (out.used == 0));
    const struct text texts[] = {k.context,
                                 k.server,
                                 k.ca_data,
                                 k.ca_file,
                                 k.tls_server_name,
                                 k.token,
                                 k.token_file,
                                 k.client_certificate_data,
                                 k.client_certificate_file,
                                 k.client_key_data,
                                 k.client_key_file,
                                 k.username,
                                 k.password};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        check(&space, texts[i]);
    }
    return 0;
}
