/* The keys and certificates of the simulated cluster, made at start: an
 * authority, the API server's, one for each kubelet (made at its first
 * handshake; all share two keys), and a client's. All are ECDSA P-256.
 * Also writes what a client needs into a directory. */
#ifndef SIM_PKI_H
#define SIM_PKI_H

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "cluster.h"

enum cert_variant { CERT_USUAL, CERT_OTHER, CERT_EXPIRED };

struct pki {
    const struct options *options;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context ca_key;
    mbedtls_pk_context server_key; /* the API server's and every kubelet's */
    mbedtls_pk_context other_key;
    mbedtls_pk_context client_key;
    mbedtls_x509_crt ca_cert;
    mbedtls_x509_crt server_cert;
    struct buf ca_pem;
    struct buf client_cert_pem;
    struct buf client_key_pem;
    uint64_t serial;
    char token[80];
    char nobody_token[80];
    unsigned token_generation;
};

/* 0, or -1 after one sentence on stderr. */
int pki_init(struct pki *pki, const struct options *options);
/* The certificate a node shows; made when it is first asked for. */
mbedtls_x509_crt *pki_node_cert(struct pki *pki, struct node *node, enum cert_variant variant);
mbedtls_pk_context *pki_node_key(struct pki *pki, enum cert_variant variant);

/* Another bearer token; the old one is refused from now on. */
void pki_rotate_token(struct pki *pki);
int pki_write_token(const struct pki *pki);
/* kubeconfig and the files it may refer to. server is a URL. */
int pki_write_files(const struct pki *pki, const char *server);

#endif
