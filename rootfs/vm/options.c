#include "options.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vm.h"

#define PREFIX "skerry."
// The kernel's command line has at most 2,048 bytes.
#define TEXT_BYTES 4096
#define OPTIONS_MAX 64
#define FLAG_BYTES 8192

static const char *const own[] = {
    "address",    // static: ADDRESS/LENGTH, of either family; several with commas
    "gateway",    // with address: of either family; several with commas
    "dns",        // servers, with commas; instead of those of DHCP
    "ntp",        // servers, with commas; instead of those of DHCP
    "hostname",   // default: skerry
    "debug",      // a shell on this terminal (default: the console)
    "data",       // the data disk by its device's name, when there are several
    "downgrade",  // the older version that an update may hold
    "slot",       // which slot the disk was started from; set by its boot loader
    "trial",      // the same, when it has not been up yet
};

static char text[2][TEXT_BYTES];
static char *options[OPTIONS_MAX];
static size_t option_count;
static char flag_text[FLAG_BYTES];
static size_t flag_used;
static char *flags[OPTIONS_FLAGS_MAX + 1];
static size_t flag_count;

static size_t
name_size(const char *option)
{
    return strcspn(option, "=");
}

static bool
is_own(const char *option)
{
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strlen(own[i]) == name_size(option) &&
            memcmp(own[i], option, name_size(option)) == 0) {
            return true;
        }
    }
    return false;
}

void
options_add_flag(const char *flag)
{
    size_t size = strlen(flag) + 1;
    if (flag_count == OPTIONS_FLAGS_MAX || size > sizeof flag_text - flag_used) {
        vm_say("no room for the flag %.40s", flag);
        return;
    }
    flags[flag_count++] = memcpy(flag_text + flag_used, flag, size);
    flags[flag_count] = NULL;
    flag_used += size;
}

static void
add(char *option)
{
    char flag[TEXT_BYTES + 4];
    if (!is_own(option)) {
        snprintf(flag, sizeof flag, "--%s", option);
        options_add_flag(flag);
    } else if (option_count < OPTIONS_MAX) {
        options[option_count++] = option;
    }
}

// The next word, without its quotes; NULL at the end.
static char *
next_word(char **rest)
{
    char *read = *rest + strspn(*rest, " ");
    char *word = read;
    char *write = read;
    bool quoted = false;
    if (*read == '\0') {
        return NULL;
    }
    for (; *read != '\0' && (quoted || *read != ' '); read++) {
        if (*read == '"') {
            quoted = !quoted;
        } else {
            *write++ = *read;
        }
    }
    *rest = *read == '\0' ? read : read + 1;
    *write = '\0';
    return word;
}

void
options_read_command_line(void)
{
    char *rest = text[0];
    vm_read("/proc/cmdline", text[0], sizeof text[0]);
    for (char *word = next_word(&rest); word != NULL; word = next_word(&rest)) {
        if (strncmp(word, PREFIX, strlen(PREFIX)) == 0) {
            add(word + strlen(PREFIX));
        }
    }
}

void
options_read_file(const char *path)
{
    char *rest = text[1];
    if (vm_read(path, text[1], sizeof text[1]) < 0) {
        return;
    }
    for (char *line = strsep(&rest, "\r\n"); line != NULL; line = strsep(&rest, "\r\n")) {
        if (*line == '\0' || *line == '#') {
            continue;
        }
        if (!is_own(line)) {
            vm_say("machine.conf: %.40s is no option of the machine", line);
        } else if (option_count < OPTIONS_MAX) {
            options[option_count++] = line;
        }
    }
}

const char *
options_find(const char *name)
{
    for (size_t i = 0; i < option_count; i++) {
        size_t size = name_size(options[i]);
        if (size == strlen(name) && memcmp(options[i], name, size) == 0) {
            return options[i][size] == '=' ? options[i] + size + 1 : "";
        }
    }
    return NULL;
}

char **
options_flags(void)
{
    return flags;
}

// `name`, or with `_` for `-`, before blanks, `=` or the end.
static bool
begins_with(const char *line, const char *name)
{
    while (*name != '\0' && (*line == *name || (*name == '-' && *line == '_'))) {
        line++;
        name++;
    }
    return *name == '\0' && strchr(" \t=", *line) != NULL;
}

bool
options_say_flag(const char *name, const char *path)
{
    static char lines[65536];
    char *rest = lines;
    for (char **flag = flags; *flag != NULL; flag++) {
        if (begins_with(*flag + strlen("--"), name)) {
            return true;
        }
    }
    vm_read(path, lines, sizeof lines);
    for (char *line = strsep(&rest, "\r\n"); line != NULL; line = strsep(&rest, "\r\n")) {
        if (begins_with(line + strspn(line, " \t"), name)) {
            return true;
        }
    }
    return false;
}
