// UDP to one address, and the names of such addresses: what those need who send
// packets and hear nothing back. Names are asked by c-ares, which never waits.
//
// c-ares takes its memory by malloc: RESOLVER_HEAP_BYTES at most. Everything may
// be called after the seal.
#ifndef SKERRY_PLATFORM_DATAGRAM_H
#define SKERRY_PLATFORM_DATAGRAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

// Measured 30 KB with c-ares 1.34: the channel, its configuration, one answer.
#define RESOLVER_HEAP_BYTES (64 * 1024)

struct ares_channeldata;

// One over UDP and one over TCP to each of a few name servers.
#define RESOLVER_SOCKETS_MAX 8

struct resolver {
    struct ares_channeldata *channel;
    unsigned socket_count;
    struct {
        int socket;
        bool reads, writes;  // what is waited for
    } sockets[RESOLVER_SOCKETS_MAX];
};

// Once a process; 0 or -ERR_HEAP_FULL. Must stay where it is.
int resolver_open(struct resolver *resolver) MUST_USE;
void resolver_close(struct resolver *resolver);
// Reads answers; runs what they end. To be called while a question is open.
void resolver_turn(struct resolver *resolver);

enum question_state { QUESTION_NONE, QUESTION_OPEN, QUESTION_ANSWERED, QUESTION_FAILED };

// Must stay where it is while it is open.
struct resolver_question {
    enum question_state state;
    uint16_t port;
    unsigned turn;  // which of several addresses is taken
    struct sockaddr_in6 address;  // or a sockaddr_in
    uint32_t address_size;
};

// An address in figures is answered at once. Of several addresses question->turn
// says which one is taken: the caller counts it up when one does not answer.
void resolver_ask(struct resolver *resolver, struct resolver_question *question,
                  struct text host, uint16_t port);

// 0 or -ERR_CONNECT.
int datagram_open(const struct resolver_question *answered, int *socket) MUST_USE;
// 0; -ERR_BUSY: no room now; -ERR_CONNECT: the other side refuses; -ERR_TOO_LARGE.
int datagram_send(int socket, const void *bytes, size_t size) MUST_USE;
void datagram_close(int socket);

#endif
