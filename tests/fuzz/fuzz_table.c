// Bytes become a sequence of deeds of the writer: whatever the world says in
// whatever order, the table stays sound, and readers can read all of it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table/reader.h"
#include "table/writer.h"

#include "../unit/table/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct input {
    const uint8_t *at;
    size_t rest;
};

static unsigned
take(struct input *input, unsigned limit)
{
    if (input->rest == 0) {
        return 0;
    }
    input->rest--;
    return *input->at++ % limit;
}

static const struct {
    const char *text;
} words[] = {{"a"}, {"b"}, {"node-with-a-long-name.example.org"}, {""}, {"c"}, {"d"},
             {"misc"}, {"one-of-more-than-sixteen-bytes"}};

static struct text
word(struct input *input)
{
    static char longest[600];
    unsigned index = take(input, 9);
    if (index == 8) {
        memset(longest, 'x', sizeof longest);
        return (struct text){longest, sizeof longest};
    }
    return text_of(words[index].text);
}

// A small number, or one of the largest.
static uint64_t
number(struct input *input)
{
    unsigned small = take(input, 256);
    return small == 255 ? UINT64_MAX : small == 254 ? UINT64_C(1) << 40 : small;
}

static struct wall_ms
moment(struct input *input, uint32_t cycle_s)
{
    static const int64_t moments[] = {0, INT64_MIN, INT64_MAX, 1};
    unsigned index = take(input, 12);
    if (index < 4) {
        return (struct wall_ms){moments[index]};
    }
    return (struct wall_ms){(int64_t)cycle_s * 1000 + (int64_t)index * 1000 - 20000};
}

static const char *const uids[] = {"", "11111111-2222-3333-4444-555555555555",
                                   "21111111-2222-3333-4444-555555555555",
                                   "0123456789abcdef0123456789abcdef"};

static void
put_node(struct table_writer *writer, struct input *input, unsigned source)
{
    static struct node_object node;
    memset(&node, 0, sizeof node);
    node.name = word(input);
    node.label_count = take(input, 3);
    for (uint32_t i = 0; i < node.label_count; i++) {
        node.labels[i] = (struct label){word(input), word(input)};
    }
    node.address_count = take(input, 3);
    for (uint32_t i = 0; i < node.address_count; i++) {
        node.addresses[i].type = (enum address_type)take(input, ADDRESS_TYPE_COUNT);
        node.addresses[i].address = word(input);
    }
    (void)table_put_node(writer, source, &node, word(input));
}

static const struct pod_object *
pod_of(struct input *input, uint32_t cycle_s)
{
    static struct pod_object pod;
    memset(&pod, 0, sizeof pod);
    pod.namespace_name = word(input);
    pod.name = word(input);
    pod.node_name = word(input);
    pod.uid = text_of(uids[take(input, 4)]);
    pod.phase = (enum pod_phase)take(input, 5);
    pod.host_network = take(input, 2) != 0;
    pod.created = moment(input, cycle_s);
    pod.container_count = take(input, 5);
    for (uint32_t i = 0; i < pod.container_count; i++) {
        struct container_object *container = &pod.containers[i];
        container->name = word(input);
        container->image = word(input);
        container->role = (enum container_role)take(input, 4);
        container->requests.cpu_milli = number(input);
        container->requests.memory = number(input);
        container->requests.other_count = take(input, 3);
        for (uint32_t k = 0; k < container->requests.other_count; k++) {
            container->requests.others[k].name = word(input);
            container->requests.others[k].value = number(input);
        }
    }
    return &pod;
}

static void
fill_container(struct container_seen *container, struct input *input, uint32_t cycle_s)
{
    memset(container, 0, sizeof *container);
    container->name = word(input);
    container->start_time = moment(input, cycle_s);
    container->cpu = (struct cpu_seen){take(input, 8), moment(input, cycle_s), number(input),
                                       number(input), number(input)};
    container->memory = (struct memory_seen){.has = take(input, 256),
                                             .time = moment(input, cycle_s),
                                             .usage = number(input)};
    container->rootfs = (struct filesystem_seen){.has = take(input, 32), .used = number(input),
                                                 .capacity = number(input)};
    container->pressure.has = take(input, 8);
    container->disk = (struct disk_seen){.time = moment(input, cycle_s), .device = word(input),
                                         .read_bytes = number(input)};
    container->extra_count = take(input, 3);
    for (uint32_t i = 0; i < container->extra_count; i++) {
        container->extras[i] = (struct extra_seen){.metric = word(input), .label = word(input)};
    }
}

