#include "api/bridge.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

// A request's head comes in one or two pieces; an answer's piece is one record.
#define IN_BYTES 2048
#define OUT_BYTES 4096
// Of the kernel, which doubles them: what the server writes ahead of the client.
#define PLAIN_SEND_BYTES (8 * 1024)
#define PLAIN_RECEIVE_BYTES (4 * 1024)
#define EVENTS_PER_STEP 64
// Pieces of one client in one turn.
#define PIECES_PER_STEP 8
// Of one turn for handshakes; one takes 1 to 3 ms, a step of one at most 2.
#define SHAKE_NS_PER_STEP (20 * NS_PER_MS)
// What a client may still send when its last answer is out, before it is cut.
#define DRAIN_BYTES_MAX (64 * 1024)

enum state {
    STATE_FREE,
    STATE_SHAKING,
    STATE_OPEN,
    STATE_FLUSHING,  // the server closed: the rest goes out, then the TLS close
    STATE_DRAINING,  // all is out; the client's end is awaited
};

struct side {
    int fd;
    uint32_t events;  // as registered; 0: not registered
    uint32_t wanted;
};

struct bridged {
    enum state state;
    struct side net;
    struct side plain;
    bool net_ended;
    bool more;  // stopped in the middle
    size_t drained;
    size_t in_at, in_used;
    size_t out_at, out_used;
    char in[IN_BYTES];
    char out[OUT_BYTES];
};

struct bridge {
    uint32_t limit;
    int epoll_fd;
    uint32_t more_count;
    uint32_t next_more;
    const struct platform *platform;
    struct tls_server *tls;
    struct bridge_events events;
    struct mono_ns shake_until;
    struct bridged *clients;
};

size_t
bridge_footprint(uint32_t clients)
{
    return arena_bytes(sizeof(struct bridge)) +
           arena_bytes((size_t)clients * sizeof(struct bridged));
}

size_t
bridge_socket_bytes(uint32_t clients)
{
    return (size_t)clients * 2 * (PLAIN_SEND_BYTES + PLAIN_RECEIVE_BYTES);
}

int
bridge_init(struct bridge **result, struct arena *arena, uint32_t clients,
            const struct platform *platform, struct tls_server *tls,
            const struct bridge_events *events)
{
    struct bridge *bridge = arena_take(arena, sizeof *bridge);
    bridge->limit = clients;
    bridge->platform = platform;
    bridge->tls = tls;
    bridge->events = *events;
    bridge->clients = arena_take_array(arena, clients, sizeof *bridge->clients);
    for (uint32_t i = 0; i < clients; i++) {
        bridge->clients[i].net.fd = -1;
        bridge->clients[i].plain.fd = -1;
    }
    bridge->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    *result = bridge;
    return bridge->epoll_fd >= 0 ? 0 : -ERR_IO;
}

int
bridge_descriptor(const struct bridge *bridge)
{
    return bridge->epoll_fd;
}

bool
bridge_is_busy(const struct bridge *bridge)
{
    return bridge->more_count > 0;
}

// A side without wishes is not registered at all: the kernel tells of hang-ups
// whether asked or not, again and again.
static bool
watch(struct bridge *bridge, struct side *side, uint32_t index)
{
    struct epoll_event event = {.events = side->wanted, .data = {.u64 = index}};
    if (side->fd < 0 || side->events == side->wanted) {
        return true;
    }
    int operation = side->events == 0   ? EPOLL_CTL_ADD
                    : side->wanted == 0 ? EPOLL_CTL_DEL
                                        : EPOLL_CTL_MOD;
    if (epoll_ctl(bridge->epoll_fd, operation, side->fd, &event) != 0) {
        return false;
    }
    side->events = side->wanted;
    return true;
}

static void
close_side(struct side *side)
{
    if (side->fd >= 0) {
        (void)close(side->fd);  // which takes it out of the epoll set
        *side = (struct side){.fd = -1};
    }
}

static void
set_more(struct bridge *bridge, struct bridged *client, bool more)
{
    bridge->more_count += (uint32_t)more - (uint32_t)client->more;
    client->more = more;
}

void
bridge_drop(struct bridge *bridge, uint32_t index)
{
    struct bridged *client = &bridge->clients[index];
    ASSERT(client->state != STATE_FREE);
    bool failed = client->state == STATE_SHAKING;
    tls_server_end(bridge->tls, index);
    close_side(&client->net);
    close_side(&client->plain);
    set_more(bridge, client, false);
    client->state = STATE_FREE;
    bridge->events.gone(bridge->events.context, index, failed);
}

