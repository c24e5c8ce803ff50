// Process 1 of the image until s6-svscan takes its place.
//
//   /init [flags]           makes /run ready, checks the configuration and starts
//                           the supervision tree; it ends with the container
//   /init TOOL [flags]      runs that tool of skerry and nothing else
//
// Exit codes: 100 bad configuration or a container that lacks what is needed,
// 111 a system call failed. Each comes with one sentence on standard error.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "environment.h"
#include "say.h"
#include "tree.h"
#include "users.h"

#define PROGRAM "/bin/skerry"
#define SVSCAN "/usr/bin/s6-svscan"
#define CONFIG_FILE "/etc/skerry/skerry.conf"
#define FLAGS_FILE TREE_RUN "/flags"
#define STATE "/data/state"
// Any free descriptor: where the logger finds the container's output.
#define CONSOLE_FD 4
#define CONSOLE_FD_TEXT "4"
// Room for services: s6-svscan takes memory for as many.
#define SERVICES_TEXT "16"
// `skerry roles`: a name of a role a line.
#define ROLES_BYTES 512

static bool
is_tool(const char *word)
{
    return word[0] != '-' || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
           strcmp(word, "--version") == 0;
}

// `name` or `name=...`, where `_` is `-`, as the program reads its flags.
static bool
is_flag(const char *word, const char *name)
{
    while (*name != '\0' && (*word == *name || (*word == '_' && *name == '-'))) {
        word++;
        name++;
    }
    return *name == '\0' && (*word == '\0' || *word == '=');
}

static bool
any_flag(char **flags, const char *name)
{
    for (; *flags != NULL; flags++) {
        if (is_flag(*flags, name)) {
            return true;
        }
    }
    return false;
}

static bool
is_there(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

static void
write_line(int file, const char *line)
{
    if (strchr(line, '\n') != NULL) {
        end(END_CONFIG, "a flag holds a line break: %.40s", line);
    }
    if (dprintf(file, "%s\n", line) != (int)strlen(line) + 1) {
        end_of_call("writing " FLAGS_FILE);
    }
}

// Read by every role and by tools run beside them. Flags come after the
// configuration file's name, so that one that is given replaces it.
static void
write_flags(char **flags)
{
    int file = open(FLAGS_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) {
        end_of_call("making " FLAGS_FILE);
    }
    if (is_there(CONFIG_FILE) && !any_flag(flags, "--config") &&
        environment_find("SKERRY_CONFIG") == NULL) {
        write_line(file, "--config=" CONFIG_FILE);
    }
    for (; *flags != NULL; flags++) {
        write_line(file, *flags);
    }
    close(file);
}

static void
choose_users(void)
{
    char base[16];
    if (getuid() != 0 || environment_find("SKERRY_UID_BASE") != NULL) {
        return;
    }
    if (!users_can_change(USERS_BASE + 1)) {
        say("the roles share one user instead of having one each: the capabilities SETUID, SETGID "
            "and KILL, or the users in this namespace, are not all there");
        return;
    }
    snprintf(base, sizeof base, "%d", USERS_BASE);
    environment_set("SKERRY_UID_BASE", base);
    tree_share();
}

// What cannot be kept is said; everything else works without it.
static void
prepare_data(void)
{
    bool shared = environment_find("SKERRY_UID_BASE") != NULL;
    // Each role writes its own files there, and none removes another's.
    if (mkdir(STATE, 0700) == 0 || errno == EEXIST) {
        int ignored = chmod(STATE, shared ? 01777 : 0700);
        (void)ignored;  // not ours: then access() tells
    }
    if (access(STATE, W_OK | X_OK) != 0) {
        say("/data is not writable for user %u (%s): nothing is kept over a restart; mount a "
            "volume there that this user may write to",
            (unsigned)getuid(), strerror(errno));
    }
}

static void
prepare_environment(void)
{
    environment_set("PATH", "/bin:/usr/bin:/usr/lib/execline/bin");
    environment_set("SKERRY_PROGRAM", PROGRAM);
    environment_set("SKERRY_HOME", "/");
    environment_set("SKERRY_FLAGS", FLAGS_FILE);
    environment_set("SKERRY_RUN_DIR", TREE_RUN);
    environment_set("SKERRY_STATE_DIR", STATE);
    environment_set("SKERRY_SERVICE_DIR", TREE_SERVICE);
    environment_set("SKERRY_LOG_DIR", TREE_RUN "/log");
}

// Standard output of `skerry TOOL` goes into `text`, or where ours goes.
static int
run_tool(char *tool, char *text, size_t size)
{
    char *const words[] = {"skerry", tool, NULL};
    int ends[2];
    int status;
    size_t used = 0;
    ssize_t got = 1;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        end_of_call("making a pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        if (text != NULL) {
            dup2(ends[1], STDOUT_FILENO);
        }
        execve(PROGRAM, words, environment_all());
        _exit(END_SYSTEM);
    }
    close(ends[1]);
    while (text != NULL && used + 1 < size && got > 0) {
        got = read(ends[0], text + used, size - used - 1);
        used += got > 0 ? (size_t)got : 0;
    }
    if (text != NULL) {
        text[used] = '\0';
    }
    close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        end_of_call("running " PROGRAM);
    }
    return WEXITSTATUS(status);
}

