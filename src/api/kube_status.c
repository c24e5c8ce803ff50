#include "api/kube_status.h"

#include "base/json.h"

// What is quoted may take twice the room with its quotes escaped; both are cut
// so that a Status always fits a message.
#define SENTENCE_BYTES_MAX 400
#define NAME_QUOTED_BYTES_MAX 60

bool
kube_status_is_due(struct text path)
{
    static const struct text prefixes[] = {
        TEXT("/apis"),
        TEXT("/api/v1/nodes"),
        TEXT("/api/v1/namespaces"),
        TEXT("/api/v1/pods"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++) {
        struct text rest = text_sub(path, prefixes[i].size, SIZE_MAX);
        if (text_starts(path, prefixes[i]) && (rest.size == 0 || rest.at[0] == '/')) {
            return true;
        }
    }
    return false;
}

static const char *
reason_of(unsigned status)
{
    switch (status) {
    case 400:
        return "BadRequest";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "NotFound";
    case 405:
        return "MethodNotAllowed";
    case 503:
        return "ServiceUnavailable";
    default:
        return "InternalError";
    }
}

static void
write_details(struct json *json, const struct exchange *exchange)
{
    const struct resource_ask *ask = &exchange->resource;
    const struct route_match *match = &exchange->match;
    if (ask->plural == NULL || match->count == 0) {
        return;
    }
    json_key(json, "details");
    json_object(json);
    if (ask->single) {
        json_key(json, "name");
        json_text(json, text_sub(match->value[match->count - 1], 0, NAME_QUOTED_BYTES_MAX));
    }
    json_key(json, "group");
    json_string(json, ask->format == RESOURCE_CORE ? "" : "metrics.k8s.io");
    json_key(json, "kind");
    json_string(json, ask->plural);
    json_object_end(json);
}

void
kube_status_wrap(struct exchange *exchange)
{
    char room[SENTENCE_BYTES_MAX];
    struct out sentence = out_of(room, sizeof room);
    if (exchange->status < 400) {
        return;
    }
    out_text(&sentence, text_sub((struct text){exchange->message, exchange->message_bytes}, 0,
                                 SENTENCE_BYTES_MAX));
    struct out message = exchange_message(exchange);
    struct json json = json_of(&message);
    json_object(&json);
    json_key(&json, "kind");
    json_string(&json, "Status");
    json_key(&json, "apiVersion");
    json_string(&json, "v1");
    json_key(&json, "metadata");
    json_object(&json);
    json_object_end(&json);
    json_key(&json, "status");
    json_string(&json, "Failure");
    json_key(&json, "message");
    json_text(&json, out_view(&sentence));
    json_key(&json, "reason");
    json_string(&json, reason_of(exchange->status));
    write_details(&json, exchange);
    json_key(&json, "code");
    json_u64(&json, exchange->status);
    json_object_end(&json);
    exchange_fail_message(exchange, exchange->status, &message);
    exchange->content_type = CONTENT_JSON;
}
