// One request to a node, from start to the note in its row. Internal to the
// scrape room: scrape.c schedules, this carries out.
#ifndef SKERRY_SCRAPE_FLIGHT_H
#define SKERRY_SCRAPE_FLIGHT_H

#include "scrape/scrape.h"

#define FLIGHT_NONE UINT32_MAX

void flight_init_all(struct scrape *scrape);

// 0: under way, or already over and put back; -ERR_BUSY: not now.
int flight_start(struct scrape *scrape, uint32_t target, struct mono_ns now);

// In scrape.c: the request is over with `error` (positive, or 0), so the target
// goes back to its schedule.
void scrape_put_back(struct scrape *scrape, uint32_t target, const struct flight *flight,
                     int error);

#endif
