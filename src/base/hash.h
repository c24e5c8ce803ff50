// SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012):
// a keyed hash, because names come from outside and may be chosen to collide.
#ifndef SKERRY_BASE_HASH_H
#define SKERRY_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t k0;
    uint64_t k1;
};

uint64_t hash_bytes(struct hash_key key, const void *bytes, size_t size);

// Mixes two words, for keys that are not text; not keyed.
uint64_t hash_mix(uint64_t a, uint64_t b);

#endif
