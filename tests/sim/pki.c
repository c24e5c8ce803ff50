#include "pki.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <mbedtls/ecp.h>
#include <psa/crypto.h>

#include "mix.h"

#define DAY_S 86400
#define PEM_BYTES 4096
#define DER_BYTES 2048

struct cert_request {
    const char *subject;
    const char *issuer;
    mbedtls_pk_context *key;
    mbedtls_pk_context *issuer_key;
    const char *dns[3];
    uint32_t address; /* 0 = none */
    bool authority;
    bool client;
    bool expired;
};

static int
complain(const char *what, int code)
{
    fprintf(stderr, "skerry-sim: cannot make %s (mbedTLS error -0x%04x)\n", what, (unsigned)-code);
    return -1;
}

static int
make_key(struct pki *pki, mbedtls_pk_context *key)
{
    mbedtls_pk_init(key);
    int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (rc == 0) {
        rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
                                 mbedtls_ctr_drbg_random, &pki->random);
    }
    return rc == 0 ? 0 : complain("a key", rc);
}

static void
validity(char *from, char *to, bool expired)
{
    time_t now = time(NULL);
    time_t start = expired ? now - 30 * DAY_S : now - DAY_S;
    time_t end = expired ? now - DAY_S : now + 365 * (time_t)DAY_S;
    struct tm tm;
    gmtime_r(&start, &tm);
    strftime(from, 16, "%Y%m%d%H%M%S", &tm);
    gmtime_r(&end, &tm);
    strftime(to, 16, "%Y%m%d%H%M%S", &tm);
}

static int
set_names(mbedtls_x509write_cert *cert, const struct cert_request *request)
{
    mbedtls_x509_san_list list[4];
    unsigned char address[4];
    unsigned count = 0;
    memset(list, 0, sizeof(list));
    for (unsigned i = 0; i < 3 && request->dns[i] != NULL; i++) {
        char *name = NULL;
        memcpy(&name, &request->dns[i], sizeof(name)); /* the API lacks const */
        list[count].node.type = MBEDTLS_X509_SAN_DNS_NAME;
        list[count].node.san.unstructured_name.p = (unsigned char *)name;
        list[count].node.san.unstructured_name.len = strlen(name);
        count++;
    }
    if (request->address != 0) {
        for (unsigned i = 0; i < 4; i++) {
            address[i] = (unsigned char)(request->address >> (24 - 8 * i));
        }
        list[count].node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
        list[count].node.san.unstructured_name.p = address;
        list[count].node.san.unstructured_name.len = 4;
        count++;
    }
    for (unsigned i = 0; i + 1 < count; i++) {
        list[i].next = &list[i + 1];
    }
    return count == 0 ? 0 : mbedtls_x509write_crt_set_subject_alternative_name(cert, list);
}

