#include "app/mapping.h"

#include "app/role.h"

bool
mapping_init(struct mapping *mapping, const struct config *config)
{
    *mapping = (struct mapping){0};
    struct out out = out_of(mapping->path, sizeof(mapping->path));
    return config_text(config, CONFIG_RUN_DIR).size > 0 &&
           config_path(config, CONFIG_RUN_DIR, ROLE_TABLE_FILE, &out) != NULL;
}

static void
map(struct mapping *mapping, const struct config *config, const struct platform_status *status)
{
    size_t bytes = table_bytes(&config->capacity);
    if (status->size != bytes ||
        block_map_reader(mapping->path, bytes, &mapping->shared) != 0) {
        return;
    }
    mapping->mapped = true;
    mapping->device = status->device;
    mapping->inode = status->inode;
}

// Collect may format the file that is mapped afresh; then it is no table for a
// moment. Another capacity is another layout.
static bool
is_good(struct mapping *mapping, const struct config *config)
{
    return mapping->mapped &&
           table_reader_init(&mapping->reader, mapping->shared.base, mapping->shared.bytes) == 0 &&
           mapping->reader.header->layout_hash == table_layout_hash(&config->capacity);
}

enum mapping_state
mapping_look(struct mapping *mapping, const struct config *config,
             const struct platform *platform, bool may_map)
{
    struct platform_status status;
    if (platform_file_status(platform, mapping->path, &status) == 0) {
        if (mapping->mapped &&
            (status.device != mapping->device || status.inode != mapping->inode)) {
            return MAPPING_REPLACED;
        }
        if (!mapping->mapped && may_map) {
            map(mapping, config, &status);
        }
    }
    return is_good(mapping, config) ? MAPPING_GOOD : MAPPING_NONE;
}