// On what is no TCP socket it does nothing, and nothing is delayed there.
static void
set_tcp(int fd, int option)
{
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, option, &on, sizeof on);
}

bool
bridge_take(struct bridge *bridge, uint32_t index, int fd)
{
    ASSERT(index < bridge->limit);
    struct bridged *client = &bridge->clients[index];
    ASSERT(client->state == STATE_FREE);
    // A handshake is many small records, each of which would await the client's
    // delayed acknowledgement of the one before: 40 ms.
    set_tcp(fd, TCP_NODELAY);
    client->net = (struct side){.fd = fd, .wanted = EPOLLIN};
    client->net_ended = false;
    client->drained = 0;
    client->in_at = client->in_used = 0;
    client->out_at = client->out_used = 0;
    if (!watch(bridge, &client->net, index)) {
        close_side(&client->net);
        return false;
    }
    client->state = STATE_SHAKING;
    tls_server_begin(bridge->tls, index, fd);
    return true;
}

// The client is through with its handshake: the server gets a socket for it.
static bool
open_plain(struct bridge *bridge, struct bridged *client, uint32_t index)
{
    const int send_bytes = PLAIN_SEND_BYTES;
    const int receive_bytes = PLAIN_RECEIVE_BYTES;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    // Memory of bytes under way counts for who sent them.
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
    (void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &receive_bytes, sizeof receive_bytes);
    client->plain = (struct side){.fd = ends[1]};
    client->state = STATE_OPEN;
    bridge->events.ready(bridge->events.context, index, ends[0]);
    return true;
}

// What TLS awaits of the client's socket.
static void
await_net(struct bridged *client, enum tls_next next, bool *broken)
{
    if (next == TLS_READ) {
        client->net.wanted |= EPOLLIN;
    } else if (next == TLS_WRITE) {
        client->net.wanted |= EPOLLOUT;
    } else {
        *broken = true;
    }
}

// Each of these gives true when it moved something.

static bool
read_net(struct bridge *bridge, struct bridged *client, uint32_t index, bool *broken)
{
    size_t got;
    enum tls_next next = tls_server_read(bridge->tls, index, client->in, sizeof client->in, &got);
    if (next == TLS_GOOD) {
        client->in_at = 0;
        client->in_used = got;
    } else if (next == TLS_END) {
        client->net_ended = true;
        (void)shutdown(client->plain.fd, SHUT_WR);
    } else {
        await_net(client, next, broken);
        return false;
    }
    return true;
}

static bool
write_plain(struct bridged *client)
{
    ssize_t sent = send(client->plain.fd, client->in + client->in_at, client->in_used - client->in_at,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
        client->in_at += (size_t)sent;
        return true;
    }
    if (sent < 0 && errno == EAGAIN) {
        client->plain.wanted |= EPOLLOUT;
        return false;
    }
    client->in_at = client->in_used;  // the server closed and reads no more
    client->net_ended = true;
    return true;
}

static bool
read_plain(struct bridged *client)
{
    ssize_t got = recv(client->plain.fd, client->out, sizeof client->out, MSG_DONTWAIT);
    if (got > 0) {
        client->out_at = 0;
        client->out_used = (size_t)got;
        return true;
    }
    if (got < 0 && errno == EAGAIN) {
        client->plain.wanted |= EPOLLIN;
        return false;
    }
    client->state = STATE_FLUSHING;
    close_side(&client->plain);
    return true;
}

static bool
write_net(struct bridge *bridge, struct bridged *client, uint32_t index, bool *broken)
{
    size_t written;
    enum tls_next next = tls_server_write(bridge->tls, index, client->out + client->out_at,
                                          client->out_used - client->out_at, &written);
    if (next != TLS_GOOD) {
        await_net(client, next, broken);
        return false;
    }
    client->out_at += written;
    return true;
}

static bool
close_net(struct bridge *bridge, struct bridged *client, uint32_t index, bool *broken)
{
    enum tls_next next = tls_server_close(bridge->tls, index);
    if (next != TLS_GOOD) {
        await_net(client, next, broken);
        return false;
    }
    (void)shutdown(client->net.fd, SHUT_WR);
    client->state = STATE_DRAINING;
    return true;
}

