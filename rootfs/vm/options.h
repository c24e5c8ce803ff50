// Options of the machine: `skerry.NAME=VALUE` on the kernel's command line, and
// NAME=VALUE a line in machine.conf of the configuration. The command line
// wins. Those named in options.c are the machine's own; every other one of the
// command line is a flag of skerry, --NAME=VALUE.
#ifndef SKERRY_VM_OPTIONS_H
#define SKERRY_VM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_FLAGS_MAX 64

// Reads the command line; needs /proc.
void options_read_command_line(void);
// Adds the machine's own options of a file; a line that is none of them is said.
void options_read_file(const char *path);
// NULL when it is not given; "" when it is given without a value.
const char *options_find(const char *name);
// Whether that flag of skerry is given, on the command line or in the file.
bool options_say_flag(const char *name, const char *path);
// The flags for skerry, ended by NULL.
char **options_flags(void);
void options_add_flag(const char *flag);

#endif
