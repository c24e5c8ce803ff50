// CRC-32C (Castagnoli; RFC 3720 appendix B.4), the checksum of what is kept on
// disk. Pure.
#ifndef SKERRY_BASE_CRC32C_H
#define SKERRY_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

// Goes on from the sum of the bytes before; begin with 0. Uses the processor's
// own instruction where there is one.
uint32_t crc32c(uint32_t sum, const void *bytes, size_t size);

// The same by tables alone; for processors without it, and for tests.
uint32_t crc32c_by_table(uint32_t sum, const void *bytes, size_t size);

#endif
