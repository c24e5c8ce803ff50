#include "app/config.h"

#include <string.h>

#include "app/nearest.h"
#include "base/calendar.h"

// The one flag of Heapster that means the same here by another name.
#define SINK_TIMEOUT_OF_HEAPSTER "sink-export-data-timeout"

struct config_row {
    const char *dashed;  // "--flag"
    enum config_kind kind;
    const char *value;
    const char *help;
};

static const struct config_row rows[CONFIG_COUNT] = {
#define CONFIG(id, flag, kind, value, help) {"--" flag, CONFIG_KIND_##kind, value, help},
#include "app/config.tbl.h"
#undef CONFIG
};

enum legacy_value { VALUE, BARE };
enum legacy_rule { NOTICE, REFUSE };

static const struct legacy_row {
    const char *flag;
    enum legacy_value value;
    enum legacy_rule rule;
    const char *sentence;
} legacy_rows[] = {
#define LEGACY(flag, value, rule, sentence) {flag, value, rule, sentence},
#include "app/legacy.tbl.h"
#undef LEGACY
};

static const char *const pressure_choices[] = {"off", "nodes", "pods", "containers", NULL};
static const char *const access_choices[] = {"direct", "proxy", NULL};

static const char *const sort_choices[] = {
#define SORT(id, name, key, help) name,
#include "terminal/top_sort.tbl.h"
#undef SORT
    NULL
};

const char *const *
config_choices(enum config_id id)
{
    ASSERT(rows[id].kind == CONFIG_KIND_CHOICE);
    switch (id) {
    case CONFIG_PRESSURE:
        return pressure_choices;
    case CONFIG_SORT:
        return sort_choices;
    default:
        return access_choices;
    }
}

const char *
config_flag(enum config_id id)
{
    ASSERT(id < CONFIG_COUNT);
    return rows[id].dashed;
}

const char *
config_help(enum config_id id)
{
    ASSERT(id < CONFIG_COUNT);
    return rows[id].help;
}

enum config_kind
config_kind_of(enum config_id id)
{
    ASSERT(id < CONFIG_COUNT);
    return rows[id].kind;
}

// Flag names as written by people: `_` is `-`.
static bool
names_equal(struct text name, const char *flag)
{
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.at[i] == '_' ? '-' : name.at[i];
        if (flag[i] == '\0' || byte != flag[i]) {
            return false;
        }
    }
    return flag[name.size] == '\0';
}

enum config_id
config_find(struct text name)
{
    for (unsigned id = 0; id < CONFIG_COUNT; id++) {
        if (names_equal(name, rows[id].dashed + 2)) {
            return (enum config_id)id;
        }
    }
    return names_equal(name, SINK_TIMEOUT_OF_HEAPSTER) ? CONFIG_SINK_TIMEOUT : CONFIG_COUNT;
}

static const struct legacy_row *
legacy_find(struct text name)
{
    for (size_t i = 0; i < ARRAY_COUNT(legacy_rows); i++) {
        if (names_equal(name, legacy_rows[i].flag)) {
            return &legacy_rows[i];
        }
    }
    return NULL;
}

bool
config_takes_value(struct text name)
{
    enum config_id id = config_find(name);
    const struct legacy_row *legacy = legacy_find(name);
    if (id < CONFIG_COUNT) {
        return rows[id].kind != CONFIG_KIND_BOOL;
    }
    return legacy != NULL && legacy->value == VALUE;
}

static enum config_id
nearest_row(struct text name)
{
    enum config_id best = CONFIG_COUNT;
    size_t least = nearest_limit(name) + 1;
    for (unsigned id = 0; id < CONFIG_COUNT; id++) {
        size_t distance = nearest_distance(name, text_of(rows[id].dashed + 2));
        if (distance < least) {
            least = distance;
            best = (enum config_id)id;
        }
    }
    return best;
}

static int
refuse_unknown(const struct config_given *given, struct out *why)
{
    enum config_id near = nearest_row(given->name);
    out_format(why, "%s: --" TEXT_FORMAT " is not known", given->where, TEXT_ARGS(given->name));
    if (near < CONFIG_COUNT) {
        out_format(why, "; did you mean %s?", rows[near].dashed);
    } else {
        out_string(why, "; `skerry help` lists all flags");
    }
    return -ERR_BAD_CONFIG;
}

void
config_add_notice(struct config *config, struct text sentence, struct workspace *space)
{
    char *copy = workspace_take(space, sentence.size);
    if (copy == NULL || config->notice_count == CONFIG_NOTICES_MAX) {
        return;  // notices only inform; there are more of them than flags
    }
    memcpy(copy, sentence.at, sentence.size);
    config->notice[config->notice_count++] = (struct text){copy, sentence.size};
}

