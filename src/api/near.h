// What a client may have meant by a name that nobody knows.
//
// The edit distance (Levenshtein) to each name offered, up to a limit that
// grows with the length; the nearest few are kept. Bounded work for each offer:
// only a band around the diagonal is computed.
#ifndef SKERRY_API_NEAR_H
#define SKERRY_API_NEAR_H

#include "base/text.h"
#include "limits.h"

#define NEAR_COUNT_MAX 3
// How far a name may be at most, however long.
#define NEAR_DISTANCE_MAX 6

struct near {
    struct text wanted;
    unsigned limit;
    unsigned count;
    struct {
        unsigned distance;
        uint16_t size;
        char name[NAME_BYTES_MAX];
    } best[NEAR_COUNT_MAX];  // nearest first
};

// `wanted` must outlive `near`.
void near_begin(struct near *near, struct text wanted);
void near_offer(struct near *near, struct text name);
// The same of a name that goes on behind what is compared, by `further` parts; of
// two as near as each other the shorter one is kept first.
void near_offer_longer(struct near *near, struct text compared, unsigned further,
                       struct text name);
// "; near it: a, b, c", or nothing when nothing is.
void near_write(const struct near *near, struct out *out);

// The edit distance of `a` and `b`, or limit + 1 when it is more than `limit`,
// which is at most NEAR_DISTANCE_MAX. Names beyond NAME_BYTES_MAX are never near.
unsigned near_distance(struct text a, struct text b, unsigned limit);

#endif
