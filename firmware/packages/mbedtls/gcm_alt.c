/* mbedTLS' own GCM goes block by block through its generic cipher layer and
 * multiplies one block at a time: about 0.25 GB/s with AES-NI. BearSSL takes
 * four blocks at once in both halves. Nothing here computes: it keeps the
 * contract of mbedtls/gcm.h and forwards. */
#include "mbedtls/gcm.h"

#include <bearssl_aead.h>
#include <bearssl_block.h>
#include <string.h>

#include "mbedtls/cipher.h"
#include "mbedtls/constant_time.h"
#include "mbedtls/platform_util.h"

/* NIST SP 800-38D, section 5.2.1.1: bytes under one IV. */
#define DATA_BYTES_MAX 0xFFFFFFFE0u
#define BYTES_MAX (UINT64_MAX >> 3) /* of what is counted in bits in 64 bits */

enum stage {
    STAGE_NO_KEY, /* zero: what mbedtls_gcm_init() leaves */
    STAGE_NO_IV,
    STAGE_AD,
    STAGE_DATA,
};

struct state {
    br_gcm_context gcm; /* points to keys */
    union {
        const br_block_ctr_class *aes; /* first in each of the others */
        br_aes_x86ni_ctr_keys x86ni;
        br_aes_ct64_ctr_keys ct64;
    } keys;
    uint64_t ad_bytes;
    uint64_t data_bytes;
    enum stage stage;
    int encrypt;
};

struct engine {
    const br_block_ctr_class *aes;
    br_ghash ghash;
};

_Static_assert(sizeof(struct state) <= sizeof(mbedtls_gcm_context), "state fits");
_Static_assert(_Alignof(struct state) <= _Alignof(mbedtls_gcm_context), "and is aligned");

static struct state *
state_of(mbedtls_gcm_context *ctx)
{
    return (struct state *)(void *)ctx;
}

void
mbedtls_gcm_init(mbedtls_gcm_context *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
}

void
mbedtls_gcm_free(mbedtls_gcm_context *ctx)
{
    if (ctx != NULL) {
        mbedtls_platform_zeroize(ctx, sizeof(*ctx));
    }
}

static const struct engine portable = {&br_aes_ct64_ctr_vtable, br_ghash_ctmul64};

/* Asked once: a virtual machine takes microseconds to answer. Not thread-safe. */
static const struct engine *
best_engine(void)
{
    static struct engine best;
    if (best.aes == NULL) {
        struct engine own = {br_aes_x86ni_ctr_get_vtable(), br_ghash_pclmul_get()};
        best = own.aes != NULL && own.ghash != 0 ? own : portable;
    }
    return &best;
}

static int
set_key(mbedtls_gcm_context *ctx, const struct engine *engine, const unsigned char *key,
        unsigned int keybits)
{
    if (keybits != 128 && keybits != 192 && keybits != 256) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    mbedtls_gcm_free(ctx);
    struct state *state = state_of(ctx);
    engine->aes->init(&state->keys.aes, key, keybits / 8);
    br_gcm_init(&state->gcm, &state->keys.aes, engine->ghash);
    state->stage = STAGE_NO_IV;
    return 0;
}

int
mbedtls_gcm_setkey(mbedtls_gcm_context *ctx, mbedtls_cipher_id_t cipher, const unsigned char *key,
                   unsigned int keybits)
{
    if (cipher != MBEDTLS_CIPHER_ID_AES) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    return set_key(ctx, best_engine(), key, keybits);
}

int
gcm_alt_setkey_portable(mbedtls_gcm_context *ctx, const unsigned char *key, unsigned int keybits)
{
    return set_key(ctx, &portable, key, keybits);
}

int
mbedtls_gcm_starts(mbedtls_gcm_context *ctx, int mode, const unsigned char *iv, size_t iv_len)
{
    struct state *state = state_of(ctx);
    if (state->stage == STAGE_NO_KEY || iv_len == 0 || iv_len > BYTES_MAX) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    br_gcm_reset(&state->gcm, iv, iv_len);
    state->encrypt = mode == MBEDTLS_GCM_ENCRYPT;
    state->ad_bytes = 0;
    state->data_bytes = 0;
    state->stage = STAGE_AD;
    return 0;
}

