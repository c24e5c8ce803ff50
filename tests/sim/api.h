/* The API server: what its files share. */
#ifndef SIM_API_H
#define SIM_API_H

#include "sim.h"

/* What a path under /api/v1 names. */
struct api_target {
    enum object_kind kind;
    char space[256];   /* "" = all */
    char name[256];    /* "" = the list */
    char resource[64]; /* as in the path: "pods" */
    const char *rest;  /* after NAME/proxy; NULL = not the proxy */
    bool known;        /* kind is one that is simulated */
};

/* Header lines of every answer. */
extern const char api_headers[];

struct api_status {
    int code;
    const char *message;
    const char *reason;  /* NULL = none */
    const char *details; /* compact JSON; NULL = none */
    uint32_t retry_after_s;
};

void api_status(struct conn *conn, const struct api_status *status);
/* Compact JSON, indented if the client is curl. */
void api_json(struct conn *conn, int code, const struct buf *json);
void api_chunk(struct conn *conn, const struct buf *json);

void api_list(struct conn *conn, const struct request *request, const struct api_target *target);
void api_watch(struct conn *conn, const struct request *request, const struct api_target *target);
/* True for connections whose response is a watch. */
bool api_is_watch(const struct conn *conn);

/* Whether the object is in the target's namespace and, if asked, of its name
 * (a field selector's). */
bool api_selects(const struct api_target *target, const struct object *object, const char *key);
/* fieldSelector=metadata.name=X becomes target->name; false: none. */
void api_select_name(struct api_target *target, const struct request *request);

/* Discovery, version and health: true when the path was one of those. */
bool api_discovery(struct conn *conn, const struct request *request, enum who who);
void api_access_review(struct conn *conn, const struct request *request, enum who who);

#endif
