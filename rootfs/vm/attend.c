// What the machine runs beside the roles, as services of the same tree.
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "network.h"
#include "options.h"
#include "power.h"
#include "slots.h"

#define PATH_BYTES 128
#define TEXT_BYTES 4096
#define TEMPLATES "/vm/service"
#define TREE_WAIT_MS 60000
#define LOOK_MS 2000

static const char *const services[] = {"network", "clock", "console"};

static void
link_file(const char *name, const char *file)
{
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    snprintf(from, sizeof from, TEMPLATES "/%s/%s", name, file);
    snprintf(to, sizeof to, VM_SERVICES "/%s/%s", name, file);
    if (symlink(from, to) != 0 && errno != EEXIST) {
        vm_say("the service %s cannot be added: %s", name, strerror(errno));
    }
}

static void
add(const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, VM_SERVICES "/%s", name);
    mkdir(path, 0755);
    link_file(name, "run");
    // A shell would ignore the order to end, and the machine would not.
    link_file(name, "timeout-kill");
}

// s6-svscan makes this when the tree is complete.
int
attend_main(char **words)
{
    const char *const scan[] = {"/usr/bin/s6-svscanctl", "-a", VM_SERVICES, NULL};
    (void)words;
    for (int ms = 0; access(VM_SERVICES "/.s6-svscan/control", F_OK) != 0; ms += 50) {
        if (ms >= TREE_WAIT_MS) {
            vm_say("there is no supervision tree after %d s", TREE_WAIT_MS / 1000);
            return VM_END_SYSTEM;
        }
        vm_sleep_ms(50);
    }
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        add(services[i]);
    }
    options_read_command_line();
    if (options_find("debug") != NULL) {
        add("debug");
    }
    return vm_run(scan);
}

static void
halt_in_order(const char *how)
{
    vm_say("the power button was pressed");
    vm_write(VM_HALT, how);
    kill(1, SIGTERM);
}

// The whole status on the screen, if there is one.
static void
draw(const char *status, const char *address)
{
    char head[256];
    int file = open("/dev/tty1", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    int size = snprintf(head, sizeof head, "\033[H\033[JSkerry on %s, page on port 8082\n\n",
                        *address == '\0' ? "a machine without an address" : address);
    ssize_t ignored = write(file, head, (size_t)size);
    ignored = write(file, status, strlen(status));
    (void)ignored;  // nobody looks
    close(file);
}

int
console_main(char **words)
{
    static char status[TEXT_BYTES];
    const char *const tool[] = {VM_SKERRY, "status", NULL};
    char address[NETWORK_ADDRESS_BYTES];
    char address_said[NETWORK_ADDRESS_BYTES] = "";
    int code_said = -1;
    (void)words;
    options_read_command_line();
    power_open();
    for (;;) {
        int code = vm_run_text(tool, status, sizeof status);
        network_address(address, sizeof address);
        if (code != code_said || strcmp(address, address_said) != 0) {
            vm_say("address %s, %s", *address == '\0' ? "none" : address,
                   code == 0 ? "all roles are up" : "not all roles are up");
            snprintf(address_said, sizeof address_said, "%s", address);
            code_said = code;
        }
        draw(status, address);
        slots_watch_trial(code == 0 && *address != '\0');
        if (power_pressed_within(LOOK_MS)) {
            halt_in_order("poweroff");
        }
        if (access("/dev/input/event0", F_OK) != 0) {
            vm_sleep_ms(LOOK_MS);
        }
    }
}

// A shell on the terminal that skerry.debug names, or on the console.
int
debug_main(char **words)
{
    char path[PATH_BYTES];
    (void)words;
    options_read_command_line();
    const char *terminal = options_find("debug");
    if (terminal == NULL) {
        return VM_END_SYSTEM;
    }
    snprintf(path, sizeof path, "/dev/%s", *terminal == '\0' ? "console" : terminal);
    setsid();
    int file = open(path, O_RDWR);
    if (file < 0) {
        vm_say("%s cannot be opened for the debug console: %s", path, strerror(errno));
        vm_sleep_ms(10000);
        return VM_END_SYSTEM;
    }
    ioctl(file, TIOCSCTTY, 1);
    dup2(file, STDIN_FILENO);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execl(VM_BUSYBOX, "sh", "-i", (char *)NULL);
    return VM_END_SYSTEM;
}
