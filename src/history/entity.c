#include "history/entity.h"

#include <string.h>

static struct text
clipped(struct text text)
{
    return text_sub(text, 0, ENTITY_LABEL_BYTES_MAX);
}

struct text
entity_encode(const struct metric_set *set, char data[ENTITY_DATA_BYTES_MAX])
{
    struct out out = out_of(data, ENTITY_DATA_BYTES_MAX);
    out_byte(&out, (char)set->entity);
    out_bytes(&out, &set->created_s, sizeof set->created_s);
    for (unsigned i = 0; i < SET_LABEL_COUNT; i++) {
        struct text label = clipped(set->label[i]);
        uint16_t size = (uint16_t)label.size;
        out_bytes(&out, &size, sizeof size);
        out_text(&out, label);
    }
    ASSERT(!out.full);
    return out_view(&out);
}

int
entity_decode(struct text data, struct metric_set *set)
{
    size_t at = 1 + sizeof set->created_s;
    if (data.size < at || (unsigned char)data.at[0] >= ENTITY_COUNT) {
        return -ERR_MALFORMED;
    }
    set->entity = (enum entity)data.at[0];
    memcpy(&set->created_s, data.at + 1, sizeof set->created_s);
    for (unsigned i = 0; i < SET_LABEL_COUNT; i++) {
        uint16_t size;
        if (data.size - at < sizeof size) {
            return -ERR_MALFORMED;
        }
        memcpy(&size, data.at + at, sizeof size);
        at += sizeof size;
        if (data.size - at < size) {
            return -ERR_MALFORMED;
        }
        set->label[i] = (struct text){data.at + at, size};
        at += size;
    }
    return 0;
}

uint64_t
entity_identity(struct hash_key key, uint32_t row, struct text data)
{
    key.k0 ^= row;
    return hash_bytes(key, data.at, data.size);
}

// Names in order, none of them with a zero byte, so that no two lists are alike.
static uint64_t
hash_names(struct hash_key key, char what, struct text first, struct text second)
{
    char names[2 * ENTITY_LABEL_BYTES_MAX + 2];
    struct out out = out_of(names, sizeof names);
    out_byte(&out, what);
    out_text(&out, clipped(first));
    out_byte(&out, '\0');
    out_text(&out, clipped(second));
    return hash_bytes(key, names, out.used);
}

uint64_t
entity_uid(struct hash_key key, struct text pod_id)
{
    return pod_id.size == 0 ? 0 : hash_names(key, 'u', pod_id, TEXT("")) | 1;
}

struct entity_place
entity_place_of_name(struct hash_key key, const struct history_name *name)
{
    struct entity_place place = {.kind = kind_of_entity(name->entity)};
    char what = (char)('0' + (int)name->entity);
    struct text none = TEXT("");
    switch (name->entity) {
    case ENTITY_NODE:
        place.leaf = name->node;
        place.parent = hash_names(key, what, none, none);
        break;
    case ENTITY_NAMESPACE:
        place.leaf = name->space;
        place.parent = hash_names(key, what, none, none);
        break;
    case ENTITY_POD:
        place.leaf = name->pod;
        place.parent = hash_names(key, what, name->space, none);
        break;
    case ENTITY_CONTAINER:
        place.leaf = name->container;
        place.parent = hash_names(key, what, name->space, name->pod);
        break;
    case ENTITY_SYSTEM_CONTAINER:
        place.leaf = name->container;
        place.parent = hash_names(key, what, name->node, none);
        break;
    default:
        place.leaf = none;
        place.parent = hash_names(key, what, none, none);
        break;
    }
    place.leaf = clipped(place.leaf);
    place.uid = entity_uid(key, name->pod_id);
    return place;
}

struct entity_place
entity_place_of_set(struct hash_key key, const struct metric_set *set)
{
    struct history_name name = {
        .entity = set->entity,
        .node = set->label[SET_LABEL_NODE],
        .space = set->label[SET_LABEL_NAMESPACE],
        .pod = set->label[SET_LABEL_POD],
        .container = set->label[SET_LABEL_CONTAINER],
        .pod_id = set->label[SET_LABEL_POD_ID],
    };
    return entity_place_of_name(key, &name);
}

bool
entity_is_at(struct hash_key key, struct text data, const struct entity_place *place)
{
    struct metric_set set;
    if (entity_decode(data, &set) != 0) {
        return false;
    }
    struct entity_place own = entity_place_of_set(key, &set);
    return own.kind == place->kind && own.parent == place->parent &&
           text_equal(own.leaf, place->leaf);
}

static int
add(struct database *database, const struct entity_place *place, uint64_t identity, uint32_t row,
    struct text data, uint32_t cycle_s, uint32_t *number)
{
    sqlite3_stmt *statement;
    int64_t last;
    int error = database_number(database, STATEMENT_ENTITY_LAST, NULL, 0, &last);
    if (error < 0) {
        return error;
    }
    *number = (uint32_t)last + 1;
    error = database_prepare(database, STATEMENT_ENTITY_ADD,
                             DATABASE_VALUES((int64_t)identity, place->kind, row,
                                             (int64_t)place->parent, (int64_t)place->uid, cycle_s,
                                             *number),
                             &statement);
    if (error != 0) {
        return error;
    }
    if (place->uid == 0) {
        (void)sqlite3_bind_null(statement, 5);
    }
    database_bind_text(statement, 8, place->leaf);
    database_bind_text(statement, 9, data);
    return database_step(database, statement);
}

int
entity_number(struct database *database, struct hash_key key, uint32_t row,
              const struct metric_set *set, struct text data, uint32_t cycle_s, uint32_t *number)
{
    sqlite3_stmt *found;
    uint64_t identity = entity_identity(key, row, data);
    int result =
        database_query(database, STATEMENT_ENTITY_FIND, DATABASE_VALUES((int64_t)identity), &found);
    if (result > 0) {
        *number = (uint32_t)sqlite3_column_int64(found, 0);
        bool has_ended = sqlite3_column_int64(found, 1) != 0;
        bool is_it = text_equal(database_column(found, 2), data);
        database_done(found);
        if (!is_it) {
            return -ERR_MALFORMED;  // an index that leads astray
        }
        return has_ended ? database_run(database, STATEMENT_ENTITY_END, DATABASE_VALUES(*number, 0))
                         : 0;
    }
    if (result < 0) {
        return result;
    }
    struct entity_place place = entity_place_of_set(key, set);
    return add(database, &place, identity, row, data, cycle_s, number);
}

int
entity_get(struct database *database, struct hash_key key, uint32_t number,
           char data[ENTITY_DATA_BYTES_MAX], struct metric_set *set)
{
    sqlite3_stmt *found;
    int result = database_query(database, STATEMENT_ENTITY_DATA, DATABASE_VALUES(number), &found);
    if (result <= 0) {
        return result;
    }
    struct text kept = database_column(found, 0);
    uint64_t identity = (uint64_t)sqlite3_column_int64(found, 1);
    uint32_t row = (uint32_t)sqlite3_column_int64(found, 2);
    bool is_sound =
        kept.size <= ENTITY_DATA_BYTES_MAX && entity_identity(key, row, kept) == identity;
    if (is_sound) {
        memcpy(data, kept.at, kept.size);
    }
    database_done(found);
    return is_sound && entity_decode((struct text){data, kept.size}, set) == 0 ? 1 : -ERR_MALFORMED;
}
