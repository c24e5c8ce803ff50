#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "vm.h"

#define PLAN_BYTES 32768
#define PATH_BYTES 128
#define MIB (1024ul * 1024)
// DHCP and NTP client, the console, their supervisors, and what the kernel takes
// for sockets and files after this was measured.
#define MACHINE_BYTES (6 * MIB)
// What a role's limit has over its plan: pages of its files, which are dropped
// when room is needed, and the kernel's counting in batches of 64 pages a CPU.
#define SLACK_BYTES MIB
#define WORDS_MAX (OPTIONS_FLAGS_MAX + 8)

static char plan[PLAN_BYTES];

static unsigned long
number_after(const char *text, const char *name)
{
    unsigned long number = 0;
    const char *found = text == NULL ? NULL : strstr(text, name);
    if (found != NULL) {
        sscanf(found + strlen(name), "%lu", &number);
    }
    return number;
}

static unsigned long
available_bytes(void)
{
    char text[2048];
    vm_read("/proc/meminfo", text, sizeof text);
    return number_after(text, "MemAvailable:") * 1024;
}

static int
read_plan(void)
{
    const char *words[WORDS_MAX] = {VM_SKERRY, "plan", "--json"};
    size_t count = 3;
    if (access(VM_CONFIG "/skerry.conf", F_OK) == 0) {
        words[count++] = "--config=" VM_CONFIG "/skerry.conf";
    }
    for (char **flag = options_flags(); *flag != NULL && count + 1 < WORDS_MAX; flag++) {
        words[count++] = *flag;
    }
    return vm_run_text(words, plan, sizeof plan);
}

static void
limit_group(const char *path, unsigned long bytes)
{
    char file[PATH_BYTES];
    char text[32];
    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        vm_say("the cgroup %s cannot be made: %s", path, strerror(errno));
        return;
    }
    snprintf(file, sizeof file, "%.64s/memory.max", path);
    snprintf(text, sizeof text, "%lu", bytes);
    if (vm_write(file, text) != 0) {
        vm_say("the limit %s cannot be written: %s", file, strerror(errno));
    }
}

// {"collect":N,...,"shared":N,"system":N}. What is shared is counted where it was
// first written, and the live table and the states are collect's and the guard's
// to write: both get room for it.
static void
limit_roles(const char *roles, unsigned long shared, unsigned long system)
{
    char name[32];
    unsigned long bytes;
    int size = 0;
    unsigned count = 0;
    char path[PATH_BYTES];
    for (const char *at = roles; *at != '\0' && *at != '}'; at++) {
        count += *at == ':';
    }
    unsigned long each = system / (count > 2 ? count - 2 : 1) + SLACK_BYTES;
    while (sscanf(roles, "\"%31[a-z]\":%lu%n", name, &bytes, &size) == 2) {
        bool is_writer = strcmp(name, "collect") == 0;
        if (strcmp(name, "shared") != 0 && strcmp(name, "system") != 0) {
            snprintf(path, sizeof path, VM_ROLES "/%s", name);
            limit_group(path, bytes + each + (is_writer ? shared : 0));
        }
        roles += size;
        if (*roles != ',') {
            return;
        }
        roles++;
    }
}

// What the machine has for all roles together is the limit of their sum: the plan
// chooses the largest capacity that fits it where none is asked for, and refuses
// what does not.
bool
memory_prepare(void)
{
    unsigned long available = available_bytes();
    unsigned long limit = available > MACHINE_BYTES ? available - MACHINE_BYTES : 0;
    vm_write(VM_CGROUPS "/cgroup.subtree_control", "+memory +pids");
    vm_write(VM_ROLES "/cgroup.subtree_control", "+memory +pids");
    limit_group(VM_ROLES, limit);
    int code = read_plan();
    const char *roles = strstr(plan, "\"roles\":{");
    const char *sum = roles == NULL ? NULL : strchr(roles, '}');
    if (code != 0 || sum == NULL) {
        vm_say("there is no plan that this machine can hold: %lu MiB are left of its memory, the "
               "machine itself takes %lu of them",
               available / MIB, MACHINE_BYTES / MIB);
        return false;
    }
    limit_roles(roles + strlen("\"roles\":{"), number_after(roles, "\"shared\":"),
                number_after(roles, "\"system\":"));
    vm_say("memory: %lu MiB left for the roles, %lu MiB planned", limit / MIB,
           number_after(sum, "\"bytes\":") / MIB + 1);
    return true;
}

// enter ROLE PROGRAM...: a role without a cgroup runs in the machine's.
int
enter_main(char **words)
{
    char path[PATH_BYTES];
    if (words[0] == NULL || words[1] == NULL) {
        return VM_END_SYSTEM;
    }
    snprintf(path, sizeof path, VM_ROLES "/%s/cgroup.procs", words[0]);
    if (access(path, F_OK) == 0 && vm_write(path, "0") != 0) {
        vm_say("%s cannot be entered: %s", path, strerror(errno));
    }
    execv(words[1], words + 1);
    return VM_END_SYSTEM;
}
