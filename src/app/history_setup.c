#include "app/history_setup.h"

bool
history_is_kept(const struct config *config)
{
    return config_number(config, CONFIG_HISTORY) > 0 &&
           config_text(config, CONFIG_STATE_DIR).size > 0;
}

struct history_config
history_reader_config(const struct config *config, const struct platform *platform,
                      const char *path)
{
    return (struct history_config){
        .platform = platform,
        .path = path,
        .bytes_limit = config_number(config, CONFIG_HISTORY),
        .resolution_s = (uint32_t)(config_ms(config, CONFIG_METRIC_RESOLUTION) / MS_PER_S),
    };
}

size_t
history_reader_heap_bytes(const struct config *config)
{
    struct history_config reader = history_reader_config(config, NULL, NULL);
    return history_is_kept(config) ? history_heap_bytes(&reader) : 0;
}
