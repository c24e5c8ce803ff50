// The page's files as they lie in the binary; made from src/web/ by the build.
#ifndef SKERRY_API_WEB_ASSET_H
#define SKERRY_API_WEB_ASSET_H

#include <stddef.h>

struct web_asset {
    const char *name;  // "app.js"
    const char *content_type;
    const char *etag;  // from the content, quoted
    const unsigned char *gzip;
    size_t gzip_bytes;
};

extern const struct web_asset web_assets[];
extern const size_t web_asset_count;

#endif
