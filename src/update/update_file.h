// The update file: a head of 1,024 bytes and, behind it, the image of a slot (a
// FAT file system that holds kernel and initramfs). Pure: bytes in, facts out.
//
//   0    8   "SKERRYUP"
//   8    4   format: 1            numbers are little-endian
//   12   4   bytes of the signature, 1 to 512
//   16   8   bytes of the image; the file has exactly 1,024 more
//   24   32  SHA-256 of the image
//   56   32  version: numbers with dots, ended by zeros
//   88   424 zeros
//   512  512 the signature of bytes 0 to 511, then zeros
//
// Made by firmware/image/update.sh.
#ifndef SKERRY_UPDATE_UPDATE_FILE_H
#define SKERRY_UPDATE_UPDATE_FILE_H

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define UPDATE_HEAD_BYTES 1024
#define UPDATE_SIGNED_BYTES 512
#define UPDATE_SIGNATURE_BYTES_MAX 512
#define UPDATE_DIGEST_BYTES 32
#define UPDATE_VERSION_BYTES 32

struct update_head {
    struct text version;  // these point into the bytes that were read
    struct text digest;   // 32 bytes
    struct text signed_part;
    struct text signature;
    uint64_t image_bytes;
};

// `bytes`: the whole head. -ERR_MALFORMED: it is none, or a byte that must be
// zero is not; -ERR_UNSUPPORTED: a format of later versions. Nothing in it is to
// be believed before the signature was checked.
int update_head_read(struct text bytes, struct update_head *head) MUST_USE;

// 1 to 4 numbers of up to six digits, with dots.
bool update_version_is_valid(struct text version);
// Less than, equal to, greater than 0, number by number; missing ones are 0. Both
// must be valid.
int update_version_compare(struct text a, struct text b);

// 32 hexadecimal digits: enough to tell images from each other.
#define UPDATE_MARK_BYTES 32
void update_mark_write(struct text digest, struct out *out);

#endif
