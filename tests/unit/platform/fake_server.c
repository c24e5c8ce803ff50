#include "platform/fake_server.h"

#include <arpa/inet.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define BODY_MAX (4 << 20)

// Of the server's processes; tickets are valid across them.
static struct {
    struct fake_server_config config;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_config tls;
    mbedtls_ssl_ticket_context tickets;
    mbedtls_x509_crt certificate;
    mbedtls_x509_crt authority;
    mbedtls_pk_context key;
} shared;

struct connection {
    int socket;
    mbedtls_ssl_context ssl;
    char head[70000];
    size_t size;
};

static void
must(bool condition)
{
    if (!condition) {
        _exit(3);
    }
}

static int
raw_send(void *context, const unsigned char *bytes, size_t size)
{
    const struct connection *connection = context;
    ssize_t sent = send(connection->socket, bytes, size, MSG_NOSIGNAL);
    return sent < 0 ? -1 : (int)sent;
}

static int
raw_receive(void *context, unsigned char *bytes, size_t size)
{
    const struct connection *connection = context;
    return (int)recv(connection->socket, bytes, size, 0);
}

static void
send_all(struct connection *connection, const char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        const unsigned char *from = (const unsigned char *)bytes + at;
        int sent = shared.config.certificate == NULL
                       ? raw_send(connection, from, size - at)
                       : mbedtls_ssl_write(&connection->ssl, from, size - at);
        if (sent <= 0) {
            _exit(0);
        }
        at += (size_t)sent;
    }
}

static void
send_text(struct connection *connection, const char *text)
{
    send_all(connection, text, strlen(text));
}

// False at the end of the connection.
static bool
receive_head(struct connection *connection)
{
    connection->size = 0;
    for (;;) {
        char *at = connection->head + connection->size;
        size_t room = sizeof connection->head - 1 - connection->size;
        int got = shared.config.certificate == NULL
                      ? raw_receive(connection, (unsigned char *)at, room)
                      : mbedtls_ssl_read(&connection->ssl, (unsigned char *)at, room);
        if (got <= 0) {
            return false;
        }
        connection->size += (size_t)got;
        connection->head[connection->size] = '\0';
        if (strstr(connection->head, "\r\n\r\n") != NULL) {
            return true;
        }
    }
}

static void
send_body(struct connection *connection, const char *body, size_t size)
{
    char head[128];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
    send_text(connection, head);
    send_all(connection, body, size);
}

static char *
pattern(size_t size)
{
    static char bytes[BODY_MAX];
    must(size <= sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(i % 251);
    }
    return bytes;
}

static void
send_chunked(struct connection *connection, size_t size)
{
    const char *bytes = pattern(size);
    send_text(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < size; at += 1000) {
        char head[32];
        size_t piece = size - at < 1000 ? size - at : 1000;
        snprintf(head, sizeof head, "%zx\r\n", piece);
        send_text(connection, head);
        send_all(connection, bytes + at, piece);
        send_text(connection, "\r\n");
    }
    send_text(connection, "0\r\n\r\n");
}

static void
send_client(struct connection *connection)
{
    char name[256] = "none";
    const mbedtls_x509_crt *peer =
        shared.config.certificate == NULL ? NULL : mbedtls_ssl_get_peer_cert(&connection->ssl);
    if (peer != NULL) {
        mbedtls_x509_dn_gets(name, sizeof name, &peer->subject);
    }
    send_body(connection, name, strlen(name));
}

// 100 bytes are promised and half of them sent.
static void
send_half(struct connection *connection)
{
    send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    send_all(connection, pattern(50), 50);
}

static void
end_by_reset(struct connection *connection)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(connection->socket);
    _exit(0);
}

static void
wait_for_the_end(struct connection *connection)
{
    char byte;
    while (recv(connection->socket, &byte, 1, 0) > 0) {
    }
    _exit(0);
}

static void
send_slowly(struct connection *connection)
{
    send_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 1000; i++) {
        send_all(connection, "x", 1);
        poll(NULL, 0, 20);
    }
}

static void
send_big_head(struct connection *connection)
{
    send_text(connection, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 640; i++) {
        char line[128];
        snprintf(line, sizeof line, "X-Line-%d: %090d\r\n", i, i);
        send_text(connection, line);
    }
    send_text(connection, "Content-Length: 0\r\n\r\n");
}

static void
send_status(struct connection *connection, int status)
{
    char text[160];
    snprintf(text, sizeof text,
             "HTTP/1.1 %d Other\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nsaid", status);
    send_text(connection, text);
}

