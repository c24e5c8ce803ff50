#include "host/cgroup_name.h"

#include "../test.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "11223344-5566-7788-99aa-bbccddeeff00"
#define UID_UNDERSCORES "11223344_5566_7788_99aa_bbccddeeff00"
#define STATIC_UID "0123456789abcdef0123456789abcdef"

static const struct cgroup_place top = {.parent = {"", 0}, .within = CGROUP_INNER, .top = true};

static struct cgroup_name
below(const char *parent, enum cgroup_kind within, const char *name)
{
    return cgroup_name_of((struct cgroup_place){.parent = text_of(parent), .within = within},
                          text_of(name));
}

static void
check_container(struct cgroup_name name, enum cgroup_runtime runtime)
{
    CHECK_EQUAL_U64(name.kind, CGROUP_CONTAINER);
    CHECK_EQUAL_U64(name.runtime, runtime);
    CHECK_EQUAL_TEXT(name.id, ID);
}

TEST(containers)
{
    check_container(below("system.slice", CGROUP_INNER, "docker-" ID ".scope"), RUNTIME_DOCKER);
    check_container(below("docker", CGROUP_INNER, ID), RUNTIME_DOCKER);
    check_container(below("x", CGROUP_POD, "cri-containerd-" ID ".scope"), RUNTIME_CONTAINERD);
    check_container(below("system.slice", CGROUP_INNER, "nerdctl-" ID ".scope"),
                    RUNTIME_CONTAINERD);
    check_container(below("x", CGROUP_POD, "crio-" ID ".scope"), RUNTIME_CRIO);
    check_container(below("x", CGROUP_POD, "crio-" ID), RUNTIME_CRIO);
    check_container(below("machine.slice", CGROUP_INNER, "libpod-" ID ".scope"), RUNTIME_PODMAN);
    check_container(below("foo.service", CGROUP_SERVICE, "libpod-payload-" ID), RUNTIME_PODMAN);
    check_container(below("user.slice", CGROUP_USERS, "libpod-" ID ".scope"), RUNTIME_PODMAN);
    check_container(below("podx", CGROUP_POD, ID), RUNTIME_UNKNOWN);
    check_container(below("system.slice", CGROUP_SERVICE,
                          "kubepods-burstable-pod" UID_UNDERSCORES ".slice:cri-containerd:" ID),
                    RUNTIME_CONTAINERD);
}

TEST(monitors_are_no_containers)
{
    CHECK_EQUAL_U64(below("x", CGROUP_POD, "crio-conmon-" ID ".scope").kind, CGROUP_NOTHING);
    CHECK_EQUAL_U64(below("machine.slice", CGROUP_INNER, "libpod-conmon-" ID ".scope").kind,
                    CGROUP_NOTHING);
}

TEST(pods)
{
    struct cgroup_name name = below("burstable", CGROUP_PODS, "pod" UID);
    CHECK_EQUAL_U64(name.kind, CGROUP_POD);
    CHECK_EQUAL_TEXT(name.id, UID);
    name = below("kubepods-burstable.slice", CGROUP_PODS,
                 "kubepods-burstable-pod" UID_UNDERSCORES ".slice");
    CHECK_EQUAL_U64(name.kind, CGROUP_POD);
    char bytes[UID_BYTES_MAX];
    struct out out = out_of(bytes, sizeof bytes);
    CHECK(cgroup_pod_uid(name.id, &out));
    CHECK_EQUAL_TEXT(out_view(&out), UID);
    name = below("kubepods", CGROUP_PODS, "pod" STATIC_UID);
    CHECK_EQUAL_U64(name.kind, CGROUP_POD);
    CHECK_EQUAL_TEXT(name.id, STATIC_UID);
    CHECK_EQUAL_U64(below("machine.slice", CGROUP_INNER, "machine-libpod_pod_" ID ".slice").kind,
                    CGROUP_INNER);
    CHECK_EQUAL_U64(below("x", CGROUP_POD, "anything").kind, CGROUP_NOTHING);
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("kubepods.slice")).kind, CGROUP_PODS);
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("kubepods")).kind, CGROUP_PODS);
    CHECK_EQUAL_U64(below("kubelet", CGROUP_INNER, "kubepods").kind, CGROUP_PODS);
    out = out_of(bytes, sizeof bytes);
    CHECK(!cgroup_pod_uid(TEXT("nonsense"), &out));
}

TEST(units)
{
    CHECK_EQUAL_U64(below("system.slice", CGROUP_INNER, "ssh.service").kind, CGROUP_SERVICE);
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("init.scope")).kind, CGROUP_SERVICE);
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("system.slice")).kind, CGROUP_INNER);
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("user.slice")).kind, CGROUP_USERS);
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("dev-hugepages.mount")).kind, CGROUP_NOTHING);
    CHECK_EQUAL_U64(below("system.slice", CGROUP_INNER, "docker.socket").kind, CGROUP_NOTHING);
    CHECK_EQUAL_U64(below("user.slice", CGROUP_USERS, "user-1000.slice").kind, CGROUP_INNER);
    CHECK_EQUAL_U64(below("user-1000.slice", CGROUP_USERS, "user@1000.service").kind,
                    CGROUP_INNER);
    CHECK_EQUAL_U64(below("user-1000.slice", CGROUP_USERS, "session-1.scope").kind,
                    CGROUP_NOTHING);
    CHECK_EQUAL_U64(below("foo.service", CGROUP_SERVICE, "bar.service").kind, CGROUP_INNER);
}

TEST(machines)
{
    struct cgroup_name name = below("lxc", CGROUP_INNER, "web");
    CHECK_EQUAL_U64(name.kind, CGROUP_MACHINE);
    CHECK_EQUAL_TEXT(name.id, "web");
    name = cgroup_name_of(top, TEXT("lxc.payload.web"));
    CHECK_EQUAL_U64(name.kind, CGROUP_MACHINE);
    CHECK_EQUAL_TEXT(name.id, "web");
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("lxc.monitor.web")).kind, CGROUP_NOTHING);
    name = below("machine.slice", CGROUP_INNER, "machine-qemu\\x2d1\\x2dvm.scope");
    CHECK_EQUAL_U64(name.kind, CGROUP_MACHINE);
    char bytes[64];
    struct out out = out_of(bytes, sizeof bytes);
    cgroup_readable(name, &out);
    CHECK_EQUAL_TEXT(out_view(&out), "qemu-1-vm");
    out = out_of(bytes, sizeof bytes);
    name.id = TEXT("a\\x2\\xzz\\x41\\");
    cgroup_readable(name, &out);
    CHECK_EQUAL_TEXT(out_view(&out), "a\\x2\\xzzA\\");
}

TEST(unknown_groups)
{
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("batch")).kind, CGROUP_GROUP);
    CHECK_EQUAL_U64(below("batch", CGROUP_GROUP, "job").kind, CGROUP_INNER);
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("docker")).kind, CGROUP_INNER);
    CHECK_EQUAL_U64(cgroup_name_of(top, TEXT("")).kind, CGROUP_NOTHING);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"containers", containers},
        {"monitors_are_no_containers", monitors_are_no_containers},
        {"pods", pods},
        {"units", units},
        {"machines", machines},
        {"unknown_groups", unknown_groups},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
