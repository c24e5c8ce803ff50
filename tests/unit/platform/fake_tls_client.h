// A TLS client in this process, over any non-blocking socket, that is driven step by
// step beside the server under test. Trusts AUTHORITY_PEM of certificates.h.
#ifndef SKERRY_TESTS_UNIT_PLATFORM_FAKE_TLS_CLIENT_H
#define SKERRY_TESTS_UNIT_PLATFORM_FAKE_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct fake_tls_client;

struct fake_tls_client_config {
    bool tls12;               // not 1.3
    const char *certificate;  // PEM, to be shown when asked; NULL: none
    const char *key;
};

// One at a time; ends the one before.
struct fake_tls_client *fake_tls_client_make(const struct fake_tls_client_config *config);

// Begins on a socket, with what fake_tls_client_keep() kept, if anything.
void fake_tls_client_begin(struct fake_tls_client *client, int fd);

// Each of these goes as far as it can without waiting. 0: it is done, or how many
// bytes; FAKE_TLS_WAITS; any other negative number: it failed.
#define FAKE_TLS_WAITS (-1)
#define FAKE_TLS_ENDED (-2)  // the server closed in order
int fake_tls_client_shake(struct fake_tls_client *client);
int fake_tls_client_write(struct fake_tls_client *client, const void *bytes, size_t size);
int fake_tls_client_read(struct fake_tls_client *client, void *bytes, size_t size);
int fake_tls_client_close(struct fake_tls_client *client);

// Keeps the session for the next begin. False: the server gave no ticket.
bool fake_tls_client_keep(struct fake_tls_client *client);
// Whether the server proved itself by its certificate in the last handshake, and did
// not only go on with a session.
bool fake_tls_client_saw_certificate(const struct fake_tls_client *client);

#endif
