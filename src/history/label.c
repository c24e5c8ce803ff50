#include "history/label.h"

#include <string.h>

#include "history/kind.h"
#include "limits.h"

#define DAY_S 86400

static uint32_t
slots_for(uint32_t expected)
{
    uint32_t count = 256;
    while (count < expected && count < KIND_LABELS_MAX) {
        count *= 2;
    }
    return count;
}

size_t
label_cache_footprint(uint32_t expected)
{
    return arena_bytes(slots_for(expected) * sizeof(struct label_slot));
}

void
label_cache_init(struct label_cache *cache, struct arena *arena, uint32_t expected)
{
    uint32_t count = slots_for(expected);
    *cache = (struct label_cache){
        .mask = count - 1, .slots = arena_take_array(arena, count, sizeof(struct label_slot))};
}

void
label_cache_forget(struct label_cache *cache)
{
    memset(cache->slots, 0, ((size_t)cache->mask + 1) * sizeof cache->slots[0]);
}

uint64_t
label_identity(struct hash_key key, struct text name, struct text resource)
{
    key.k1 ^= hash_bytes(key, name.at, name.size);
    return hash_bytes(key, resource.at, resource.size);
}

static int
find(struct database *database, uint64_t identity, struct text name, struct text resource,
     uint32_t *number)
{
    sqlite3_stmt *row;
    int result =
        database_query(database, STATEMENT_LABEL_FIND, DATABASE_VALUES((int64_t)identity), &row);
    if (result <= 0) {
        return result;
    }
    *number = (uint32_t)sqlite3_column_int64(row, 0);
    bool is_it =
        text_equal(database_column(row, 1), name) && text_equal(database_column(row, 2), resource);
    database_done(row);
    return is_it ? 1 : -ERR_MALFORMED;  // else an index that leads astray
}

static int
add(struct database *database, uint64_t identity, struct text name, struct text resource,
    uint32_t now_s, uint32_t *number)
{
    sqlite3_stmt *statement;
    int64_t last;
    int error = database_number(database, STATEMENT_LABEL_LAST, NULL, 0, &last);
    if (error < 0 || last + 1 >= KIND_LABELS_MAX) {
        return error < 0 ? error : -ERR_TOO_MANY;
    }
    *number = (uint32_t)last + 1;
    error = database_prepare(database, STATEMENT_LABEL_ADD,
                             DATABASE_VALUES((int64_t)identity, now_s, *number), &statement);
    if (error == 0) {
        database_bind_text(statement, 4, name);
        database_bind_text(statement, 5, resource);
        error = database_step(database, statement);
    }
    return error;
}

int
label_number(struct database *database, struct label_cache *cache, struct hash_key key,
             struct text name, struct text resource, uint32_t now_s, uint32_t *number)
{
    if (now_s - cache->since_s >= DAY_S) {
        label_cache_forget(cache);
        cache->since_s = now_s;
    }
    name = text_sub(name, 0, SHORT_NAME_BYTES_MAX);
    resource = text_sub(resource, 0, SHORT_NAME_BYTES_MAX);
    uint64_t identity = label_identity(key, name, resource);
    struct label_slot *slot = &cache->slots[identity & cache->mask];
    if (slot->number != 0 && slot->check == (uint32_t)(identity >> 32)) {
        *number = slot->number;
        return 0;
    }
    int result = find(database, identity, name, resource, number);
    result = result > 0
                 ? database_run(database, STATEMENT_LABEL_TOUCH, DATABASE_VALUES(*number, now_s))
             : result == 0 ? add(database, identity, name, resource, now_s, number)
                           : result;
    if (result == 0) {
        *slot = (struct label_slot){(uint32_t)(identity >> 32), *number};
    }
    return result;
}

int
label_find(struct database *database, struct hash_key key, struct text name, struct text resource,
           uint32_t *number)
{
    name = text_sub(name, 0, SHORT_NAME_BYTES_MAX);
    resource = text_sub(resource, 0, SHORT_NAME_BYTES_MAX);
    return find(database, label_identity(key, name, resource), name, resource, number);
}

static struct text
kept_in(struct out *texts, struct text text)
{
    const char *at = texts->at + texts->used;
    out_text(texts, text);
    return (struct text){at, text.size};
}

int
label_get(struct database *database, struct hash_key key, uint32_t number, struct out *texts,
          struct text *name, struct text *resource)
{
    sqlite3_stmt *row;
    int result = database_query(database, STATEMENT_LABEL_GET, DATABASE_VALUES(number), &row);
    if (result > 0) {
        *name = kept_in(texts, database_column(row, 0));
        *resource = kept_in(texts, database_column(row, 1));
        uint64_t identity = (uint64_t)sqlite3_column_int64(row, 2);
        database_done(row);
        if (!texts->full && label_identity(key, *name, *resource) != identity) {
            return -ERR_MALFORMED;
        }
    }
    return result > 0 && texts->full ? -ERR_TOO_LONG : result;
}