static void
answer(struct connection *connection, const char *path)
{
    if (strcmp(path, "/ok") == 0) {
        send_body(connection, "hello", 5);
    } else if (strncmp(path, "/bytes/", 7) == 0) {
        send_body(connection, pattern((size_t)atoi(path + 7)), (size_t)atoi(path + 7));
    } else if (strncmp(path, "/chunked/", 9) == 0) {
        send_chunked(connection, (size_t)atoi(path + 9));
    } else if (strncmp(path, "/status/", 8) == 0) {
        send_status(connection, atoi(path + 8));
    } else if (strcmp(path, "/echo") == 0) {
        send_body(connection, connection->head, connection->size);
    } else if (strcmp(path, "/post") == 0) {
        const char *body = strstr(connection->head, "\r\n\r\n") + 4;
        send_body(connection, body, strlen(body));
    } else if (strcmp(path, "/client") == 0) {
        send_client(connection);
    } else if (strcmp(path, "/close") == 0) {
        send_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbye");
        _exit(0);
    } else if (strcmp(path, "/pause") == 0) {
        send_half(connection);
        wait_for_the_end(connection);
    } else if (strcmp(path, "/reset") == 0) {
        send_half(connection);
        end_by_reset(connection);
    } else if (strcmp(path, "/short") == 0) {
        send_half(connection);
        _exit(0);
    } else if (strcmp(path, "/slow") == 0) {
        send_slowly(connection);
    } else if (strcmp(path, "/garbage") == 0) {
        send_text(connection, "\x01\x02\x03 this is no HTTP at all\r\n\r\n");
        _exit(0);
    } else if (strcmp(path, "/bighead") == 0) {
        send_big_head(connection);
    } else {
        wait_for_the_end(connection);
    }
}

static void
serve(int socket)
{
    static struct connection connection;
    char path[256];
    connection.socket = socket;
    if (shared.config.silent) {
        wait_for_the_end(&connection);
    }
    if (shared.config.certificate != NULL) {
        mbedtls_ssl_init(&connection.ssl);
        must(mbedtls_ssl_setup(&connection.ssl, &shared.tls) == 0);
        mbedtls_ssl_set_bio(&connection.ssl, &connection, raw_send, raw_receive, NULL);
        if (mbedtls_ssl_handshake(&connection.ssl) != 0) {
            _exit(0);
        }
    }
    for (unsigned count = 1; receive_head(&connection); count++) {
        must(sscanf(connection.head, "%*s %255s", path) == 1);
        answer(&connection, path);
        if (count == shared.config.requests_limit) {
            break;
        }
    }
    _exit(0);
}

static void
prepare_tls(void)
{
    const struct fake_server_config *config = &shared.config;
    const unsigned char *pem = (const unsigned char *)config->certificate;
    const unsigned char *key = (const unsigned char *)config->key;
    mbedtls_entropy_init(&shared.entropy);
    mbedtls_ctr_drbg_init(&shared.random);
    mbedtls_ssl_config_init(&shared.tls);
    mbedtls_ssl_ticket_init(&shared.tickets);
    mbedtls_x509_crt_init(&shared.certificate);
    mbedtls_x509_crt_init(&shared.authority);
    mbedtls_pk_init(&shared.key);
    must(psa_crypto_init() == PSA_SUCCESS);
    must(mbedtls_ctr_drbg_seed(&shared.random, mbedtls_entropy_func, &shared.entropy, NULL, 0)
         == 0);
    must(mbedtls_x509_crt_parse(&shared.certificate, pem, strlen(config->certificate) + 1) == 0);
    must(mbedtls_pk_parse_key(&shared.key, key, strlen(config->key) + 1, NULL, 0,
                              mbedtls_ctr_drbg_random, &shared.random) == 0);
    must(mbedtls_ssl_config_defaults(&shared.tls, MBEDTLS_SSL_IS_SERVER,
                                     MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT)
         == 0);
    mbedtls_ssl_conf_rng(&shared.tls, mbedtls_ctr_drbg_random, &shared.random);
    must(mbedtls_ssl_conf_own_cert(&shared.tls, &shared.certificate, &shared.key) == 0);
    must(mbedtls_ssl_ticket_setup(&shared.tickets, mbedtls_ctr_drbg_random, &shared.random,
                                  MBEDTLS_CIPHER_AES_256_GCM, 86400) == 0);
    mbedtls_ssl_conf_session_tickets_cb(&shared.tls, mbedtls_ssl_ticket_write,
                                        mbedtls_ssl_ticket_parse, &shared.tickets);
    if (config->tls12) {
        mbedtls_ssl_conf_max_tls_version(&shared.tls, MBEDTLS_SSL_VERSION_TLS1_2);
    }
    if (config->client_authority != NULL) {
        const unsigned char *authority = (const unsigned char *)config->client_authority;
        must(mbedtls_x509_crt_parse(&shared.authority, authority,
                                    strlen(config->client_authority) + 1) == 0);
        mbedtls_ssl_conf_ca_chain(&shared.tls, &shared.authority, NULL);
        mbedtls_ssl_conf_authmode(&shared.tls, MBEDTLS_SSL_VERIFY_OPTIONAL);
    }
}

static void
listen_for_ever(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (shared.config.certificate != NULL) {
        prepare_tls();
    }
    for (;;) {
        int socket = accept(listener, NULL, NULL);
        if (socket >= 0 && fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(listener);
            serve(socket);
        }
        close(socket);
    }
}

void
fake_server_start(struct fake_server *server, const struct fake_server_config *config)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(listener >= 0);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, 64) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    server->port = ntohs(address.sin_port);
    shared.config = *config;
    server->pid = fork();
    CHECK(server->pid >= 0);
    if (server->pid == 0) {
        listen_for_ever(listener);
    }
    close(listener);
}

void
fake_server_stop(struct fake_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}
