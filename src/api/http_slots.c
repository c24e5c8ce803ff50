// Places for clients: who gets one, and who makes room when there is none.
#include "api/http_state.h"

// Who has been idle for less is about to ask again and does not make room.
#define EVICT_IDLE_MS 250
// Who has said nothing for so long may be meant to fill the slots.
#define EVICT_SILENT_MS 1000

struct client *
http_find_slot(struct http *http)
{
    for (uint32_t i = 0; i < http->client_limit; i++) {
        if (http->clients[i].phase == PHASE_FREE) {
            return &http->clients[i];
        }
    }
    return NULL;
}

uint32_t
http_slot_index(const struct client *client)
{
    return (uint32_t)(client - client->http->clients);
}

void
http_take_slot(struct client *client, uint8_t peer, struct mono_ns now)
{
    struct http *http = client->http;
    struct http_use *use = &http->api->http;
    client->since = now;
    client->hung_up = false;
    client->peer = peer;
    http->peers[peer]++;
    use->clients++;
    use->clients_peak = use->clients > use->clients_peak ? use->clients : use->clients_peak;
}

void
http_free_slot(struct client *client)
{
    ASSERT(client->phase != PHASE_FREE);
    client->phase = PHASE_FREE;
    client->fd = -1;
    client->http->peers[client->peer]--;
    client->http->api->http.clients--;
}

void
http_hang_up(struct client *client)
{
    if (client->served && !client->hung_up) {
        client->hung_up = true;
        listener_hang_up(client->fd);
    } else if (!client->served && client->bridged) {
        bridge_drop(client->http->bridge, http_slot_index(client));
    }
}

// Frees the slot, as far as that can be had at once.
static void
let_go(struct client *client)
{
    struct http *http = client->http;
    http_hang_up(client);
    if (client->served) {
        (void)MHD_run(http->daemon);
    }
    if (client->bridged && !client->served) {
        bridge_drop(http->bridge, http_slot_index(client));
    }
}

#define PHASE_BIT(phase) (1u << (phase))
#define SILENT (PHASE_BIT(PHASE_SHAKE) | PHASE_BIT(PHASE_HEAD) | PHASE_BIT(PHASE_BEGUN))
#define DONE (PHASE_BIT(PHASE_IDLE) | PHASE_BIT(PHASE_LINGER))
#define ANY_PEER HTTP_PEERS

// Who has been longest in one of the phases, for `age_ms` at least.
static struct client *
oldest(struct http *http, unsigned phases, unsigned peer, int64_t age_ms)
{
    struct client *found = NULL;
    for (uint32_t i = 0; i < http->client_limit; i++) {
        struct client *client = &http->clients[i];
        bool fits = (PHASE_BIT(client->phase) & phases) != 0 && !client->hung_up &&
                    (peer == ANY_PEER || client->peer == peer);
        if (fits && (found == NULL || mono_before(client->since, found->since))) {
            found = client;
        }
    }
    return found != NULL && mono_ms_between(found->since, http_now(http)) >= age_ms ? found : NULL;
}

static struct client *
of_greediest(struct http *http, uint8_t newcomer)
{
    unsigned most = 0;
    for (unsigned i = 0; i < HTTP_PEERS; i++) {
        most = http->peers[i] > http->peers[most] ? i : most;
    }
    if (http->peers[most] < http->peers[newcomer] + 2) {
        return NULL;
    }
    struct client *client = oldest(http, SILENT | DONE, most, 0);
    return client != NULL ? client
                          : oldest(http, PHASE_BIT(PHASE_READY) | PHASE_BIT(PHASE_ANSWER), most, 0);
}

bool
http_has_left(const struct client *client)
{
    unsigned asking = (SILENT & ~PHASE_BIT(PHASE_SHAKE)) | PHASE_BIT(PHASE_IDLE);
    return (PHASE_BIT(client->phase) & asking) != 0 && !client->hung_up &&
           listener_has_ended(client->fd);
}

static struct client *
leaver(struct http *http)
{
    for (uint32_t i = 0; i < http->client_limit; i++) {
        if (http_has_left(&http->clients[i])) {
            return &http->clients[i];
        }
    }
    return NULL;
}

struct client *
http_make_room(struct http *http, uint8_t newcomer)
{
    struct client *client = leaver(http);
    if (client != NULL) {
        let_go(client);
        return http_find_slot(http);
    }
    client = oldest(http, DONE, ANY_PEER, EVICT_IDLE_MS);
    if (client == NULL) {
        client = of_greediest(http, newcomer);
    }
    if (client == NULL) {
        client = oldest(http, SILENT, ANY_PEER, EVICT_SILENT_MS);
    }
    if (client == NULL) {
        return NULL;
    }
    http->api->http.evicted_total++;
    let_go(client);
    return http_find_slot(http);
}