int
mbedtls_gcm_update_ad(mbedtls_gcm_context *ctx, const unsigned char *add, size_t add_len)
{
    struct state *state = state_of(ctx);
    if (state->stage != STAGE_AD || add_len > BYTES_MAX - state->ad_bytes) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    if (add_len != 0) { /* add may be NULL then */
        br_gcm_aad_inject(&state->gcm, add, add_len);
        state->ad_bytes += add_len;
    }
    return 0;
}

static void
end_ad(struct state *state)
{
    if (state->stage == STAGE_AD) {
        br_gcm_flip(&state->gcm);
        state->stage = STAGE_DATA;
    }
}

int
mbedtls_gcm_update(mbedtls_gcm_context *ctx, const unsigned char *input, size_t input_length,
                   unsigned char *output, size_t output_size, size_t *output_length)
{
    struct state *state = state_of(ctx);
    if (output_size < input_length) {
        return MBEDTLS_ERR_GCM_BUFFER_TOO_SMALL;
    }
    *output_length = input_length;
    if (state->stage < STAGE_AD || input_length > DATA_BYTES_MAX - state->data_bytes) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    if (input_length == 0) {
        return 0;
    }
    if (output > input && (size_t)(output - input) < input_length) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    if (output != input) {
        memmove(output, input, input_length);
    }
    end_ad(state);
    br_gcm_run(&state->gcm, state->encrypt, output, input_length);
    state->data_bytes += input_length;
    return 0;
}

int
mbedtls_gcm_finish(mbedtls_gcm_context *ctx, unsigned char *output, size_t output_size,
                   size_t *output_length, unsigned char *tag, size_t tag_len)
{
    (void)output; /* update() has given all of it */
    (void)output_size;
    *output_length = 0;
    struct state *state = state_of(ctx);
    if (state->stage < STAGE_AD || tag_len < 4 || tag_len > 16) {
        return MBEDTLS_ERR_GCM_BAD_INPUT;
    }
    end_ad(state);
    br_gcm_get_tag_trunc(&state->gcm, tag, tag_len);
    state->stage = STAGE_NO_IV;
    return 0;
}

int
mbedtls_gcm_crypt_and_tag(mbedtls_gcm_context *ctx, int mode, size_t length,
                          const unsigned char *iv, size_t iv_len, const unsigned char *add,
                          size_t add_len, const unsigned char *input, unsigned char *output,
                          size_t tag_len, unsigned char *tag)
{
    size_t written;
    int error = mbedtls_gcm_starts(ctx, mode, iv, iv_len);
    if (error == 0) {
        error = mbedtls_gcm_update_ad(ctx, add, add_len);
    }
    if (error == 0) {
        error = mbedtls_gcm_update(ctx, input, length, output, length, &written);
    }
    if (error == 0) {
        error = mbedtls_gcm_finish(ctx, NULL, 0, &written, tag, tag_len);
    }
    return error;
}

int
mbedtls_gcm_auth_decrypt(mbedtls_gcm_context *ctx, size_t length, const unsigned char *iv,
                         size_t iv_len, const unsigned char *add, size_t add_len,
                         const unsigned char *tag, size_t tag_len, const unsigned char *input,
                         unsigned char *output)
{
    unsigned char right[16];
    int error = mbedtls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_DECRYPT, length, iv, iv_len, add,
                                          add_len, input, output, tag_len, right);
    if (error == 0 && mbedtls_ct_memcmp(tag, right, tag_len) != 0) {
        mbedtls_platform_zeroize(output, length);
        error = MBEDTLS_ERR_GCM_AUTH_FAILED;
    }
    mbedtls_platform_zeroize(right, sizeof(right));
    return error;
}
