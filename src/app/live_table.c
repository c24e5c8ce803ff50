#include "app/live_table.h"

#include "app/role.h"

static bool
is_same_file(const struct live_table *table, const struct platform_status *status)
{
    return table->mapped && table->device == status->device && table->inode == status->inode;
}

int
live_table_look(struct live_table *table, const struct config *config,
                const struct platform *platform)
{
    char buffer[512];
    struct platform_status status;
    struct out out = out_of(buffer, sizeof buffer);
    const char *path = config_path(config, CONFIG_RUN_DIR, ROLE_TABLE_FILE, &out);
    int error = path == NULL ? -ERR_TOO_LONG : platform_file_status(platform, path, &status);
    if (error != 0) {
        // What is mapped stays readable when the file is gone: nobody writes it.
        return table->mapped ? 0 : error;
    }
    if (!is_same_file(table, &status)) {
        if (table->mapped) {
            block_unmap_reader(&table->shared);
            table->mapped = false;
        }
        error = block_map_reader(path, sizeof(struct table_header), &table->shared);
        if (error != 0) {
            return error;
        }
        table->mapped = true;
        table->device = status.device;
        table->inode = status.inode;
    }
    return table_reader_init(&table->reader, table->shared.base, table->shared.bytes);
}
