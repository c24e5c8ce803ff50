#include "api/web_api.h"

#include "api/summary_page.h"
#include "api/web_asset.h"

// Inline styles are what the chart library sets by script, which a policy does
// not hold back: none is needed here.
static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; "
                             "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
                             "form-action 'none'; frame-ancestors 'none'";

static const struct web_asset *
find_asset(struct text name)
{
    for (size_t i = 0; i < web_asset_count; i++) {
        if (text_equal(name, text_of(web_assets[i].name))) {
            return &web_assets[i];
        }
    }
    return NULL;
}

// cursor.offset: bytes that are written.
static enum step
asset_step(struct exchange *exchange, struct out *out)
{
    const struct web_asset *asset = exchange->asset;
    struct cursor *cursor = &exchange->cursor;
    size_t rest = asset->gzip_bytes - cursor->offset;
    size_t room = out->size - out->used;
    size_t size = rest < room ? rest : room;
    out_bytes(out, asset->gzip + cursor->offset, size);
    cursor->offset += (uint32_t)size;
    // A full piece is handed out before the next is begun.
    return size == rest ? STEP_DONE : STEP_PAUSE;
}

static enum step
nothing_step(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    (void)out;
    return STEP_DONE;
}

static void
answer(struct exchange *exchange, const struct web_asset *asset)
{
    bool known = text_equal(exchange->head.if_none_match, text_of(asset->etag));
    exchange->asset = asset;
    exchange_answer(exchange, asset->content_type, known ? nothing_step : asset_step);
    exchange->status = known ? 304 : 200;
    exchange->etag = asset->etag;
    exchange->encoding = known ? NULL : "gzip";
    exchange->policy = policy;
}

void
web_api_page(struct exchange *exchange)
{
    const struct web_asset *page = find_asset(TEXT("index.html"));
    ASSERT(page != NULL);
    if (exchange->head.accepts_gzip) {
        answer(exchange, page);
    } else {
        summary_page(exchange);
    }
}

void
web_api_file(struct exchange *exchange)
{
    static const char prefix[] = "/";
    struct text name = text_of(route_path(exchange->match.route) + sizeof prefix - 1);
    const struct web_asset *asset = find_asset(name);
    if (asset == NULL) {
        exchange_fail(exchange, 404, "this build has no such file");
    } else if (!exchange->head.accepts_gzip) {
        exchange_fail(exchange, 406, "this is served in gzip only: curl --compressed");
    } else {
        answer(exchange, asset);
    }
}