static void
make_services(void)
{
    char roles[ROLES_BYTES];
    char *rest = roles;
    int code = run_tool("roles", roles, sizeof roles);
    if (code != 0) {
        _exit(code);  // it said why
    }
    tree_add(".s6-svscan");
    tree_add("s6-svscan-log");
    for (char *role = strsep(&rest, "\n"); role != NULL; role = strsep(&rest, "\n")) {
        if (role[0] != '\0') {
            tree_add(role);
        }
    }
}

static void
tell_how_to_reach(char **flags)
{
    if (!any_flag(flags, "--listen-ip") && environment_find("SKERRY_LISTEN_IP") == NULL &&
        !any_flag(flags, "--config") && !is_there(CONFIG_FILE)) {
        say("page and API listen on 127.0.0.1 of this container only; to reach them from outside, "
            "give --listen-ip= and publish port 8082 (TLS, and the token that `skerry token` "
            "prints), or use the host's network");
    }
}

// The fifo is open for reading and writing, so that it has a reader while the
// logger is being restarted.
static void
become_supervisor(void)
{
    char *const words[] = {"s6-svscan",     "-c",         SERVICES_TEXT, "-t", "0", "-X",
                           CONSOLE_FD_TEXT, TREE_SERVICE, NULL};
    if (dup2(STDOUT_FILENO, CONSOLE_FD) != CONSOLE_FD) {
        end_of_call("keeping the console");
    }
    int fifo = open(TREE_SERVICE "/s6-svscan-log/fifo", O_RDWR | O_CLOEXEC);
    if (fifo < 0) {
        end_of_call("opening the logger's fifo");
    }
    dup2(fifo, STDIN_FILENO);
    dup2(fifo, STDOUT_FILENO);
    dup2(fifo, STDERR_FILENO);
    execve(SVSCAN, words, environment_all());
    dup2(CONSOLE_FD, STDERR_FILENO);
    end_of_call("starting " SVSCAN);
}

// A container may be started with any of them closed.
static void
open_standard_files(void)
{
    int file = open("/dev/null", O_RDWR);
    while (file >= 0 && file <= STDERR_FILENO) {
        file = open("/dev/null", O_RDWR);
    }
    close(file);
}

int
main(int argc, char **argv, char **envp)
{
    char **flags = argc > 0 ? argv + 1 : argv;
    open_standard_files();
    umask(022);
    environment_read(envp);
    if (flags[0] != NULL && is_tool(flags[0])) {
        environment_remove("SKERRY_FLAGS");
        execve(PROGRAM, argv, environment_all());
        end_of_call("starting " PROGRAM);
    }
    tree_make();
    write_flags(flags);
    prepare_environment();
    choose_users();
    prepare_data();
    int code = run_tool("validate", NULL, 0);
    if (code != 0) {
        return code;  // it said why
    }
    make_services();
    tell_how_to_reach(flags);
    become_supervisor();
}
