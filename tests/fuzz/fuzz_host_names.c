// Names of control groups, of logs and of containers: any bytes.
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "host/cgroup_name.h"
#include "host/container_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(struct text whole, struct text part)
{
    ASSERT(part.size == 0 ||
           (part.at >= whole.at && part.at + part.size <= whole.at + whole.size));
}

static void
check_words(struct text whole, const struct container_words *words)
{
    struct container_name name = {0};
    check_inside(whole, words->namespace_name);
    check_inside(whole, words->pod);
    check_inside(whole, words->container);
    if (container_name_set(&name, words)) {
        struct container_words kept = container_name_words(&name);
        ASSERT(text_equal(kept.pod, words->pod));
        ASSERT(text_equal(kept.container, words->container));
        ASSERT(text_equal(kept.namespace_name, words->namespace_name));
    }
}

static void
try_group(struct cgroup_place place, struct text text)
{
    char bytes[512];
    struct cgroup_name name = cgroup_name_of(place, text);
    struct out out = out_of(bytes, sizeof bytes);
    check_inside(text, name.id);
    ASSERT(name.kind != CGROUP_CONTAINER || name.id.size == CONTAINER_ID_BYTES);
    cgroup_readable(name, &out);
    ASSERT(out.used <= name.id.size);
    out = out_of(bytes, sizeof bytes);
    ASSERT(cgroup_pod_uid(name.id, &out) || name.kind != CGROUP_POD);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text text = {(const char *)data, size};
    struct container_words words;
    struct text id;
    for (unsigned within = 0; within <= CGROUP_GROUP; within++) {
        struct cgroup_place place = {.parent = TEXT("lxc"), .within = (enum cgroup_kind)within};
        try_group(place, text);
    }
    try_group((struct cgroup_place){.parent = TEXT(""), .within = CGROUP_INNER, .top = true},
              text);
    if (container_words_of_k8s(text, &words)) {
        check_words(text, &words);
    }
    if (container_words_of_log(text, &id, &words)) {
        check_inside(text, id);
        check_words(text, &words);
    }
    if (container_words_of_log_dir(text, &id, &words)) {
        check_inside(text, id);
        check_words(text, &words);
    }
    words = (struct container_words){.container = text, .image = text};
    check_words(text, &words);
    return 0;
}