static int
fill_cert(struct pki *pki, mbedtls_x509write_cert *cert, const struct cert_request *request)
{
    unsigned char serial[8];
    char from[16];
    char to[16];
    pki->serial++;
    for (unsigned i = 0; i < 8; i++) {
        serial[i] = (unsigned char)(pki->serial >> (56 - 8 * i));
    }
    serial[0] = 1;
    validity(from, to, request->expired);
    mbedtls_x509write_crt_set_version(cert, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(cert, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(cert, request->key);
    mbedtls_x509write_crt_set_issuer_key(cert, request->issuer_key);
    int rc = mbedtls_x509write_crt_set_serial_raw(cert, serial, sizeof(serial));
    rc = rc != 0 ? rc : mbedtls_x509write_crt_set_validity(cert, from, to);
    rc = rc != 0 ? rc : mbedtls_x509write_crt_set_subject_name(cert, request->subject);
    rc = rc != 0 ? rc : mbedtls_x509write_crt_set_issuer_name(cert, request->issuer);
    rc = rc != 0 ? rc : mbedtls_x509write_crt_set_basic_constraints(cert, request->authority, -1);
    rc = rc != 0 ? rc
                 : mbedtls_x509write_crt_set_key_usage(
                       cert, request->authority ? MBEDTLS_X509_KU_KEY_CERT_SIGN
                                                : MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
    return rc != 0 ? rc : set_names(cert, request);
}

/* DER at the end of der; its length, or negative. */
static int
make_der(struct pki *pki, const struct cert_request *request, unsigned char *der)
{
    mbedtls_x509write_cert cert;
    mbedtls_x509write_crt_init(&cert);
    int rc = fill_cert(pki, &cert, request);
    if (rc == 0) {
        rc =
            mbedtls_x509write_crt_der(&cert, der, DER_BYTES, mbedtls_ctr_drbg_random, &pki->random);
    }
    mbedtls_x509write_crt_free(&cert);
    return rc;
}

static int
make_cert(struct pki *pki, const struct cert_request *request, mbedtls_x509_crt *out)
{
    unsigned char der[DER_BYTES];
    mbedtls_x509_crt_init(out);
    int len = make_der(pki, request, der);
    if (len < 0) {
        return complain("a certificate", len);
    }
    int rc = mbedtls_x509_crt_parse_der(out, der + DER_BYTES - len, (size_t)len);
    return rc == 0 ? 0 : complain("a certificate", rc);
}

static void
put_pem(struct buf *out, const mbedtls_x509_crt *cert)
{
    struct buf base64 = {0};
    buf_base64(&base64, cert->raw.p, cert->raw.len);
    BUF_LIT(out, "-----BEGIN CERTIFICATE-----\n");
    for (size_t i = 0; i < base64.len; i += 64) {
        buf_put(out, base64.data + i, base64.len - i < 64 ? base64.len - i : 64);
        BUF_LIT(out, "\n");
    }
    BUF_LIT(out, "-----END CERTIFICATE-----\n");
    buf_free(&base64);
}

static int
make_server_cert(struct pki *pki)
{
    const struct cert_request request = {
        .subject = "CN=kube-apiserver",
        .issuer = "CN=kubernetes",
        .key = &pki->server_key,
        .issuer_key = &pki->ca_key,
        .dns = {"localhost", "kubernetes", "kubernetes.default.svc"},
        .address = 0x7f000001};
    return make_cert(pki, &request, &pki->server_cert);
}

static int
make_client(struct pki *pki)
{
    unsigned char pem[PEM_BYTES];
    mbedtls_x509_crt cert;
    const struct cert_request request = {.subject = "O=system:masters,CN=skerry-admin",
                                         .issuer = "CN=kubernetes",
                                         .key = &pki->client_key,
                                         .issuer_key = &pki->ca_key,
                                         .client = true};
    if (make_cert(pki, &request, &cert) != 0) {
        return -1;
    }
    put_pem(&pki->client_cert_pem, &cert);
    mbedtls_x509_crt_free(&cert);
    int rc = mbedtls_pk_write_key_pem(&pki->client_key, pem, sizeof(pem));
    if (rc != 0) {
        return complain("a key file", rc);
    }
    buf_text(&pki->client_key_pem, (const char *)pem);
    return 0;
}

void
pki_rotate_token(struct pki *pki)
{
    uint64_t draw = mix_with(pki->options->seed, 7000 + pki->token_generation++);
    snprintf(pki->token, sizeof(pki->token), "sim-token-%016llx%016llx", (unsigned long long)draw,
             (unsigned long long)mix64(draw));
}

int
pki_init(struct pki *pki, const struct options *options)
{
    *pki = (struct pki){.options = options};
    mbedtls_entropy_init(&pki->entropy);
    mbedtls_ctr_drbg_init(&pki->random);
    int rc = mbedtls_ctr_drbg_seed(&pki->random, mbedtls_entropy_func, &pki->entropy, NULL, 0);
    if (rc != 0 || psa_crypto_init() != PSA_SUCCESS) {
        return complain("random numbers", rc);
    }
    pki->serial = (uint64_t)time(NULL) << 20;
    pki_rotate_token(pki);
    snprintf(pki->nobody_token, sizeof(pki->nobody_token), "sim-nobody-%016llx",
             (unsigned long long)mix_with(options->seed, 6999));
    if (make_key(pki, &pki->ca_key) != 0 || make_key(pki, &pki->server_key) != 0 ||
        make_key(pki, &pki->other_key) != 0 || make_key(pki, &pki->client_key) != 0) {
        return -1;
    }
    const struct cert_request authority = {.subject = "CN=kubernetes",
                                           .issuer = "CN=kubernetes",
                                           .key = &pki->ca_key,
                                           .issuer_key = &pki->ca_key,
                                           .authority = true};
    if (make_cert(pki, &authority, &pki->ca_cert) != 0 || make_server_cert(pki) != 0) {
        return -1;
    }
    put_pem(&pki->ca_pem, &pki->ca_cert);
    return make_client(pki);
}

mbedtls_pk_context *
pki_node_key(struct pki *pki, enum cert_variant variant)
{
    return variant == CERT_OTHER ? &pki->other_key : &pki->server_key;
}

static enum cert_variant
cached_slot(enum cert_variant variant)
{
    return variant == CERT_EXPIRED ? CERT_OTHER : variant;
}

mbedtls_x509_crt *
pki_node_cert(struct pki *pki, struct node *node, enum cert_variant variant)
{
    char subject[320];
    char issuer[320];
    unsigned slot = (unsigned)cached_slot(variant);
    bool self = pki->options->kubelet_cert == KUBELET_CERT_SELF;
    mbedtls_x509_crt *cached = node->certs[slot];
    if (cached != NULL && (slot == 0 || node->cert_variant == (int)variant)) {
        return cached;
    }
    snprintf(subject, sizeof(subject), "O=system:nodes,CN=system:node:%s", node->object.name);
    snprintf(issuer, sizeof(issuer), "%s", self ? subject : "CN=kubernetes");
    const struct cert_request request = {
        .subject = subject,
        .issuer = issuer,
        .key = pki_node_key(pki, variant),
        .issuer_key = self ? pki_node_key(pki, variant) : &pki->ca_key,
        .dns = {node->object.name},
        .address = pki->options->san_address ? node->address : 0,
        .expired = variant == CERT_EXPIRED || pki->options->kubelet_cert == KUBELET_CERT_EXPIRED};
    if (cached == NULL) {
        cached = xcalloc(1, sizeof(*cached));
    } else {
        mbedtls_x509_crt_free(cached);
    }
    if (make_cert(pki, &request, cached) != 0) {
        exit(111);
    }
    node->certs[slot] = cached;
    node->cert_variant = slot == 0 ? node->cert_variant : (int)variant;
    return cached;
}

static int
write_file(const struct pki *pki, const char *name, const void *bytes, size_t len)
{
    char path[1024];
    char temporary[1100];
    snprintf(path, sizeof(path), "%s/%s", pki->options->directory, name);
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    FILE *file = fopen(temporary, "w");
    bool good = file != NULL && fwrite(bytes, 1, len, file) == len;
    good = file != NULL && fclose(file) == 0 && good;
    if (!good || rename(temporary, path) != 0) {
        fprintf(stderr, "skerry-sim: cannot write %s: %s; see --dir\n", path, strerror(errno));
        return -1;
    }
    return 0;
}

static int
write_buf(const struct pki *pki, const char *name, const struct buf *buf)
{
    return write_file(pki, name, buf->data, buf->len);
}

int
pki_write_token(const struct pki *pki)
{
    return write_file(pki, "token", pki->token, strlen(pki->token));
}

static void
put_config_start(struct buf *out, const char *server)
{
    BUF_LIT(out, "apiVersion: v1\nkind: Config\npreferences: {}\n"
                 "current-context: sim\ncontexts:\n- name: sim\n  context:\n    cluster: sim\n"
                 "    user: skerry\nclusters:\n- name: sim\n  cluster:\n");
    buf_printf(out, "    server: %s\n", server);
}

static void
put_inline(struct buf *out, const char *key, const struct buf *data)
{
    buf_printf(out, "    %s: ", key);
    buf_base64(out, data->data, data->len);
    BUF_LIT(out, "\n");
}

static int
write_config(const struct pki *pki, const char *name, const char *server, const char *user)
{
    struct buf out = {0};
    put_config_start(&out, server);
    put_inline(&out, "certificate-authority-data", &pki->ca_pem);
    buf_printf(&out, "users:\n- name: skerry\n  user:\n%s", user);
    if (user[0] == 0) {
        put_inline(&out, "client-certificate-data", &pki->client_cert_pem);
        put_inline(&out, "client-key-data", &pki->client_key_pem);
    }
    int rc = write_buf(pki, name, &out);
    buf_free(&out);
    return rc;
}

static int
write_config_files(const struct pki *pki, const char *server)
{
    struct buf out = {0};
    put_config_start(&out, server);
    buf_printf(&out, "    certificate-authority: ca.crt\nusers:\n- name: skerry\n"
                     "  user:\n    client-certificate: client.crt\n    client-key: client.key\n"
                     "    tokenFile: token\n");
    int rc = write_buf(pki, "kubeconfig-files", &out);
    buf_free(&out);
    return rc;
}

int
pki_write_files(const struct pki *pki, const char *server)
{
    char user[256];
    if (mkdir(pki->options->directory, 0755) != 0 && errno != EEXIST) {
        fprintf(stderr, "skerry-sim: cannot make %s: %s; see --dir\n", pki->options->directory,
                strerror(errno));
        return -1;
    }
    snprintf(user, sizeof(user), "    token: %s\n", pki->token);
    int rc = write_config(pki, "kubeconfig", server, user);
    rc |= write_config(pki, "kubeconfig-cert", server, "");
    snprintf(user, sizeof(user), "    token: %s\n", pki->nobody_token);
    rc |= write_config(pki, "kubeconfig-nobody", server, user);
    snprintf(user, sizeof(user), "    tokenFile: token\n");
    rc |= write_config(pki, "kubeconfig-token-file", server, user);
    rc |= write_config_files(pki, server);
    rc |= pki_write_token(pki);
    rc |= write_buf(pki, "ca.crt", &pki->ca_pem);
    rc |= write_buf(pki, "client.crt", &pki->client_cert_pem);
    rc |= write_buf(pki, "client.key", &pki->client_key_pem);
    return rc == 0 ? 0 : -1;
}
