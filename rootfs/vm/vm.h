// What the programs of the virtual machine share: one binary, /vm/init, that is
// called by several names (vm.c), and the places that they use.
#ifndef SKERRY_VM_VM_H
#define SKERRY_VM_VM_H

#include <stdbool.h>
#include <stddef.h>

#define VM_BUSYBOX "/vm/busybox"
#define VM_SKERRY "/bin/skerry"
#define VM_SERVICES "/run/service"
// State of the machine, on tmpfs: options, how to end, which disk.
#define VM_RUN "/run/vm"
// "poweroff" or "reboot"; without it the end is a restart.
#define VM_HALT VM_RUN "/halt"
// All groups; those of the roles and their sum lie below VM_ROLES. The roles see
// VM_ROLES in the usual place, so that the sum's limit and its kills are what they
// find there.
#define VM_CGROUPS "/vm/cgroup"
#define VM_ROLES VM_CGROUPS "/skerry"
#define VM_DATA "/data"
#define VM_CONFIG "/etc/skerry"

#define VM_END_SYSTEM 111

// One line for the console. Every sentence goes to serial and screen.
void vm_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Bytes of a file without its last line's end, as text; -1 and "" on failure.
int vm_read(const char *path, char *text, size_t size);
int vm_write(const char *path, const char *text);
// Its exit code, 128 and more after a signal, VM_END_SYSTEM when it could not run.
int vm_run(const char *const words[]);
// The same with what it prints, cut to size.
int vm_run_text(const char *const words[], char *text, size_t size);
// And with what it says of errors.
int vm_run_text_all(const char *const words[], char *text, size_t size);
void vm_sleep_ms(long ms);
// Ends the machine: "poweroff" or "reboot". Does not return.
_Noreturn void vm_halt(const char *how);

// The programs. Each takes the words after its name, ended by NULL.
int boot_main(char **words);
int attend_main(char **words);
int console_main(char **words);
int enter_main(char **words);
int finish_main(char **words);
int lease_main(char **words);
int network_main(char **words);
int clock_main(char **words);
int debug_main(char **words);

#endif
