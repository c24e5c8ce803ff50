// A small HTTP/1.1 server on loopback, plain or TLS, in processes of its own, for
// tests of real requests. Each path behaves in one way:
//
//   /ok            "hello"              /bytes/N    N bytes, i % 251
//   /chunked/N     the same in chunks   /status/N   that status, Retry-After: 7
//   /close         "bye", then closes   /echo       the request's head
//   /client        the name in the client's certificate, or "none"
//   /post          the request's body
//   /hang          no answer            /pause      half a body, then nothing
//   /slow          a byte now and then  /reset      half a body, then RST
//   /short         a length too large   /garbage    not HTTP
//   /bighead       64 KB of headers
#ifndef SKERRY_TESTS_UNIT_PLATFORM_FAKE_SERVER_H
#define SKERRY_TESTS_UNIT_PLATFORM_FAKE_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct fake_server_config {
    const char *certificate;  // PEM; NULL: plain
    const char *key;
    const char *client_authority;  // PEM: asks for a client's certificate
    bool tls12;               // not 1.3
    bool silent;              // accepts and says nothing, not even a handshake
    unsigned requests_limit;  // closes a connection after so many; 0: never
};

struct fake_server {
    pid_t pid;
    uint16_t port;
};

// Ends with this process at the latest.
void fake_server_start(struct fake_server *server, const struct fake_server_config *config);
void fake_server_stop(struct fake_server *server);

#endif
