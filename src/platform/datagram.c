#include "platform/datagram.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST_BYTES_MAX 256
#define RESOLVE_MS 3000
#define RESOLVE_TRIES 2

// c-ares opens and closes sockets as it likes. One too many is only not looked at:
// the question ends by its timeout.
static void
on_socket(void *context, ares_socket_t socket, int reads, int writes)
{
    struct resolver *resolver = context;
    unsigned at = 0;
    while (at < resolver->socket_count && resolver->sockets[at].socket != socket) {
        at++;
    }
    if (!reads && !writes) {
        if (at < resolver->socket_count) {
            resolver->sockets[at] = resolver->sockets[--resolver->socket_count];
        }
        return;
    }
    if (at == RESOLVER_SOCKETS_MAX) {
        return;
    }
    resolver->socket_count += at == resolver->socket_count;
    resolver->sockets[at].socket = socket;
    resolver->sockets[at].reads = reads != 0;
    resolver->sockets[at].writes = writes != 0;
}

int
resolver_open(struct resolver *resolver)
{
    struct ares_options options = {
        .timeout = RESOLVE_MS,
        .tries = RESOLVE_TRIES,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = resolver,
    };
    *resolver = (struct resolver){0};
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
        return -ERR_HEAP_FULL;
    }
    int result = ares_init_options(&resolver->channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    return result == ARES_SUCCESS ? 0 : -ERR_HEAP_FULL;
}

void
resolver_close(struct resolver *resolver)
{
    if (resolver->channel != NULL) {
        ares_destroy(resolver->channel);
        ares_library_cleanup();
    }
    resolver->channel = NULL;
}

// The sockets are non-blocking, so that all of them are simply tried.
void
resolver_turn(struct resolver *resolver)
{
    struct resolver before = *resolver;
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (unsigned i = 0; i < before.socket_count; i++) {
        int socket = before.sockets[i].socket;
        ares_process_fd(resolver->channel, before.sockets[i].reads ? socket : ARES_SOCKET_BAD,
                        before.sockets[i].writes ? socket : ARES_SOCKET_BAD);
    }
}

static void
take(struct resolver_question *question, const void *address, size_t size)
{
    if (size <= sizeof question->address) {
        memcpy(&question->address, address, size);
        question->address_size = (uint32_t)size;
        question->state = QUESTION_ANSWERED;
    }
}

// The same one comes again when all had their turn.
static const struct ares_addrinfo_node *
node_at(const struct ares_addrinfo *answer, unsigned turn)
{
    unsigned count = 0;
    for (const struct ares_addrinfo_node *node = answer->nodes; node != NULL;
         node = node->ai_next) {
        count++;
    }
    const struct ares_addrinfo_node *node = answer->nodes;
    for (unsigned i = turn % count; i > 0; i--) {
        node = node->ai_next;
    }
    return node;
}

static void
on_answer(void *context, int status, int timeouts, struct ares_addrinfo *answer)
{
    struct resolver_question *question = context;
    (void)timeouts;
    question->state = QUESTION_FAILED;
    if (status == ARES_SUCCESS && answer != NULL && answer->nodes != NULL) {
        const struct ares_addrinfo_node *node = node_at(answer, question->turn);
        take(question, node->ai_addr, node->ai_addrlen);
        question->address.sin6_port = htons(question->port);  // at the same place in both
    }
    if (answer != NULL) {
        ares_freeaddrinfo(answer);
    }
}
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
               "ports lie at the same place");

void
resolver_ask(struct resolver *resolver, struct resolver_question *question, struct text host,
             uint16_t port)
{
    char name[HOST_BYTES_MAX];
    struct out out = out_of(name, sizeof name);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    out_text(&out, host);
    const char *c_name = out_c_string(&out);
    *question = (struct resolver_question){
        .state = QUESTION_FAILED,
        .port = port,
        .turn = question->turn,
    };
    if (out.full) {
        return;
    }
    if (inet_pton(AF_INET, c_name, &v4.sin_addr) == 1) {
        take(question, &v4, sizeof v4);
        return;
    }
    if (inet_pton(AF_INET6, c_name, &v6.sin6_addr) == 1) {
        take(question, &v6, sizeof v6);
        return;
    }
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    question->state = QUESTION_OPEN;
    ares_getaddrinfo(resolver->channel, c_name, NULL, &hints, on_answer, question);
}

int
datagram_open(const struct resolver_question *answered, int *descriptor)
{
    ASSERT(answered->state == QUESTION_ANSWERED);
    int made = socket(answered->address.sin6_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0) {
        return -ERR_CONNECT;
    }
    if (connect(made, (const struct sockaddr *)&answered->address, answered->address_size) != 0) {
        close(made);
        return -ERR_CONNECT;
    }
    *descriptor = made;
    return 0;
}

int
datagram_send(int descriptor, const void *bytes, size_t size)
{
    if (send(descriptor, bytes, size, MSG_NOSIGNAL) >= 0) {
        return 0;
    }
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
        return -ERR_BUSY;
    }
    return errno == EMSGSIZE ? -ERR_TOO_LARGE : -ERR_CONNECT;
}

void
datagram_close(int descriptor)
{
    close(descriptor);
}