static int
set_legacy(struct config *config, const struct config_given *given,
           const struct legacy_row *legacy, struct workspace *space, struct out *why)
{
    char buffer[256];
    struct out notice = out_of(buffer, sizeof buffer);
    if (legacy->rule == REFUSE) {
        out_format(why, "%s: --%s: %s", given->where, legacy->flag, legacy->sentence);
        return -ERR_BAD_CONFIG;
    }
    out_format(&notice, "--%s: %s", legacy->flag, legacy->sentence);
    config_add_notice(config, out_view(&notice), space);
    return 0;
}

// "64M", "1Gi", "512KiB", "1000": powers of 1024, as container runtimes count.
static int
parse_bytes(struct text text, uint64_t *bytes)
{
    static const char units[] = "kmgt";
    size_t digits = 0;
    uint64_t count;
    while (digits < text.size && text.at[digits] >= '0' && text.at[digits] <= '9') {
        digits++;
    }
    struct text unit = text_sub(text, digits, SIZE_MAX);
    if (text_to_u64(text_sub(text, 0, digits), &count) != 0) {
        return -ERR_BAD_NUMBER;
    }
    unsigned shift = 0;
    if (unit.size > 0) {
        const char *found = strchr(units, unit.at[0] | 0x20);
        shift = found == NULL ? 0 : (unsigned)(found - units + 1) * 10;
        struct text rest = text_sub(unit, shift == 0 ? 0 : 1, SIZE_MAX);
        bool known = rest.size == 0 || text_equal(rest, TEXT("i")) ||
                     text_equal(rest, TEXT("iB")) || text_equal(rest, TEXT("B"));
        if (!known || (shift == 0 && !text_equal(rest, TEXT("B")))) {
            return -ERR_BAD_NUMBER;
        }
    }
    if (count > UINT64_MAX >> shift) {
        return -ERR_BAD_NUMBER;
    }
    *bytes = count << shift;
    return 0;
}

static int
parse_choice(struct text text, enum config_id id, uint64_t *number)
{
    const char *const *choices = config_choices(id);
    for (unsigned i = 0; choices[i] != NULL; i++) {
        if (text_equal(text, text_of(choices[i]))) {
            *number = i;
            return 0;
        }
    }
    return -ERR_BAD_CONFIG;
}

static int
parse_value(struct text text, enum config_id id, uint64_t *number)
{
    int64_t ms = 0;
    bool yes = false;
    int error = 0;
    switch (rows[id].kind) {
    case CONFIG_KIND_TEXT:
    case CONFIG_KIND_LIST:
        *number = 0;
        break;
    case CONFIG_KIND_COUNT:
        error = text_to_u64(text, number);
        break;
    case CONFIG_KIND_BYTES:
        error = parse_bytes(text, number);
        break;
    case CONFIG_KIND_DURATION:
        error = calendar_duration_ms(text, &ms);
        *number = error == 0 ? (uint64_t)ms : 0;
        break;
    case CONFIG_KIND_BOOL:
        error = text_to_bool(text, &yes);
        *number = yes;
        break;
    case CONFIG_KIND_CHOICE:
        error = parse_choice(text, id, number);
        break;
    }
    return error;
}

static void
write_choices(enum config_id id, const char *first, struct out *out)
{
    if (rows[id].kind == CONFIG_KIND_CHOICE) {
        const char *const *choices = config_choices(id);
        for (unsigned i = 0; choices[i] != NULL; i++) {
            out_format(out, "%s%s", i == 0 ? first : ", ", choices[i]);
        }
    }
}

static void
write_expected(enum config_id id, struct out *why)
{
    static const char *const expected[] = {
        [CONFIG_KIND_TEXT] = "a text",
        [CONFIG_KIND_LIST] = "a text",
        [CONFIG_KIND_COUNT] = "a whole number",
        [CONFIG_KIND_BYTES] = "a size such as 64M or 1Gi",
        [CONFIG_KIND_DURATION] = "a duration such as 15s or 1m30s",
        [CONFIG_KIND_BOOL] = "true or false",
        [CONFIG_KIND_CHOICE] = "one of",
    };
    out_string(why, expected[rows[id].kind]);
    write_choices(id, " ", why);
}

static void
drop_items(struct config *config, enum config_id id)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < config->item_count; i++) {
        if (config->item[i].id != id) {
            config->item[kept++] = config->item[i];
        }
    }
    config->item_count = kept;
}

