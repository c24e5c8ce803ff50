#include "history/history_status.h"

int
history_status_read(const struct platform *platform, const char *path,
                    struct history_status *status)
{
    int error = status_file_read(platform, path, HISTORY_STATUS_MAGIC, &status->head,
                                 sizeof(*status));
    status->last_sentence[sizeof(status->last_sentence) - 1] = '\0';
    return error;
}