// Unread bytes would turn the close into a reset, and take the answer's end along.
static bool
drain_net(struct bridged *client, bool *broken)
{
    ssize_t got = recv(client->net.fd, client->in, sizeof client->in, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) {
        client->net.wanted |= EPOLLIN;
        return false;
    }
    client->drained += got > 0 ? (size_t)got : 0;
    *broken = got <= 0 || client->drained > DRAIN_BYTES_MAX;
    return got > 0;
}

static bool
move(struct bridge *bridge, struct bridged *client, uint32_t index, bool *broken)
{
    bool moved = false;
    client->net.wanted = 0;
    client->plain.wanted = 0;
    if (client->state == STATE_DRAINING) {
        return drain_net(client, broken);
    }
    if (client->state == STATE_OPEN && client->in_at == client->in_used && !client->net_ended) {
        moved = read_net(bridge, client, index, broken);
    }
    if (client->state == STATE_OPEN && client->in_at < client->in_used) {
        moved = write_plain(client) || moved;
    }
    if (client->state == STATE_OPEN && client->out_at == client->out_used) {
        moved = read_plain(client) || moved;
    }
    if (client->out_at < client->out_used && !*broken) {
        moved = write_net(bridge, client, index, broken) || moved;
    }
    if (client->state == STATE_FLUSHING && client->out_at == client->out_used && !*broken) {
        moved = close_net(bridge, client, index, broken) || moved;
    }
    return moved;
}

static void
pump(struct bridge *bridge, struct bridged *client, uint32_t index)
{
    bool broken = false;
    bool moved = true;
    for (int i = 0; i < PIECES_PER_STEP && moved && !broken; i++) {
        moved = move(bridge, client, index, &broken);
    }
    if (!broken) {
        broken = !watch(bridge, &client->net, index) || !watch(bridge, &client->plain, index);
    }
    if (broken) {
        bridge_drop(bridge, index);
        return;
    }
    set_more(bridge, client, moved);
}

// True when the handshake is over and the connection open.
static bool
shake(struct bridge *bridge, struct bridged *client, uint32_t index)
{
    bool broken = false;
    enum tls_next next = TLS_MORE;
    while (next == TLS_MORE) {
        if (!mono_before(platform_mono_now(bridge->platform), bridge->shake_until)) {
            set_more(bridge, client, true);
            return false;
        }
        next = tls_server_shake(bridge->tls, index);
    }
    set_more(bridge, client, false);
    if (next == TLS_GOOD) {
        // The client may have had the last word, and hold its request back until that
        // is acknowledged.
        set_tcp(client->net.fd, TCP_QUICKACK);
        broken = !open_plain(bridge, client, index);
    } else {
        client->net.wanted = 0;
        await_net(client, next, &broken);
        broken = broken || !watch(bridge, &client->net, index);
    }
    if (broken) {
        bridge_drop(bridge, index);
    }
    return client->state == STATE_OPEN;
}

static void
go_on(struct bridge *bridge, uint32_t index)
{
    struct bridged *client = &bridge->clients[index];
    if (client->state == STATE_FREE || (client->state == STATE_SHAKING && !shake(bridge, client, index))) {
        return;
    }
    pump(bridge, client, index);
}

// Those that stopped in the middle, each turn beginning behind where the last one
// ended, so that none is left behind by the others' handshakes.
static void
go_on_with_more(struct bridge *bridge)
{
    uint32_t first = bridge->next_more;
    for (uint32_t i = 0; i < bridge->limit && bridge->more_count > 0; i++) {
        uint32_t index = (first + i) % bridge->limit;
        if (bridge->clients[index].more) {
            bridge->next_more = index + 1;
            go_on(bridge, index);
        }
    }
}

void
bridge_step(struct bridge *bridge)
{
    struct epoll_event events[EVENTS_PER_STEP];
    struct mono_ns now = platform_mono_now(bridge->platform);
    bridge->shake_until = (struct mono_ns){now.ns + SHAKE_NS_PER_STEP};
    go_on_with_more(bridge);
    int count = epoll_wait(bridge->epoll_fd, events, EVENTS_PER_STEP, 0);
    for (int i = 0; i < count; i++) {
        go_on(bridge, (uint32_t)events[i].data.u64);
    }
}