static void
observe_pod(struct table_writer *writer, struct input *input, uint32_t cycle_s)
{
    static struct pod_seen pod;
    memset(&pod, 0, sizeof pod);
    pod.namespace_name = word(input);
    pod.name = word(input);
    pod.uid = text_of(uids[take(input, 4)]);
    pod.start_time = moment(input, cycle_s);
    pod.cpu = (struct cpu_seen){take(input, 8), moment(input, cycle_s), number(input),
                                number(input), 0};
    pod.memory = (struct memory_seen){.has = take(input, 256), .time = moment(input, cycle_s)};
    pod.network = (struct network_seen){.has = take(input, 16), .time = moment(input, cycle_s)};
    pod.pressure.has = take(input, 8);
    pod.container_count = take(input, 4);
    for (uint32_t i = 0; i < pod.container_count; i++) {
        fill_container(&pod.containers[i], input, cycle_s);
    }
    pod.volume_count = take(input, 3);
    for (uint32_t i = 0; i < pod.volume_count; i++) {
        pod.volumes[i] = (struct filesystem_seen){.has = take(input, 32), .name = word(input)};
    }
    table_observe_pod(writer, &pod);
}

static void
observe_node(struct table_writer *writer, struct input *input, uint32_t cycle_s)
{
    static struct node_seen node;
    memset(&node, 0, sizeof node);
    node.cpu = (struct cpu_seen){take(input, 8), moment(input, cycle_s), number(input),
                                 number(input), 0};
    node.pressure.has = take(input, 8);
    node.filesystem_count = take(input, 3);
    node.disk_count = take(input, 3);
    for (uint32_t i = 0; i < node.filesystem_count; i++) {
        node.filesystems[i] = (struct filesystem_seen){.has = 31, .name = word(input)};
    }
    for (uint32_t i = 0; i < node.disk_count; i++) {
        node.disks[i] = (struct disk_seen){.time = moment(input, cycle_s), .device = word(input),
                                           .read_bytes = number(input)};
    }
    node.system_container_count = take(input, 3);
    for (uint32_t i = 0; i < node.system_container_count; i++) {
        fill_container(&node.system_containers[i], input, cycle_s);
    }
    table_observe_node(writer, &node);
}

static void
list(struct table_writer *writer, struct input *input, unsigned source, uint32_t cycle_s)
{
    enum object_kind kind = (enum object_kind)take(input, OBJECT_KIND_COUNT);
    unsigned count = take(input, 3);
    table_list_begin(writer, source, kind);
    for (unsigned i = 0; i < count; i++) {
        if (kind == OBJECT_POD) {
            (void)table_put_pod(writer, source, pod_of(input, cycle_s));
        } else if (kind == OBJECT_NODE) {
            put_node(writer, input, source);
        }
    }
    table_list_end(writer, source, kind);
}

static void
observe(struct table_writer *writer, struct input *input, unsigned source, uint32_t cycle_s)
{
    static struct container_seen container;
    row_index node = table_find_node(writer, word(input));
    table_node_begin(writer, source, node, cycle_s, moment(input, cycle_s));
    switch (take(input, 4)) {
    case 0:
        observe_node(writer, input, cycle_s);
        break;
    case 1: {
        struct text space = word(input);
        struct text pod = word(input);
        fill_container(&container, input, cycle_s);
        table_observe_container(writer, space, pod, &container);
        break;
    }
    default:
        observe_pod(writer, input, cycle_s);
        break;
    }
    if (take(input, 3) == 0) {
        table_node_end(writer);
    }
}

static void
note(struct table_writer *writer, struct input *input)
{
    struct scrape_note scrape = {.error = (int)take(input, 20), .address = word(input),
                                 .port = (uint16_t)take(input, 3)};
    table_note_scrape(writer, table_find_node(writer, word(input)), &scrape);
    table_note_overflow_nodes(writer, 1, take(input, 9), take(input, 9));
}

