// The programs of the virtual machine by the name they are called by, and what
// they share.
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 512

struct program {
    const char *name;
    int (*run)(char **words);
};

static const struct program programs[] = {
    {"init", boot_main},        // process 1, until s6-svscan takes its place
    {"attend", attend_main},    // puts the machine's services beside the roles
    {"console", console_main},  // service: power button, screen, health of a trial
    {"network", network_main},  // service: the DHCP client
    {"clock", clock_main},      // service: the NTP client
    {"debug", debug_main},      // service: a shell, with skerry.debug only
    {"lease", lease_main},      // called by the DHCP client
    {"enter", enter_main},      // enter ROLE PROGRAM...: into the role's cgroup
    {"finish", finish_main},    // what s6-svscan becomes at its end
};

void
vm_say(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    // Shown even where the kernel's own lines are not.
    int head = snprintf(line, sizeof line, "<3>skerry: ");
    vsnprintf(line + head, sizeof line - (size_t)head - 1, format, arguments);
    va_end(arguments);
    size_t size = strlen(line);
    line[size++] = '\n';
    // The kernel's log goes to every console there is.
    int file = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, line, size) < 0) {
        ssize_t ignored = write(STDERR_FILENO, line + 3, size - 3);
        (void)ignored;  // there is nobody to tell
    }
    if (file >= 0) {
        close(file);
    }
}

int
vm_read(const char *path, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got = 1;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    while (file >= 0 && got > 0 && used + 1 < size) {
        got = read(file, text + used, size - used - 1);
        used += got > 0 ? (size_t)got : 0;
    }
    if (file >= 0) {
        close(file);
    }
    if (used > 0 && text[used - 1] == '\n') {
        used--;
    }
    text[used] = '\0';
    return file < 0 || got < 0 ? -1 : (int)used;
}

int
vm_write(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) {
        return -1;
    }
    ssize_t written = write(file, text, strlen(text));
    return close(file) == 0 && written == (ssize_t)strlen(text) ? 0 : -1;
}

static _Noreturn void
become(const char *const words[], int output, bool errors_too)
{
    if (output >= 0) {
        dup2(output, STDOUT_FILENO);
    }
    if (output >= 0 && errors_too) {
        dup2(output, STDERR_FILENO);
    }
    execv(words[0], (char *const *)(unsigned long)words);
    _exit(VM_END_SYSTEM);
}

static int
run(const char *const words[], char *text, size_t size, bool errors_too)
{
    int ends[2] = {-1, -1};
    int status = 0;
    size_t used = 0;
    char rest[256];
    ssize_t got = 1;
    if (text != NULL && pipe2(ends, O_CLOEXEC) != 0) {
        return VM_END_SYSTEM;
    }
    pid_t child = fork();
    if (child == 0) {
        become(words, ends[1], errors_too);
    }
    if (text != NULL) {
        close(ends[1]);
        while (got > 0) {
            bool full = used + 1 >= size;
            got = full ? read(ends[0], rest, sizeof rest)
                       : read(ends[0], text + used, size - used - 1);
            used += got > 0 && !full ? (size_t)got : 0;
        }
        text[used] = '\0';
        close(ends[0]);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child < 0) {
        return VM_END_SYSTEM;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
vm_run(const char *const words[])
{
    return vm_run_text(words, NULL, 0);
}

int
vm_run_text(const char *const words[], char *text, size_t size)
{
    return run(words, text, size, false);
}

int
vm_run_text_all(const char *const words[], char *text, size_t size)
{
    return run(words, text, size, true);
}

void
vm_sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

_Noreturn void
vm_halt(const char *how)
{
    sync();
    if (umount(VM_DATA) != 0) {
        mount(NULL, VM_DATA, NULL, MS_REMOUNT | MS_RDONLY, NULL);
    }
    reboot(strcmp(how, "poweroff") == 0 ? RB_POWER_OFF : RB_AUTOBOOT);
    for (;;) {
        pause();
    }
}

int
main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *name = argc == 0 ? "" : slash == NULL ? argv[0] : slash + 1;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (strcmp(name, programs[i].name) == 0) {
            return programs[i].run(argv + 1);
        }
    }
    vm_say("there is no program of the name %s", name);
    return VM_END_SYSTEM;
}
