#include "host/container_lookup.h"

#include "base/check.h"

size_t
container_lookup_footprint(void)
{
    return 2 * arena_bytes(sizeof(struct json_pick));
}

void
container_lookup_init(struct container_lookup *lookup, struct arena *arena,
                      struct host_files *files, struct container_names *names)
{
    *lookup = (struct container_lookup){.files = files, .names = names};
    lookup->pick = arena_take(arena, sizeof(struct json_pick));
    lookup->inner = arena_take(arena, sizeof(struct json_pick));
}

#define STEP(literal) {(literal), sizeof(literal) - 1}
#define ANNOTATION(key) {{STEP("annotations"), STEP(key)}}

// The OCI runtime's config.json: annotations of containerd's CRI plugin, of
// CRI-O, and of nerdctl.
enum oci_rule {
    OCI_CRI_TYPE,
    OCI_CRI_CONTAINER,
    OCI_CRI_POD,
    OCI_CRI_NAMESPACE,
    OCI_CRI_IMAGE,
    OCI_CRIO_TYPE,
    OCI_CRIO_CONTAINER,
    OCI_CRIO_POD,
    OCI_CRIO_NAMESPACE,
    OCI_CRIO_IMAGE,
    OCI_NERDCTL_NAME,
    OCI_NERDCTL_IMAGE,
    OCI_RULE_COUNT
};

static const struct json_pick_rule oci_rules[OCI_RULE_COUNT] = {
    [OCI_CRI_TYPE] = ANNOTATION("io.kubernetes.cri.container-type"),
    [OCI_CRI_CONTAINER] = ANNOTATION("io.kubernetes.cri.container-name"),
    [OCI_CRI_POD] = ANNOTATION("io.kubernetes.cri.sandbox-name"),
    [OCI_CRI_NAMESPACE] = ANNOTATION("io.kubernetes.cri.sandbox-namespace"),
    [OCI_CRI_IMAGE] = ANNOTATION("io.kubernetes.cri.image-name"),
    [OCI_CRIO_TYPE] = ANNOTATION("io.kubernetes.cri-o.ContainerType"),
    [OCI_CRIO_CONTAINER] = ANNOTATION("io.kubernetes.container.name"),
    [OCI_CRIO_POD] = ANNOTATION("io.kubernetes.pod.name"),
    [OCI_CRIO_NAMESPACE] = ANNOTATION("io.kubernetes.pod.namespace"),
    [OCI_CRIO_IMAGE] = ANNOTATION("io.kubernetes.cri-o.ImageName"),
    [OCI_NERDCTL_NAME] = ANNOTATION("nerdctl/name"),
    [OCI_NERDCTL_IMAGE] = ANNOTATION("nerdctl/image-ref"),
};
static const struct json_pick_plan oci_plan = {false, OCI_RULE_COUNT, oci_rules};

enum docker_rule { DOCKER_NAME, DOCKER_IMAGE, DOCKER_RULE_COUNT };

static const struct json_pick_rule docker_rules[DOCKER_RULE_COUNT] = {
    [DOCKER_NAME] = {{STEP("Name")}},
    [DOCKER_IMAGE] = {{STEP("Config"), STEP("Image")}},
};
static const struct json_pick_plan docker_plan = {false, DOCKER_RULE_COUNT, docker_rules};

// The list of containers/storage, which Podman and CRI-O share. The metadata
// is a JSON text of its own; there is the image's name, and the container's
// where there are no names.
enum storage_rule { STORAGE_ID, STORAGE_NAME, STORAGE_METADATA, STORAGE_RULE_COUNT };

static const struct json_pick_rule storage_rules[STORAGE_RULE_COUNT] = {
    [STORAGE_ID] = {{STEP("id")}},
    [STORAGE_NAME] = {{STEP("names"), STEP("[]")}},
    [STORAGE_METADATA] = {{STEP("metadata")}},
};
static const struct json_pick_plan storage_plan = {true, STORAGE_RULE_COUNT, storage_rules};

enum metadata_rule { METADATA_NAME, METADATA_IMAGE, METADATA_RULE_COUNT };

