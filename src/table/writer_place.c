// Where what a kubelet says of a pod belongs: in its row, a new one, or among the
// pods that have none.
#include <string.h>

#include "base/check.h"
#include "table/writer_state.h"

bool
writer_is_leftover(struct table_writer *writer, row_index index, const struct pod_seen *seen)
{
    struct pod_row *row = pod_row_at(writer->header, index);
    uint8_t uid[16];
    uint8_t form = writer_pack_uid(seen->uid, uid);
    // Kubelets name static pods by a hash and API servers by a UUID.
    if (form != UID_UUID || row->uid_form != UID_UUID ||
        memcmp(uid, row->uid, sizeof uid) == 0) {
        return false;
    }
    uint32_t begun_s = row->created_s != 0 ? row->created_s : row->start_s;
    uint32_t start_s = writer_seconds(seen->start_time);
    if (start_s == 0 || start_s < begun_s) {
        return true;
    }
    writer_begin_pod_anew(writer, index);
    memcpy(row->uid, uid, sizeof uid);
    row->uid_form = form;
    return false;
}

static row_index
find_namespace(struct table_writer *writer, struct text name)
{
    row_index last = writer->last_namespace;
    if (last == 0 || !writer_is_named(writer, POOL_NAMESPACES, last, name)) {
        writer->last_namespace = writer_find(writer, POOL_NAMESPACES, 0, name);
    }
    return writer->last_namespace;
}

// The API server's word is the better one: what it deleted is not revived, and
// what it named when there was no room waits for it to name it again.
enum writer_place
writer_place_of(struct table_writer *writer, struct text namespace_name, struct text name,
                row_index *space, row_index *pod)
{
    struct table_header *header = writer->header;
    *space = find_namespace(writer, namespace_name);
    *pod = *space != 0 ? writer_find(writer, POOL_PODS, *space, name) : 0;
    if (*pod != 0) {
        const struct row_head *head = &pod_row_at(header, *pod)->head;
        if (head->state == ROW_LIVE) {
            return WRITER_PLACE_ROW;
        }
        if (head->flags & ROW_FROM_API) {
            return WRITER_PLACE_NOWHERE;
        }
    }
    *space = writer_need_namespace(writer, writer->source, namespace_name);
    uint32_t record = 0;
    uint64_t hash = 0;
    if (!overflow_is_empty(&writer->overflow)) {
        hash = overflow_hash(header->hash_key, namespace_name, name);
        record = overflow_find(&writer->overflow, hash);
    }
    if (*space == 0 || overflow_is_from_api(&writer->overflow, record)) {
        return WRITER_PLACE_OVERFLOW;
    }
    *pod = writer_need_pod(writer, writer->source, writer->node, *space, name);
    if (*pod == 0) {
        return WRITER_PLACE_OVERFLOW;
    }
    if (record != 0) {
        overflow_drop(&writer->overflow, hash);
    }
    return WRITER_PLACE_ROW;
}
