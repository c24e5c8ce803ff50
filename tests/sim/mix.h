/* Hashing: every property of the simulated cluster that is not stored is
 * drawn from a 64-bit seed with these functions, so that the same seed always
 * gives the same cluster.
 *
 * mix64 is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014). */
#ifndef SIM_MIX_H
#define SIM_MIX_H

#include <stdint.h>

static inline uint64_t
mix64(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

/* A draw of its own for each (seed, salt). */
static inline uint64_t
mix_with(uint64_t seed, uint64_t salt)
{
    return mix64(seed ^ (salt * 0xd6e8feb86659fd93u));
}

/* 0 .. bound-1, without a division; bound must fit 32 bits. */
static inline uint64_t
mix_below(uint64_t draw, uint64_t bound)
{
    return ((draw >> 32) * bound) >> 32;
}

#endif
