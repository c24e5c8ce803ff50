#include "api/dispatch.h"

#include "api/appliance_api.h"
#include "api/cluster_metrics_api.h"
#include "api/discovery_api.h"
#include "api/health_api.h"
#include "api/historical_api.h"
#include "api/kube_status.h"
#include "api/login.h"
#include "api/metric_export_api.h"
#include "api/model_api.h"
#include "api/own_metrics.h"
#include "api/page_api.h"
#include "api/resource_metrics_api.h"
#include "api/summary_page.h"
#include "api/web_api.h"

static exchange_handler *const handlers[] = {
#define ROUTE(id, method, path, handler, doc) handler,
#include "api/route.tbl.h"
#undef ROUTE
};

_Static_assert(ARRAY_COUNT(handlers) == ROUTE_COUNT, "one handler for each route");

static void
say_unknown(struct exchange *exchange, struct text path)
{
    struct near near;
    struct out message = exchange_message(exchange);
    out_string(&message, "there is no such path: ");
    out_text(&message, text_sub(path, 0, NAME_BYTES_MAX));
    near_begin(&near, path);
    route_offer_near(path, &near);
    near_write(&near, &message);
    exchange_fail_message(exchange, 404, &message);
}

static void
say_bad_method(struct exchange *exchange)
{
    exchange_fail(exchange, 405, "only GET and HEAD are served");
    exchange->allow = "GET, HEAD";
}

static void
find_and_handle(struct exchange *exchange, struct text method, char *path, size_t size)
{
    switch (route_find(method, path, size, &exchange->match)) {
    case ROUTE_FOUND:
        handlers[exchange->match.route](exchange);
        break;
    case ROUTE_UNKNOWN:
        say_unknown(exchange, exchange->match.path);
        break;
    case ROUTE_BAD_METHOD:
        say_bad_method(exchange);
        break;
    case ROUTE_BAD_PATH:
        exchange_fail(exchange, 400, "the path is not well-formed");
        break;
    }
}

void
dispatch(struct exchange *exchange, struct text method, char *target, size_t size)
{
    size_t mark = text_find((struct text){target, size}, '?', 0);
    size_t path_size = mark == SIZE_MAX ? size : mark;
    bool kube = kube_status_is_due((struct text){target, path_size});
    if (!exchange->trusted && !login_is_open((struct text){target, path_size})) {
        login_refuse(exchange);
        if (kube && exchange->message_bytes > 0) {
            kube_status_wrap(exchange);
        }
        return;
    }
    if (mark != SIZE_MAX) {
        struct out why = exchange_message(exchange);
        char *query = target + mark + 1;
        if (query_parse(&exchange->query, query, size - mark - 1, &why) != 0) {
            exchange_fail_message(exchange, 400, &why);
            if (kube) {
                kube_status_wrap(exchange);
            }
            return;
        }
    }
    find_and_handle(exchange, method, target, path_size);
    if (kube) {
        kube_status_wrap(exchange);
    }
    ASSERT(exchange->step != NULL);
}
