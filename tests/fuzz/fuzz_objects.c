// The first byte chooses the kind, and whether it is a list or a watch.
#include "parse/objects.h"

#include "fuzz.h"

static void
hash_labels(struct fuzz *fuzz, const struct label *labels, uint32_t count, uint32_t max)
{
    FUZZ_CHECK(count <= max);
    for (uint32_t i = 0; i < count; i++) {
        fuzz_text(fuzz, labels[i].key);
        fuzz_text(fuzz, labels[i].value);
    }
}

static void
hash_quantities(struct fuzz *fuzz, const struct quantities *quantities)
{
    FUZZ_CHECK(quantities->other_count <= RESOURCES_MAX);
    fuzz_u64(fuzz, quantities->has);
    fuzz_u64(fuzz, quantities->cpu_milli ^ quantities->memory);
    fuzz_u64(fuzz, quantities->ephemeral ^ quantities->pods);
    for (uint32_t i = 0; i < quantities->other_count; i++) {
        fuzz_text(fuzz, quantities->others[i].name);
        fuzz_u64(fuzz, quantities->others[i].value);
    }
}

static void
hash_object(struct fuzz *fuzz, enum object_change change, struct text version, struct text name)
{
    FUZZ_CHECK(name.size > 0);
    fuzz_u64(fuzz, change);
    fuzz_text(fuzz, version);
    fuzz_text(fuzz, name);
}

static void
on_pod(void *context, enum object_change change, struct text version, const struct pod_object *pod)
{
    struct fuzz *fuzz = context;
    FUZZ_CHECK(pod->container_count <= POD_CONTAINERS_MAX);
    hash_object(fuzz, change, version, pod->name);
    fuzz_text(fuzz, pod->namespace_name);
    fuzz_text(fuzz, pod->uid);
    fuzz_text(fuzz, pod->node_name);
    fuzz_text(fuzz, pod->reason);
    fuzz_text(fuzz, pod->owner_kind);
    fuzz_text(fuzz, pod->owner_name);
    fuzz_u64(fuzz, (uint64_t)pod->created.ms ^ (uint64_t)pod->start_time.ms);
    fuzz_u64(fuzz, pod->phase);
    hash_labels(fuzz, pod->labels, pod->label_count, LABELS_MAX);
    for (uint32_t i = 0; i < pod->container_count; i++) {
        const struct container_object *container = &pod->containers[i];
        fuzz_text(fuzz, container->name);
        fuzz_text(fuzz, container->image);
        fuzz_text(fuzz, container->waiting_reason);
        fuzz_text(fuzz, container->last_termination_reason);
        fuzz_text(fuzz, container->container_id);
        fuzz_u64(fuzz, container->role);
        fuzz_u64(fuzz, container->state);
        fuzz_u64(fuzz, container->restart_count);
        hash_quantities(fuzz, &container->requests);
        hash_quantities(fuzz, &container->limits);
    }
}

static void
on_node(void *context, enum object_change change, struct text version,
        const struct node_object *node)
{
    struct fuzz *fuzz = context;
    FUZZ_CHECK(node->address_count <= NODE_ADDRESSES_MAX);
    hash_object(fuzz, change, version, node->name);
    fuzz_text(fuzz, node->uid);
    fuzz_text(fuzz, node->external_id);
    fuzz_text(fuzz, node->kubelet_version);
    fuzz_text(fuzz, node->os_image);
    fuzz_text(fuzz, node->kernel_version);
    fuzz_u64(fuzz, node->kubelet_port);
    fuzz_u64(fuzz, node->ready);
    hash_quantities(fuzz, &node->capacity);
    hash_quantities(fuzz, &node->allocatable);
    for (uint32_t i = 0; i < node->address_count; i++) {
        FUZZ_CHECK(node->addresses[i].type < ADDRESS_TYPE_COUNT);
        fuzz_text(fuzz, node->addresses[i].address);
    }
    hash_labels(fuzz, node->labels, node->label_count, LABELS_MAX);
    hash_labels(fuzz, node->annotations, node->annotation_count, ARRAY_COUNT(node->annotations));
}

static void
on_namespace(void *context, enum object_change change, struct text version,
             const struct namespace_object *seen)
{
    struct fuzz *fuzz = context;
    hash_object(fuzz, change, version, seen->name);
    fuzz_text(fuzz, seen->uid);
    fuzz_u64(fuzz, seen->terminating);
    hash_labels(fuzz, seen->labels, seen->label_count, LABELS_MAX);
}

static void
on_event(void *context, enum object_change change, struct text version,
         const struct event_object *event)
{
    struct fuzz *fuzz = context;
    hash_object(fuzz, change, version, event->uid);
    fuzz_text(fuzz, event->namespace_name);
    fuzz_text(fuzz, event->kind);
    fuzz_text(fuzz, event->name);
    fuzz_text(fuzz, event->reason);
    fuzz_text(fuzz, event->message);
    fuzz_text(fuzz, event->component);
    fuzz_text(fuzz, event->node);
    fuzz_u64(fuzz, event->count ^ (uint64_t)event->last.ms ^ event->warning);
    FUZZ_CHECK(event->count >= 1 && event->last.ms >= event->first.ms);
}

static void
on_page(void *context, const struct page_seen *page)
{
    struct fuzz *fuzz = context;
    fuzz_text(fuzz, page->resource_version);
    fuzz_text(fuzz, page->continue_token);
    fuzz_u64(fuzz, page->remaining);
}

static void
on_bookmark(void *context, struct text version)
{
    fuzz_text(context, version);
}

static void
on_error(void *context, const struct status_seen *status)
{
    struct fuzz *fuzz = context;
    fuzz_text(fuzz, status->reason);
    fuzz_text(fuzz, status->message);
    fuzz_text(fuzz, status->continue_token);
    fuzz_u64(fuzz, (uint64_t)status->code ^ status->retry_after_s);
}

static uint64_t
story(struct fuzz *fuzz, struct objects *decoder, const uint8_t *data, size_t size, uint64_t cuts)
{
    static const struct wanted wanted = {1, {TEXT("example.org/host-id")}};
    enum object_kind kind = (enum object_kind)(data[0] / 2 % OBJECT_KIND_COUNT);
    struct objects_observer observer = {fuzz,    on_node,     on_pod,  on_namespace,
                                        on_event, on_page, on_bookmark, on_error};
    fuzz->story = 0;
    if (data[0] % 2 == 0) {
        objects_begin_list(decoder, kind, observer, &wanted);
    } else {
        objects_begin_watch(decoder, kind, observer, &wanted);
    }
    fuzz_feed(fuzz, objects_decoder(decoder), data + 1, size - 1, cuts);
    return fuzz->story;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz fuzz;
    static struct objects decoder;
    if (fuzz.space == NULL) {
        struct arena arena = fuzz_arena(decode_space_footprint() + objects_footprint(ELEMENT_BYTES_MAX));
        fuzz.space = decode_space_new(&arena);
        objects_init(&decoder, &arena, fuzz.space, ELEMENT_BYTES_MAX);
        fuzz.buffer = decoder.splitter.buffer;
        fuzz.buffer_size = ELEMENT_BYTES_MAX;
    }
    if (size == 0) {
        return 0;
    }
    uint64_t whole = story(&fuzz, &decoder, data, size, 0);
    uint64_t cut = story(&fuzz, &decoder, data, size, fuzz_cuts(data, size));
    FUZZ_CHECK(whole == cut);
    return 0;
}