static const struct json_pick_rule metadata_rules[METADATA_RULE_COUNT] = {
    [METADATA_NAME] = {{STEP("name")}},
    [METADATA_IMAGE] = {{STEP("image-name")}},
};
static const struct json_pick_plan metadata_plan = {false, METADATA_RULE_COUNT,
                                                    metadata_rules};

static void
keep_error(struct container_lookup *lookup, int error)
{
    // A file that is not there says less than any other reason.
    if (error != 0 && (lookup->error == 0 || lookup->error == -ERR_NO_FILE)) {
        lookup->error = error;
    }
}

static void
set_words(struct container_lookup *lookup, const struct container_words *words)
{
    bool named = words->container.size > 0 || words->sandbox;
    if (named && container_name_set(lookup->wanted, words)) {
        lookup->found = true;
    } else {
        keep_error(lookup, named ? -ERR_TOO_LONG : -ERR_MISSING);
    }
}

static struct text
first_of(struct text a, struct text b)
{
    return a.size > 0 ? a : b;
}

static void
take_oci(void *context, const struct json_pick *pick)
{
    struct container_lookup *lookup = context;
    struct text type = first_of(json_pick_value(pick, OCI_CRI_TYPE),
                                json_pick_value(pick, OCI_CRIO_TYPE));
    struct container_words words = {
        .sandbox = text_equal(type, TEXT("sandbox")),
        .namespace_name = first_of(json_pick_value(pick, OCI_CRI_NAMESPACE),
                                   json_pick_value(pick, OCI_CRIO_NAMESPACE)),
        .pod = first_of(json_pick_value(pick, OCI_CRI_POD),
                        json_pick_value(pick, OCI_CRIO_POD)),
        .container = first_of(json_pick_value(pick, OCI_CRI_CONTAINER),
                              json_pick_value(pick, OCI_CRIO_CONTAINER)),
        .image = first_of(json_pick_value(pick, OCI_CRI_IMAGE),
                          json_pick_value(pick, OCI_CRIO_IMAGE)),
    };
    if (words.container.size == 0 && !words.sandbox) {
        words.container = json_pick_value(pick, OCI_NERDCTL_NAME);
        words.image = json_pick_value(pick, OCI_NERDCTL_IMAGE);
    }
    set_words(lookup, &words);
}

// A name that a runtime gives: as it is, or one made up for a pod.
static void
words_of_name(struct text name, struct text image, struct container_words *words)
{
    if (!container_words_of_k8s(name, words)) {
        *words = (struct container_words){.container = name};
    }
    words->image = image;
}

static void
take_docker(void *context, const struct json_pick *pick)
{
    struct container_lookup *lookup = context;
    struct container_words words;
    struct text name = json_pick_value(pick, DOCKER_NAME);
    if (text_starts(name, TEXT("/"))) {
        name = text_sub(name, 1, SIZE_MAX);
    }
    words_of_name(name, json_pick_value(pick, DOCKER_IMAGE), &words);
    set_words(lookup, &words);
}

static void
take_metadata(void *context, const struct json_pick *pick)
{
    struct container_words *words = context;
    if (words->container.size == 0) {
        words->container = json_pick_value(pick, METADATA_NAME);
    }
    words->image = json_pick_value(pick, METADATA_IMAGE);
}

// One container of the list; its words are views of both pickers.
static void
take_storage(void *context, const struct json_pick *pick)
{
    struct container_lookup *lookup = context;
    struct container_name *name =
        container_names_find(lookup->names, json_pick_value(pick, STORAGE_ID));
    if (name == NULL || name->naming != NAMING_UNKNOWN) {
        return;
    }
    struct text metadata = json_pick_value(pick, STORAGE_METADATA);
    struct container_words plain = {.container = json_pick_value(pick, STORAGE_NAME)};
    struct container_words words;
    json_pick_begin(lookup->inner, &metadata_plan, take_metadata, &plain);
    int error = json_pick_feed(lookup->inner, metadata.at, metadata.size);
    (void)error;  // what it said until then is as good as the rest
    words_of_name(plain.container, plain.image, &words);
    lookup->wanted = name;
    set_words(lookup, &words);
}