static void
put_namespace(struct table_writer *writer, struct input *input, unsigned source)
{
    static struct namespace_object object;
    memset(&object, 0, sizeof object);
    object.name = word(input);
    (void)table_put_namespace(writer, source, &object);
}

static void
put_source(struct table_writer *writer, struct input *input, unsigned source)
{
    enum source_kind kind = (enum source_kind)(1 + take(input, 3));
    table_put_source(writer, source, kind, word(input), false, false);
}

static void
deed(struct table_writer *writer, struct input *input, uint32_t *cycle_s)
{
    unsigned source = 1 + take(input, 2);
    switch (take(input, 16)) {
    case 0:
        put_node(writer, input, source);
        break;
    case 1:
        table_remove_node(writer, source, word(input));
        break;
    case 2:
        put_namespace(writer, input, source);
        break;
    case 3:
        table_remove_namespace(writer, source, word(input));
        break;
    case 4:
    case 5:
    case 6:
        (void)table_put_pod(writer, source, pod_of(input, *cycle_s));
        break;
    case 7:
        table_remove_pod(writer, source, pod_of(input, *cycle_s));
        break;
    case 8:
        list(writer, input, source, *cycle_s);
        break;
    case 9:
        table_cycle_end(writer, *cycle_s);
        *cycle_s += 15 * take(input, 4);
        break;
    case 10:
        note(writer, input);
        break;
    case 11:
        (void)table_put_pseudo_node(writer, source, word(input));
        break;
    case 12:
        put_source(writer, input, source);
        break;
    default:
        observe(writer, input, source, *cycle_s);
        break;
    }
}

static void
expect_sound(const char *wrong)
{
    if (wrong != NULL) {
        fprintf(stderr, "%s\n", wrong);
        abort();
    }
}

static void
read_all(const struct table_reader *reader)
{
    static struct pod_view pod;
    for (row_index at = 0; (at = table_next_row(reader, POOL_PODS, at)) != 0;) {
        if (!table_read_pod(reader, at, VIEW_LABELS | VIEW_DETAILS, &pod)) {
            abort();
        }
        if (table_lookup_pod(reader, pod.row.namespace_index, pod.name) == 0) {
            // Its namespace may be gone before it, but its name finds it.
            abort();
        }
    }
}

static struct capacity
capacity_of(struct input *input)
{
    struct capacity capacity = {.nodes = 1 + take(input, 3), .namespaces = 1 + take(input, 4),
                                .pods = 1 + take(input, 5), .containers = 1 + take(input, 8),
                                .connections = 1, .clients = 1,
                                .pressure = (enum pressure_level)take(input, 4)};
    capacity_derive(&capacity);
    unsigned cells = take(input, 8);
    capacity.string_cells = cells == 7 ? 500 : 8 + cells * 8;
    capacity.overflow_pods = 1 + take(input, 4);
    capacity.extras = 1 + take(input, 4);
    capacity.filesystems = 1 + take(input, 4);
    return capacity;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size < 4096 ? size : 4096};
    struct capacity capacity = capacity_of(&input);
    size_t table_size = table_bytes(&capacity);
    size_t writer_size = table_writer_footprint(&capacity);
    void *memory = aligned_alloc(64, (table_size + 63) / 64 * 64);
    void *block = aligned_alloc(64, (writer_size + 63) / 64 * 64);
    memset(memory, 0xa5, table_size);
    memset(block, 0, writer_size);
    struct arena arena;
    arena_init(&arena, block, writer_size);
    bool kept;
    struct table_writer *writer =
        table_writer_init(&arena, memory, table_size, &capacity, (struct hash_key){1, 2}, 15000,
                          (struct wall_ms){1}, &kept);
    struct table_reader reader;
    if (table_reader_init(&reader, memory, table_size) != 0) {
        abort();
    }
    uint32_t cycle_s = 1700000010;
    while (input.rest != 0) {
        deed(writer, &input, &cycle_s);
        expect_sound(table_verify_writer(writer));
    }
    read_all(&reader);
    table_cycle_end(writer, cycle_s);
    expect_sound(table_verify_writer(writer));
    free(block);
    free(memory);
    return 0;
}
