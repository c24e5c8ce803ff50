// Process 1 of the virtual machine until the common /init takes its place, and
// what s6-svscan becomes at its end.
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "memory.h"
#include "network.h"
#include "options.h"
#include "power.h"
#include "slots.h"

#define WORDS_MAX (OPTIONS_FLAGS_MAX + 4)

struct mount_row {
    const char *type;
    const char *path;
    unsigned long flags;
    const char *data;
};

static const struct mount_row mounts[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
    {"cgroup2", VM_CGROUPS, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
    {"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755"},
    // The live table, heartbeats and logs: the plan says how much, and memory.max
    // holds it.
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755,size=75%"},
};

static void
mount_all(void)
{
    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        const struct mount_row *row = &mounts[i];
        if (mount(row->type, row->path, row->type, row->flags, row->data) != 0) {
            vm_say("%s cannot be mounted: %s", row->path, strerror(errno));
        }
    }
    mkdir(VM_RUN, 0755);
    if (mkdir(VM_ROLES, 0755) != 0 ||
        mount(VM_ROLES, "/sys/fs/cgroup", NULL, MS_BIND, NULL) != 0) {
        vm_say("%s cannot be made: %s", VM_ROLES, strerror(errno));
    }
    // Or sentences are dropped when there are more than a few.
    vm_write("/proc/sys/kernel/printk_devkmsg", "on");
}

// The kernel gives the first process the console only if the device was there.
static void
open_console(void)
{
    int file = open("/dev/console", O_RDWR | O_NOCTTY);
    if (file < 0) {
        file = open("/dev/null", O_RDWR);
    }
    for (int i = 0; i <= STDERR_FILENO; i++) {
        dup2(file, i);
    }
    if (file > STDERR_FILENO) {
        close(file);
    }
}

// What is wrong was said. The machine stands until somebody has read it; the
// keys and the button work. A version on trial makes way for the one before.
static _Noreturn void
stop(void)
{
    sigset_t keys;
    if (options_find("trial") != NULL) {
        vm_say("the version on trial does not start: back to the one before");
        vm_halt("reboot");
    }
    sigemptyset(&keys);
    sigaddset(&keys, SIGINT);
    sigprocmask(SIG_BLOCK, &keys, NULL);
    vm_say("stopped; the power button switches off, ctrl-alt-del starts again");
    for (;;) {
        const struct timespec none = {0};
        if (power_pressed_within(200)) {
            vm_halt("poweroff");
        }
        if (sigtimedwait(&keys, NULL, &none) == SIGINT) {
            vm_halt("reboot");
        }
    }
}

static void
add_flags(bool has_data)
{
    if (access(VM_CONFIG "/kubeconfig", F_OK) == 0 &&
        access(VM_CONFIG "/skerry.conf", F_OK) != 0) {
        vm_say("there is a kubeconfig and no skerry.conf: name it there, as in "
               "source = kubernetes:?auth=" VM_CONFIG "/kubeconfig");
    }
    // A machine is there to be reached; TLS and a token go with every address.
    if (!options_say_flag("listen-ip", VM_CONFIG "/skerry.conf")) {
        options_add_flag("--listen-ip=");
    }
    // A history in memory would be more than any plan.
    if (!has_data) {
        options_add_flag("--history=0");
    }
    if (access("/dev/watchdog", F_OK) == 0) {
        options_add_flag("--watchdog=/dev/watchdog");
    }
}

// The tools of the first start are only memory from now on.
static void
remove_tools(void)
{
    unlink("/vm/mke2fs");
    unlink("/vm/e2fsck");
}

static void
attend(void)
{
    char *const words[] = {"attend", NULL};
    pid_t child = fork();
    if (child == 0) {
        execv("/vm/attend", words);
        _exit(VM_END_SYSTEM);
    }
}

static _Noreturn void
hand_over(void)
{
    char *words[WORDS_MAX] = {"/init"};
    size_t count = 1;
    for (char **flag = options_flags(); *flag != NULL && count + 1 < WORDS_MAX; flag++) {
        words[count++] = *flag;
    }
    char *const variables[] = {"PATH=/bin:/usr/bin:/usr/lib/execline/bin", NULL};
    execve(words[0], words, variables);
    vm_say("%s cannot be started: %s", words[0], strerror(errno));
    stop();
}

static int
validate(void)
{
    const char *words[WORDS_MAX] = {VM_SKERRY, "validate"};
    size_t count = 2;
    if (access(VM_CONFIG "/skerry.conf", F_OK) == 0) {
        words[count++] = "--config=" VM_CONFIG "/skerry.conf";
    }
    for (char **flag = options_flags(); *flag != NULL && count + 1 < WORDS_MAX; flag++) {
        words[count++] = *flag;
    }
    return vm_run(words);
}

int
boot_main(char **words)
{
    (void)words;
    umask(022);
    mount_all();
    open_console();
    // ctrl-alt-del is SIGINT for process 1 instead of a restart at once.
    reboot(RB_DISABLE_CAD);
    power_open();
    options_read_command_line();
    bool has_disk = disk_read_configuration();
    options_read_file(VM_CONFIG "/machine.conf");
    slots_find();
    // Before anything else runs: all memory is there, and it restarts at once.
    disk_offer_update(slots_update);
    bool has_data = disk_mount_data(options_find("data"));
    if (has_data && !has_disk && disk_read_data_configuration()) {
        options_read_file(VM_CONFIG "/machine.conf");
    }
    remove_tools();
    network_start();
    add_flags(has_data);
    // In this order: a bad flag is no want of memory.
    if (validate() != 0 || !memory_prepare()) {
        stop();
    }
    attend();
    hand_over();
}

int
finish_main(char **words)
{
    char how[16];
    (void)words;
    // What is left of the tree, so that the data disk can be unmounted.
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
    if (vm_read(VM_HALT, how, sizeof how) <= 0) {
        snprintf(how, sizeof how, "reboot");
    }
    vm_say("stopped in order: %s", how);
    vm_halt(how);
}
