#include "sink/sink_status.h"

int
sink_statuses_write(const struct platform *platform, const char *path,
                    struct sink_statuses *statuses)
{
    return status_file_write(platform, path, SINK_STATUS_MAGIC, &statuses->head, sizeof *statuses);
}

int
sink_statuses_read(const struct platform *platform, const char *path,
                   struct sink_statuses *statuses)
{
    int error = status_file_read(platform, path, SINK_STATUS_MAGIC, &statuses->head,
                                 sizeof *statuses);
    if (error != 0) {
        return error;
    }
    statuses->count = statuses->count < SINKS_MAX ? statuses->count : SINKS_MAX;
    for (unsigned i = 0; i < SINKS_MAX; i++) {
        statuses->sink[i].name[SINK_NAME_BYTES - 1] = '\0';
        statuses->sink[i].why[SINK_WHY_BYTES - 1] = '\0';
    }
    return 0;
}
