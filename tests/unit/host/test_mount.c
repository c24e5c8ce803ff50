#include "host/mount.h"

#include <stdio.h>

#include "../test.h"

static struct mount_table table;

static void
add(const char *line)
{
    struct mount_line mount;
    char bytes[512];
    struct out out = out_of(bytes, sizeof bytes);
    CHECK(mount_line_parse(text_of(line), &mount));
    mount_unescape(mount.point, &out);
    mount_table_add(&table, &mount, out_view(&out));
}

static bool
has(const char *point)
{
    for (uint32_t i = 0; i < table.count; i++) {
        if (text_equal(mount_point(&table.rows[i]), text_of(point))) {
            return true;
        }
    }
    return false;
}

TEST(a_line)
{
    struct mount_line mount;
    CHECK(mount_line_parse(TEXT("36 35 98:5 /sub /mnt/a\\040b rw,noatime master:1 shared:2 - "
                                "ext3 /dev/root rw,errors=continue"),
                           &mount));
    CHECK_EQUAL_U64(mount.device, UINT64_C(98) << 32 | 5);
    CHECK_EQUAL_TEXT(mount.root, "/sub");
    CHECK_EQUAL_TEXT(mount.point, "/mnt/a\\040b");
    CHECK_EQUAL_TEXT(mount.type, "ext3");
    CHECK_EQUAL_TEXT(mount.source, "/dev/root");
    CHECK(mount_has_option(mount.super_options, TEXT("errors=continue")));
    CHECK(!mount_has_option(mount.super_options, TEXT("errors")));
    CHECK(!mount_line_parse(TEXT(""), &mount));
    CHECK(!mount_line_parse(TEXT("36 35 98:5 / /mnt rw no separator"), &mount));
    CHECK(!mount_line_parse(TEXT("36 35 985 / /mnt rw - ext4 /dev/a rw"), &mount));
    CHECK(!mount_line_parse(TEXT("36 35 99999999999:5 / /mnt rw - ext4 /dev/a rw"), &mount));
}

TEST(escapes)
{
    char bytes[64];
    struct out out = out_of(bytes, sizeof bytes);
    mount_unescape(TEXT("/a\\040b\\011c\\134d\\8\\04"), &out);
    CHECK_EQUAL_TEXT(out_view(&out), "/a b\tc\\d\\8\\04");
}

TEST(only_real_file_systems)
{
    mount_table_clear(&table);
    add("1 0 0:5 / /proc rw - proc proc rw");
    add("2 0 0:6 / /run rw - tmpfs tmpfs rw");
    add("3 0 8:1 / / rw - ext4 /dev/sda1 rw");
    add("4 0 8:2 / /home rw - xfs /dev/sda2 rw");
    add("5 0 7:1 / /snap/core rw - squashfs /dev/loop1 ro");
    add("6 0 0:40 / /net/a rw - nfs4 server:/a rw");
    add("7 0 0:41 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw");
    add("8 0 0:42 / /tank rw - zfs tank rw");
    add("9 0 0:43 / /mnt/ssh rw - fuse.sshfs me@there: rw");
    mount_table_order(&table);
    CHECK_EQUAL_U64(table.count, 3);
    CHECK_EQUAL_TEXT(mount_point(&table.rows[0]), "/");
    CHECK(has("/home"));
    CHECK(has("/tank"));
    CHECK_EQUAL_U64(table.dropped, 0);
}

TEST(bind_mounts_are_one)
{
    mount_table_clear(&table);
    add("1 0 8:2 /pods/a /var/lib/kubelet/pods/a rw - ext4 /dev/sda2 rw");
    add("2 0 8:2 / /data rw - ext4 /dev/sda2 rw");
    add("3 0 8:2 / /again rw - ext4 /dev/sda2 rw");
    add("4 0 8:2 /x /y rw - ext4 /dev/sda2 rw");
    CHECK_EQUAL_U64(table.count, 1);
    CHECK(has("/data"));
    // "/" wins whatever part it is
    add("5 0 8:2 /root / rw - ext4 /dev/sda2 rw");
    add("6 0 8:2 / /whole rw - ext4 /dev/sda2 rw");
    CHECK_EQUAL_U64(table.count, 1);
    CHECK(has("/"));
}

TEST(a_container_sees_its_runtimes_files)
{
    mount_table_clear(&table);
    add("1 0 0:50 / / rw - overlay overlay rw");
    add("2 0 8:1 /var/lib/docker/containers/x/hosts /etc/hosts rw - ext4 /dev/sda1 rw");
    add("3 0 8:1 /vol /data rw - ext4 /dev/sda1 rw");
    CHECK_EQUAL_U64(table.count, 2);
    CHECK(has("/"));
    CHECK(has("/data"));
}

TEST(later_mounts_hide)
{
    mount_table_clear(&table);
    add("1 0 0:2 / / rw - rootfs rootfs rw");
    add("2 0 8:1 / / rw - ext4 /dev/sda1 rw");
    add("3 0 8:2 / /mnt rw - ext4 /dev/sda2 rw");
    add("4 0 0:9 / /mnt rw - tmpfs tmpfs rw");
    CHECK_EQUAL_U64(table.count, 1);
    CHECK_EQUAL_U64(table.rows[0].device, UINT64_C(8) << 32 | 1);
}

TEST(a_full_table_counts)
{
    mount_table_clear(&table);
    for (int i = 0; i < NODE_FILESYSTEMS_MAX + 5; i++) {
        char line[128];
        snprintf(line, sizeof line, "1 0 8:%d / /m%d rw - ext4 /dev/sd%d rw", i, i, i);
        add(line);
    }
    CHECK_EQUAL_U64(table.count, NODE_FILESYSTEMS_MAX);
    CHECK_EQUAL_U64(table.dropped, 5);
}

int
main(void)
{
    static const struct test_case cases[] = {
        {"a_line", a_line},
        {"escapes", escapes},
        {"only_real_file_systems", only_real_file_systems},
        {"bind_mounts_are_one", bind_mounts_are_one},
        {"a_container_sees_its_runtimes_files", a_container_sees_its_runtimes_files},
        {"later_mounts_hide", later_mounts_hide},
        {"a_full_table_counts", a_full_table_counts},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