static int
add_item(struct config *config, enum config_id id, const struct config_given *given,
         struct out *why)
{
    if (config->value[id].origin < given->origin) {
        drop_items(config, id);
    }
    if (config->item_count == CONFIG_ITEMS_MAX) {
        out_format(why, "%s: %s: more than %d values", given->where, rows[id].dashed,
                   CONFIG_ITEMS_MAX);
        return -ERR_BAD_CONFIG;
    }
    config->item[config->item_count++] = (struct config_item){id, given->origin, given->text};
    return 0;
}

int
config_set(struct config *config, const struct config_given *given, struct workspace *space,
           struct out *why)
{
    enum config_id id = config_find(given->name);
    if (id == CONFIG_COUNT) {
        const struct legacy_row *legacy = legacy_find(given->name);
        return legacy == NULL ? refuse_unknown(given, why)
                              : set_legacy(config, given, legacy, space, why);
    }
    struct config_value *value = &config->value[id];
    if (given->origin < value->origin) {
        return 0;
    }
    if (given->bare && rows[id].kind != CONFIG_KIND_BOOL) {
        out_format(why, "%s: %s needs a value: ", given->where, rows[id].dashed);
        write_expected(id, why);
        return -ERR_BAD_CONFIG;
    }
    uint64_t number;
    if (parse_value(given->text, id, &number) != 0) {
        out_format(why, "%s: %s=" TEXT_FORMAT " is not ", given->where, rows[id].dashed,
                   TEXT_ARGS(given->text));
        write_expected(id, why);
        return -ERR_BAD_CONFIG;
    }
    if (rows[id].kind == CONFIG_KIND_LIST && add_item(config, id, given, why) != 0) {
        return -ERR_BAD_CONFIG;
    }
    *value = (struct config_value){given->text, number, given->origin};
    return 0;
}

struct text
config_text(const struct config *config, enum config_id id)
{
    ASSERT(id < CONFIG_COUNT);
    return config->value[id].text;
}

uint64_t
config_number(const struct config *config, enum config_id id)
{
    ASSERT(id < CONFIG_COUNT);
    ASSERT(rows[id].kind != CONFIG_KIND_TEXT && rows[id].kind != CONFIG_KIND_LIST);
    return config->value[id].number;
}

int64_t
config_ms(const struct config *config, enum config_id id)
{
    ASSERT(rows[id].kind == CONFIG_KIND_DURATION);
    return (int64_t)config->value[id].number;
}

bool
config_bool(const struct config *config, enum config_id id)
{
    ASSERT(rows[id].kind == CONFIG_KIND_BOOL);
    return config->value[id].number != 0;
}

bool
config_given(const struct config *config, enum config_id id)
{
    ASSERT(id < CONFIG_COUNT);
    return config->value[id].origin != ORIGIN_DEFAULT;
}

unsigned
config_list_count(const struct config *config, enum config_id id)
{
    unsigned count = 0;
    for (unsigned i = 0; i < config->item_count; i++) {
        count += config->item[i].id == id;
    }
    return count;
}

struct text
config_list(const struct config *config, enum config_id id, unsigned index)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < config->item_count; i++) {
        if (config->item[i].id == id && seen++ == index) {
            return config->item[i].text;
        }
    }
    ASSERT(index < seen);
    return (struct text){NULL, 0};
}

void
config_write_flag_help(enum config_id id, struct out *out)
{
    out_format(out, "  %-22s %s", rows[id].dashed, rows[id].help);
    write_choices(id, ": ", out);
    if (rows[id].value[0] != '\0') {
        out_format(out, " [%s]", rows[id].value);
    }
    out_byte(out, '\n');
}

void
config_write_help(struct out *out)
{
    for (unsigned id = 0; id < CONFIG_COUNT; id++) {
        config_write_flag_help((enum config_id)id, out);
    }
}

// The value that a row has when nobody gives it; "" of numbers is 0.
void
config_reset(struct config *config)
{
    *config = (struct config){0};
    for (unsigned id = 0; id < CONFIG_COUNT; id++) {
        struct config_value *value = &config->value[id];
        value->text = text_of(rows[id].value);
        if (value->text.size > 0) {
            int error = parse_value(value->text, (enum config_id)id, &value->number);
            ASSERT(error == 0);
        }
    }
}

const char *
config_path(const struct config *config, enum config_id dir, const char *name, struct out *out)
{
    out_text(out, config_text(config, dir));
    out_byte(out, '/');
    out_string(out, name);
    const char *path = out_c_string(out);
    return out->full ? NULL : path;
}