static int
feed_pick(void *context, const void *bytes, size_t size)
{
    return json_pick_feed(context, bytes, size);
}

// Reads one JSON file; what it names goes through `take`.
static void
read_json(struct container_lookup *lookup, struct text dir, struct text name,
          const struct json_pick_plan *plan, json_pick_take *take)
{
    json_pick_begin(lookup->pick, plan, take, lookup);
    int error = host_file_stream(lookup->files, dir, name, feed_pick, lookup->pick);
    if (error == 0) {
        error = json_pick_end(lookup->pick);
    }
    keep_error(lookup, error);
}

// PREFIX + ID + SUFFIX is the directory of a container's file.
struct runtime_place {
    enum cgroup_runtime runtime;
    struct text prefix;
    struct text suffix;
    struct text name;
    const struct json_pick_plan *plan;
    json_pick_take *take;
};

#define TASKS "/io.containerd.runtime.v2.task/"
#define TASK_PLACE(path) \
    {RUNTIME_CONTAINERD, STEP(path), STEP(""), STEP("config.json"), &oci_plan, take_oci}

static const struct runtime_place places[] = {
    TASK_PLACE("/run/containerd" TASKS "k8s.io/"),
    TASK_PLACE("/run/k3s/containerd" TASKS "k8s.io/"),
    TASK_PLACE("/run/containerd" TASKS "default/"),
    {RUNTIME_CRIO, STEP("/run/containers/storage/overlay-containers/"), STEP("/userdata"),
     STEP("config.json"), &oci_plan, take_oci},
    {RUNTIME_DOCKER, STEP("/var/lib/docker/containers/"), STEP(""),
     STEP("config.v2.json"), &docker_plan, take_docker},
};

static void
read_place(struct container_lookup *lookup, const struct runtime_place *place,
           struct text id)
{
    char bytes[256];
    struct out dir = out_of(bytes, sizeof bytes);
    out_text(&dir, place->prefix);
    out_text(&dir, id);
    out_text(&dir, place->suffix);
    read_json(lookup, out_view(&dir), place->name, place->plan, place->take);
}

bool
container_lookup_files(struct container_lookup *lookup, struct text id,
                       enum cgroup_runtime hint, struct container_name *name)
{
    lookup->wanted = name;
    lookup->found = false;
    lookup->error = 0;
    for (size_t i = 0; i < 2 * ARRAY_COUNT(places) && !lookup->found; i++) {
        const struct runtime_place *place = &places[i % ARRAY_COUNT(places)];
        bool hinted = place->runtime == hint;
        bool first_round = i < ARRAY_COUNT(places);
        if (hinted == first_round) {
            read_place(lookup, place, id);
        }
    }
    return lookup->found;
}

static void
take_log(void *context, struct text name, bool is_dir)
{
    struct container_lookup *lookup = context;
    struct container_words words;
    struct text id;
    if (is_dir || !container_words_of_log(name, &id, &words)) {
        return;
    }
    struct container_name *entry = container_names_find(lookup->names, id);
    if (entry != NULL && entry->naming == NAMING_UNKNOWN) {
        lookup->wanted = entry;
        set_words(lookup, &words);
    }
}

static void
take_log_dir(void *context, struct text name, bool is_dir)
{
    struct container_lookup *lookup = context;
    struct container_words words;
    struct text uid;
    (void)is_dir;
    if (!container_words_of_log_dir(name, &uid, &words)) {
        return;
    }
    struct container_name *entry = container_names_find(lookup->names, uid);
    if (entry != NULL && entry->naming == NAMING_UNKNOWN) {
        (void)container_name_set(entry, &words);
    }
}

void
container_lookup_lists(struct container_lookup *lookup)
{
    static const struct text storage = {
        "/var/lib/containers/storage/overlay-containers", 46};
    lookup->error = 0;
    read_json(lookup, storage, TEXT("containers.json"), &storage_plan, take_storage);
    keep_error(lookup, host_dir_names(lookup->files, TEXT("/var/log/containers"), take_log,
                                      lookup));
    keep_error(lookup, host_dir_names(lookup->files, TEXT("/var/log/pods"), take_log_dir,
                                      lookup));
}
