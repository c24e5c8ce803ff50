// `skerry top`: looking at all rows, and making the part of the order that is on
// the screen; 30,000 pods. What is worst is an order in which all values are equal.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "../unit/api/world.h"
#include "terminal/top_rows.h"

#define PODS 30000
#define ROWS 40000
#define TURNS 20

static double
now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void
measure(struct top_rows *rows, struct world *world, const char *name, struct top_ask ask)
{
    double scan = 0;
    double select = 0;
    for (int i = 0; i < TURNS; i++) {
        double begin = now_ms();
        top_rows_scan(rows, &world->reader, &ask);
        double middle = now_ms();
        top_rows_select(rows, &world->reader, 0, 50);
        scan += middle - begin;
        select += now_ms() - middle;
    }
    printf("top_scan_%s %.2f ms\ntop_select_%s %.2f ms\n", name, scan / TURNS, name,
           select / TURNS);
}

int
main(void)
{
    struct arena arena;
    struct world *world = world_make(PODS);
    size_t bytes = top_rows_footprint(ROWS);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return 1;
    }
    arena_init(&arena, memory, bytes);
    struct top_rows *rows = top_rows_init(&arena, ROWS);
    measure(rows, world, "30000_pods_by_age", (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_AGE});
    measure(rows, world, "30000_pods_by_name", (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_NAME});
    measure(rows, world, "30000_pods_filtered", (struct top_ask){.kind = TOP_PODS, .sort = TOP_SORT_CPU, .filter = TEXT("pod-0299")});
    measure(rows, world, "30000_containers_by_cpu", (struct top_ask){.kind = TOP_CONTAINERS, .sort = TOP_SORT_CPU});
    return rows->count > 0 ? 0 : 1;
}
