#include "api/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 128
// What a refused client may have sent already; unread bytes would turn the
// answer into a reset.
#define DRAIN_BYTES 2048

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int
parse_address(struct text ip, uint16_t port, union address *address, socklen_t *size,
              struct out *why)
{
    char room[INET6_ADDRSTRLEN + 1];
    struct out text = out_of(room, sizeof room);
    out_text(&text, text_equal(ip, TEXT("localhost")) ? TEXT("127.0.0.1") : ip);
    memset(address, 0, sizeof *address);
    const char *string = out_c_string(&text);
    if (!text.full && inet_pton(AF_INET, string, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        *size = sizeof address->v4;
        return 0;
    }
    if (!text.full && inet_pton(AF_INET6, string, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        *size = sizeof address->v6;
        return 0;
    }
    out_string(why, "not an IP address: ");
    out_text(why, text_sub(ip, 0, 80));
    return -ERR_BAD_CONFIG;
}

static void
explain_bind(int number, struct text ip, uint16_t port, struct out *why)
{
    switch (number) {
    case EADDRINUSE:
        out_format(why, "port %u of ", port);
        out_text(why, ip);
        out_string(why, " is in use by another program: stop that one, or choose another port");
        break;
    case EADDRNOTAVAIL:
        out_string(why, "this machine does not have the address ");
        out_text(why, ip);
        break;
    case EACCES:
        out_format(why, "port %u may only be used by root: choose one from 1024 on", port);
        break;
    default:
        out_format(why, "cannot listen on port %u: %s", port, strerror(number));
        break;
    }
}

static void
set_options(int fd)
{
    const int on = 1;
    const int send_bytes = LISTENER_SEND_BYTES;
    const int receive_bytes = LISTENER_RECEIVE_BYTES;
    // None of these is needed to serve; accepted sockets inherit the buffers.
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
}

static uint16_t
bound_port(int fd)
{
    union address address;
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0) {
        return 0;
    }
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

int
listener_open(struct listener *listener, struct text ip, uint16_t port, struct out *why)
{
    union address address;
    socklen_t size;
    int error = parse_address(ip, port, &address, &size, why);
    if (error != 0) {
        return error;
    }
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        explain_bind(errno, ip, port, why);
        return -ERR_BAD_CONFIG;
    }
    set_options(fd);
    if (bind(fd, &address.any, size) != 0 || listen(fd, BACKLOG) != 0) {
        explain_bind(errno, ip, port, why);
        (void)close(fd);
        return -ERR_BAD_CONFIG;
    }
    *listener = (struct listener){fd, bound_port(fd)};
    return 0;
}

void
listener_close(struct listener *listener)
{
    if (listener->fd >= 0) {
        (void)close(listener->fd);
        listener->fd = -1;
    }
}

int
listener_accept(const struct listener *listener, struct listener_client *client)
{
    client->address_size = sizeof client->address;
    client->fd = accept4(listener->fd, (struct sockaddr *)&client->address,
                         &client->address_size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client->fd >= 0) {
        return 1;
    }
    switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return -ERR_BUSY;
    default:
        return 0;
    }
}

uint64_t
listener_peer(const struct listener_client *client)
{
    union address address = {0};
    uint64_t half;
    memcpy(&address, &client->address,
           client->address_size < sizeof address ? client->address_size : sizeof address);
    if (address.any.sa_family == AF_INET) {
        return address.v4.sin_addr.s_addr;
    }
    const unsigned char *bytes = address.v6.sin6_addr.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr)) {
        bytes += 8;
    }
    memcpy(&half, bytes, sizeof half);
    return half;
}

bool
listener_has_ended(int fd)
{
    char byte;
    return recv(fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void
listener_tell(int fd, struct text answer)
{
    (void)send(fd, answer.at, answer.size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
listener_refuse(int fd, struct text answer)
{
    char drain[DRAIN_BYTES];
    (void)recv(fd, drain, sizeof drain, MSG_DONTWAIT);
    listener_tell(fd, answer);
    (void)close(fd);
}

void
listener_hang_up(int fd)
{
    (void)shutdown(fd, SHUT_RDWR);
}
