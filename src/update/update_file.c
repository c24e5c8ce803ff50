#include "update/update_file.h"

#include <string.h>

#include "base/check.h"

#define MAGIC TEXT("SKERRYUP")
#define FORMAT 1
#define FORMAT_AT 8
#define SIGNATURE_SIZE_AT 12
#define IMAGE_SIZE_AT 16
#define DIGEST_AT 24
#define VERSION_AT 56
#define VERSION_END (VERSION_AT + UPDATE_VERSION_BYTES)
#define NUMBERS_MAX 4
#define DIGITS_MAX 6

_Static_assert(UPDATE_SIGNED_BYTES + UPDATE_SIGNATURE_BYTES_MAX == UPDATE_HEAD_BYTES,
               "the signature fills the second half of the head");

static bool
is_zero(struct text bytes, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (bytes.at[i] != 0) {
            return false;
        }
    }
    return true;
}

int
update_head_read(struct text bytes, struct update_head *head)
{
    *head = (struct update_head){0};
    if (bytes.size != UPDATE_HEAD_BYTES || !text_starts(bytes, MAGIC)) {
        return -ERR_MALFORMED;
    }
    if (text_little_endian(bytes, FORMAT_AT, 4) != FORMAT) {
        return -ERR_UNSUPPORTED;
    }
    uint64_t signature_size = text_little_endian(bytes, SIGNATURE_SIZE_AT, 4);
    struct text version = text_sub(bytes, VERSION_AT, UPDATE_VERSION_BYTES);
    version.size = strnlen(version.at, version.size);
    if (signature_size == 0 || signature_size > UPDATE_SIGNATURE_BYTES_MAX ||
        !update_version_is_valid(version) ||
        !is_zero(bytes, VERSION_AT + version.size, VERSION_END) ||
        !is_zero(bytes, VERSION_END, UPDATE_SIGNED_BYTES) ||
        !is_zero(bytes, UPDATE_SIGNED_BYTES + (size_t)signature_size, UPDATE_HEAD_BYTES)) {
        return -ERR_MALFORMED;
    }
    head->version = version;
    head->digest = text_sub(bytes, DIGEST_AT, UPDATE_DIGEST_BYTES);
    head->signed_part = text_sub(bytes, 0, UPDATE_SIGNED_BYTES);
    head->signature = text_sub(bytes, UPDATE_SIGNED_BYTES, (size_t)signature_size);
    head->image_bytes = text_little_endian(bytes, IMAGE_SIZE_AT, 8);
    return 0;
}

bool
update_version_is_valid(struct text version)
{
    struct text number;
    struct text rest = version;
    bool more = true;
    for (unsigned count = 0; more; count++) {
        uint64_t ignored;
        more = text_cut(rest, '.', &number, &rest);
        if (count == NUMBERS_MAX || number.size > DIGITS_MAX ||
            text_to_u64(number, &ignored) != 0) {
            return false;
        }
    }
    return true;
}

static uint64_t
next_number(struct text *rest)
{
    struct text number;
    uint64_t value;
    text_cut(*rest, '.', &number, rest);
    return text_to_u64(number, &value) == 0 ? value : 0;
}

int
update_version_compare(struct text a, struct text b)
{
    for (unsigned i = 0; i < NUMBERS_MAX; i++) {
        uint64_t of_a = next_number(&a);
        uint64_t of_b = next_number(&b);
        if (of_a != of_b) {
            return of_a < of_b ? -1 : 1;
        }
    }
    return 0;
}

void
update_mark_write(struct text digest, struct out *out)
{
    for (size_t i = 0; i < UPDATE_MARK_BYTES / 2 && i < digest.size; i++) {
        out_format(out, "%02x", (unsigned char)digest.at[i]);
    }
}
