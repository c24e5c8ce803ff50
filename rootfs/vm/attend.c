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
#include "screen.h"
#include "slots.h"

#define PATH_BYTES 128
#define TEXT_BYTES 4096
#define TEMPLATES "/vm/service"
#define TREE_WAIT_MS 60000
#define LOOK_MS 2000
#define LOOKS_PER_TOKEN 30

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

// How to reach the page: where, with which token, and what certificate shows.
struct entrance {
    char address[NETWORK_ADDRESS_BYTES];
    char token[256];        // "": none is asked for, or there is none yet
    char certificate[256];  // as `skerry token` describes it
};

static void
find_token(struct entrance *entrance)
{
    const char *const tool[] = {VM_SKERRY, "token", NULL};
    char text[1024];
    char *rest = text;
    *entrance->token = '\0';
    *entrance->certificate = '\0';
    if (vm_run_text(tool, text, sizeof text) == 0) {
        snprintf(entrance->token, sizeof entrance->token, "%s", strsep(&rest, "\n"));
        if (rest != NULL) {
            snprintf(entrance->certificate, sizeof entrance->certificate, "%s",
                     strsep(&rest, "\n"));
        }
    }
}

static void
find_entrance(struct entrance *entrance)
{
    static unsigned looks;
    network_address(entrance->address, sizeof entrance->address);
    // They change about once a year: not worth a process at each look.
    if (*entrance->token != '\0' && ++looks % LOOKS_PER_TOKEN != 0) {
        return;
    }
    find_token(entrance);
}

// Of the first address; that of IPv6 has brackets.
static void
write_url(const struct entrance *entrance, char *text, size_t size)
{
    int first = (int)strcspn(entrance->address, " ");
    bool has_colons = memchr(entrance->address, ':', (size_t)first) != NULL;
    snprintf(text, size, "%s://%s%.*s%s:8082", *entrance->token == '\0' ? "http" : "https",
             has_colons ? "[" : "", first, entrance->address, has_colons ? "]" : "");
}

static void
say_entrance(const struct entrance *entrance)
{
    char url[NETWORK_ADDRESS_BYTES + 32];
    if (*entrance->address == '\0' || *entrance->token == '\0') {
        return;
    }
    write_url(entrance, url, sizeof url);
    vm_say("page %s", url);
    vm_say("token %s", entrance->token);
    vm_say("%s", entrance->certificate);
}

static void
draw(const char *status, const struct entrance *entrance)
{
    char head[1024];
    char url[NETWORK_ADDRESS_BYTES + 32];
    write_url(entrance, url, sizeof url);
    snprintf(head, sizeof head, "Skerry on %s\n%s%s\n%s\n\n",
             *entrance->address == '\0' ? "a machine without an address" : url,
             *entrance->token == '\0' ? "" : "token ", entrance->token, entrance->certificate);
    screen_draw(head, status);
}

int
console_main(char **words)
{
    static char status[TEXT_BYTES];
    static struct entrance entrance;
    static struct entrance said;
    const char *const tool[] = {VM_SKERRY, "status", NULL};
    int code_said = -1;
    (void)words;
    options_read_command_line();
    power_open();
    for (;;) {
        int code = vm_run_text(tool, status, sizeof status);
        find_entrance(&entrance);
        if (code != code_said || strcmp(entrance.address, said.address) != 0) {
            vm_say("address %s, %s", *entrance.address == '\0' ? "none" : entrance.address,
                   code == 0 ? "all roles are up" : "not all roles are up");
            code_said = code;
        }
        if (memcmp(&entrance, &said, sizeof said) != 0) {
            say_entrance(&entrance);
            said = entrance;
        }
        draw(status, &entrance);
        slots_watch_trial(code == 0 && *entrance.address != '\0');
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
