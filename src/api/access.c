#include "api/access.h"

#include <mbedtls/sha256.h>
#include <string.h>

#include "base/check.h"

#define BLOCK_BYTES 64
// __Host-: browsers take it from this host alone, over TLS alone.
#define COOKIE "__Host-skerry"
#define COOKIE_ATTRIBUTES "; Path=/; Secure; HttpOnly; SameSite=Strict"

static void
digest(unsigned char *sum, const unsigned char *first, size_t first_bytes, const void *second,
       size_t second_bytes)
{
    mbedtls_sha256_context sha256;
    mbedtls_sha256_init(&sha256);
    int code = mbedtls_sha256_starts(&sha256, 0);
    code = code != 0 ? code : mbedtls_sha256_update(&sha256, first, first_bytes);
    code = code != 0 ? code : mbedtls_sha256_update(&sha256, second, second_bytes);
    code = code != 0 ? code : mbedtls_sha256_finish(&sha256, sum);
    mbedtls_sha256_free(&sha256);
    ASSERT(code == 0);  // fails only with hardware that is not there
}

// HMAC-SHA256 (RFC 2104). mbedTLS' own takes heap.
static void
hmac(unsigned char *mac, struct text key, struct text message)
{
    unsigned char padded[BLOCK_BYTES] = {0};
    unsigned char inner[BLOCK_BYTES];
    unsigned char outer[BLOCK_BYTES];
    unsigned char sum[ACCESS_MAC_BYTES];
    if (key.size > BLOCK_BYTES) {
        digest(padded, (const unsigned char *)key.at, key.size, "", 0);
    } else {
        memcpy(padded, key.at, key.size);
    }
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        inner[i] = padded[i] ^ 0x36;
        outer[i] = padded[i] ^ 0x5c;
    }
    digest(sum, inner, sizeof inner, message.at, message.size);
    digest(mac, outer, sizeof outer, sum, sizeof sum);
}

static bool
same(const unsigned char *a, const unsigned char *b, size_t size)
{
    unsigned char difference = 0;
    for (size_t i = 0; i < size; i++) {
        difference = (unsigned char)(difference | (a[i] ^ b[i]));
    }
    return difference == 0;
}

int
access_parse(struct text content, struct text *token, struct out *why)
{
    *token = text_trim(content);
    if (token->size < ACCESS_TOKEN_BYTES_MIN || token->size > ACCESS_TOKEN_BYTES_MAX) {
        out_format(why, "a token has %d to %d characters, and this one has %zu",
                   ACCESS_TOKEN_BYTES_MIN, ACCESS_TOKEN_BYTES_MAX, token->size);
        return -ERR_BAD_CONFIG;
    }
    for (size_t i = 0; i < token->size; i++) {
        if (token->at[i] <= ' ' || token->at[i] > '~') {
            out_string(why, "a token is one line of visible ASCII characters without blanks");
            return -ERR_BAD_CONFIG;
        }
    }
    return 0;
}

static struct text
process_key(const struct access *access)
{
    return (struct text){(const char *)access->key, sizeof access->key};
}

void
access_set_token(struct access *access, struct text token)
{
    ASSERT(token.size <= sizeof access->token);
    memcpy(access->token, token.at, token.size);
    access->token_bytes = token.size;
    hmac(access->mac, process_key(access), token);
}

bool
access_has_token(const struct access *access, struct text given)
{
    unsigned char mac[ACCESS_MAC_BYTES];
    hmac(mac, process_key(access), text_sub(given, 0, ACCESS_TOKEN_BYTES_MAX + 1));
    return access->token_bytes > 0 && same(mac, access->mac, sizeof mac);
}

bool
access_has_bearer(const struct access *access, struct text header)
{
    struct text scheme;
    struct text given;
    if (!text_cut(header, ' ', &scheme, &given)) {
        return false;
    }
    bool bearer = text_equal(scheme, TEXT("Bearer")) || text_equal(scheme, TEXT("bearer"));
    return access_has_token(access, text_trim(given)) && bearer;
}

// "SECONDS-HMAC" of the time until which it is good.
static void
write_value(const struct access *access, int64_t until_s, struct out *out)
{
    unsigned char mac[ACCESS_MAC_BYTES];
    char message[64];
    struct out said = out_of(message, sizeof message);
    out_string(&said, "skerry login until ");
    out_i64(&said, until_s);
    hmac(mac, (struct text){access->token, access->token_bytes}, out_view(&said));
    out_i64(out, until_s);
    out_byte(out, '-');
    for (size_t i = 0; i < sizeof mac; i++) {
        out_format(out, "%02x", mac[i]);
    }
}

static bool
is_good_value(const struct access *access, struct text value, struct wall_ms now)
{
    char buffer[ACCESS_COOKIE_BYTES_MAX];
    struct out expected = out_of(buffer, sizeof buffer);
    struct text until;
    struct text mac;
    uint64_t until_s;
    if (access->token_bytes == 0 || !text_cut(value, '-', &until, &mac) || until.size > 12 ||
        text_to_u64(until, &until_s) != 0) {
        return false;
    }
    write_value(access, (int64_t)until_s, &expected);
    return expected.used == value.size &&
           same((const unsigned char *)buffer, (const unsigned char *)value.at, value.size) &&
           (int64_t)until_s * MS_PER_S > now.ms;
}

bool
access_has_cookie(const struct access *access, struct text header, struct wall_ms now)
{
    struct text rest = header;
    while (rest.size > 0) {
        struct text cookie;
        struct text name;
        struct text value;
        (void)text_cut(rest, ';', &cookie, &rest);
        if (text_cut(text_trim(cookie), '=', &name, &value) && text_equal(name, TEXT(COOKIE)) &&
            is_good_value(access, value, now)) {
            return true;
        }
    }
    return false;
}

void
access_write_cookie(const struct access *access, struct wall_ms now, struct out *out)
{
    out_string(out, COOKIE "=");
    write_value(access, (now.ms + ACCESS_COOKIE_MS) / MS_PER_S, out);
    out_format(out, "; Max-Age=%lld" COOKIE_ATTRIBUTES, (long long)(ACCESS_COOKIE_MS / MS_PER_S));
}

void
access_write_no_cookie(struct out *out)
{
    out_string(out, COOKIE "=; Max-Age=0" COOKIE_ATTRIBUTES);
}
