// The listening socket: made, accepted from, and what is said to a client for
// whom there is no room. The only socket calls of this room.
#ifndef SKERRY_API_LISTENER_H
#define SKERRY_API_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/text.h"

// Buffers of the kernel for each client; it doubles both for its own use.
#define LISTENER_SEND_BYTES (16 * 1024)
#define LISTENER_RECEIVE_BYTES (4 * 1024)

struct listener {
    int fd;
    uint16_t port;  // as bound
};

// `ip` is an IPv4 or IPv6 address (without brackets) or "localhost"; port 0: any
// free one. -ERR_BAD_CONFIG with one sentence in `why`.
int listener_open(struct listener *listener, struct text ip, uint16_t port,
                  struct out *why) MUST_USE;
void listener_close(struct listener *listener);

struct listener_client {
    int fd;
    socklen_t address_size;
    struct sockaddr_storage address;
};

// 1: a client; 0: none is waiting; negative: out of descriptors or memory, try
// again later.
int listener_accept(const struct listener *listener, struct listener_client *client) MUST_USE;

// Who it is, as far as turns are shared out: an IPv4 address, or the 64 bits of an
// IPv6 address that one customer has.
uint64_t listener_peer(const struct listener_client *client);

// Nothing is left to read, and nothing more will come.
bool listener_has_ended(int fd);

// Sends as much of `answer` as goes at once.
void listener_tell(int fd, struct text answer);
// Tells and hangs up; the descriptor is closed.
void listener_refuse(int fd, struct text answer);
// Ends both directions; whoever owns the descriptor notices and closes it.
void listener_hang_up(int fd);

#endif
