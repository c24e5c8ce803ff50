// skerry ROLE|TOOL [flags]: reads the configuration and calls the one named.
//
// Exit codes: 0 asked to stop, or all is well; 1 a tool found something wrong;
// 100 bad configuration; 111 a system call failed.
#include <string.h>
#include <unistd.h>

#include "app/config_check.h"
#include "app/config_read.h"
#include "app/help.h"
#include "app/role.h"
#include "app/source_check.h"
#include "app/tool.h"
#include "app/update_tool.h"
#include "base/version.h"
#include "platform/linux.h"

#define SENTENCE_BYTES 1024
#define OUTPUT_BYTES (256 * 1024)
#define WORKSPACE_BYTES (512 * 1024)

// Untouched pages of these cost nothing; a role uses the workspace only.
static unsigned char workspace_memory[WORKSPACE_BYTES] __attribute__((aligned(16)));
static char output_memory[OUTPUT_BYTES];
static struct config config;

extern char **environ;

static int
write_all(int fd, struct text text)
{
    while (text.size > 0) {
        ssize_t written = write(fd, text.at, text.size);
        if (written < 0) {
            return EXIT_SYSTEM;
        }
        text = text_sub(text, (size_t)written, SIZE_MAX);
    }
    return 0;
}

static int
print(struct out *out, int code)
{
    int error = write_all(STDOUT_FILENO, out_view(out));
    return error != 0 ? error : code;
}

static bool
flush(struct out *out)
{
    int error = write_all(STDOUT_FILENO, out_view(out));
    out->used = 0;
    return error == 0;
}

// One sentence on stderr.
static void
say(struct text sentence)
{
    write_all(STDERR_FILENO, TEXT("skerry: "));
    write_all(STDERR_FILENO, sentence);
    write_all(STDERR_FILENO, TEXT("\n"));
}

static int
refuse(const struct out *why)
{
    say(out_view(why));
    return EXIT_BAD_CONFIG;
}

static int
refuse_word(const char *word)
{
    char buffer[SENTENCE_BYTES];
    struct out why = out_of(buffer, sizeof buffer);
    help_refuse(text_of(word), &why);
    return refuse(&why);
}

static int
help(const char *name)
{
    struct out out = out_of(output_memory, sizeof output_memory);
    if (name == NULL) {
        help_write(&out);
    } else if (help_write_of(text_of(name), &out) != 0) {
        return refuse_word(name);
    }
    return print(&out, 0);
}

static int
version(void)
{
    return write_all(STDOUT_FILENO, TEXT("skerry " SKERRY_VERSION "\n"));
}

static bool
is_wish(const char *word, const char *name)
{
    return strcmp(word, name) == 0 ||
           (strncmp(word, "--", 2) == 0 && strcmp(word + 2, name) == 0);
}

// Everything that a process needs to know before it does anything.
static int
configure(const struct platform *platform, int argc, char **argv, struct tool *tool,
          struct out *why)
{
    struct arena arena;
    struct workspace space;
    struct workspace scratch;
    arena_init(&arena, workspace_memory, sizeof workspace_memory);
    workspace_init(&space, &arena, config_read_workspace_bytes());
    workspace_init(&scratch, &arena, SOURCE_CHECK_BYTES);
    int error = config_read(&config, platform, argc, argv, environ, &space, why);
    if (error == 0) {
        error = config_check(&config, why);
    }
    if (error == 0) {
        error = source_check(&config, &scratch, why);
    }
    if (error == 0) {
        appliance_read_limit(platform, &tool->limit);
        error = appliance_fit(&config, &tool->limit, &tool->basis, why);
    }
    return error;
}

// The guard lives on with the directories alone, to wait for better files.
static void
keep_directories(void)
{
    static const enum config_id kept[] = {CONFIG_RUN_DIR, CONFIG_SERVICE_DIR, CONFIG_CONFIG,
                                          CONFIG_FLAGS};
    struct config_value values[ARRAY_COUNT(kept)];
    for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
        values[i] = config.value[kept[i]];
    }
    config_reset(&config);
    for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
        config.value[kept[i]] = values[i];
    }
    config.refused = true;
}

static int
run_role(enum role role, int argc, char **argv, const struct platform *platform)
{
    char buffer[SENTENCE_BYTES];
    struct out why = out_of(buffer, sizeof buffer);
    struct tool tool = {.config = &config};
    int error = configure(platform, argc, argv, &tool, &why);
    if (error != 0) {
        role_say(role_name(role), "%s", out_c_string(&why));
        if (role != ROLE_GUARD) {
            return EXIT_BAD_CONFIG;
        }
        keep_directories();
    }
    if (role == ROLE_COLLECT) {
        for (unsigned i = 0; i < config.notice_count; i++) {
            role_say(role_name(role), TEXT_FORMAT, TEXT_ARGS(config.notice[i]));
        }
    }
    return role_run(role, &config, platform);
}

// Where a tree of this program keeps its table when nothing says so: that of the
// image, or what run.sh left beside the program.
static void
find_run_dir(const struct platform *platform)
{
    static char path[512];
    struct platform_status status;
    struct text exe;
    struct out out = out_of(path, sizeof path);
    if (config_text(&config, CONFIG_RUN_DIR).size > 0) {
        return;
    }
    if (platform_file_status(platform, "/run/skerry", &status) == 0) {
        config.value[CONFIG_RUN_DIR].text = TEXT("/run/skerry");
        return;
    }
    char target[400];
    if (platform_link_read(platform, "/proc/self/exe", target, sizeof target, &exe) != 0) {
        return;
    }
    while (exe.size > 0 && exe.at[exe.size - 1] != '/') {
        exe.size--;
    }
    out_format(&out, TEXT_FORMAT "run/shm", TEXT_ARGS(exe));
    config.value[CONFIG_RUN_DIR].text = out_view(&out);
}

// The same for what is kept over restarts: beside it.
static void
find_state_dir(const struct platform *platform)
{
    static char path[512];
    struct platform_status status;
    struct out out = out_of(path, sizeof path);
    struct text run_dir = config_text(&config, CONFIG_RUN_DIR);
    if (config_text(&config, CONFIG_STATE_DIR).size > 0) {
        return;
    }
    if (text_equal(run_dir, TEXT("/run/skerry")) &&
        platform_file_status(platform, "/var/lib/skerry", &status) == 0) {
        config.value[CONFIG_STATE_DIR].text = TEXT("/var/lib/skerry");
        return;
    }
    while (run_dir.size > 0 && run_dir.at[run_dir.size - 1] != '/') {
        run_dir.size--;
    }
    out_format(&out, TEXT_FORMAT "state", TEXT_ARGS(run_dir));
    config.value[CONFIG_STATE_DIR].text = out_view(&out);
}

static bool
asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

// Whether the next argument is the value of this one: `--sort cpu`.
static bool
needs_next(struct text argument)
{
    struct text name = text_sub(argument, 2, SIZE_MAX);
    return text_equal(argument, TEXT("-n")) ||
           (text_starts(argument, TEXT("--")) && text_find(name, '=', 0) == SIZE_MAX &&
            config_takes_value(name));
}

// Takes the first word that belongs to no flag out of the arguments, wherever it
// stands; empty when there is none.
static struct text
take_word(int *argc, char **argv)
{
    for (int i = 0; i < *argc; i++) {
        struct text word = text_of(argv[i]);
        if (needs_next(word)) {
            i++;
        } else if (!text_starts(word, TEXT("-"))) {
            *argc -= 1;
            memmove(argv + i, argv + i + 1, (size_t)(*argc - i) * sizeof *argv);
            return word;
        }
    }
    return (struct text){"", 0};
}

static int
run_tool(enum tool_id id, int argc, char **argv, const struct platform *platform)
{
    char buffer[SENTENCE_BYTES];
    struct out why = out_of(buffer, sizeof buffer);
    struct out out = out_of(output_memory, sizeof output_memory);
    struct tool tool = {
        .config = &config, .platform = platform, .out = &out, .flush = flush, .say = say};
    tool.word = take_word(&argc, argv);
    if (tool.word.size > 0 && !help_is_word(id, tool.word)) {
        help_refuse_word(id, tool.word, &why);
        return refuse(&why);
    }
    if (configure(platform, argc, argv, &tool, &why) != 0) {
        return refuse(&why);
    }
    find_run_dir(platform);
    find_state_dir(platform);
    int code = tool_row(id)->run(&tool);
    if (code == EXIT_BAD_CONFIG && out.used > 0) {
        struct text sentence = out_view(&out);
        sentence.size -= text_ends(sentence, TEXT("\n"));
        say(sentence);
        return code;
    }
    return print(&out, code);
}

int
main(int argc, char **argv)
{
    struct platform platform = linux_platform();
    const char *word = argc > 1 ? argv[1] : "help";
    if (is_wish(word, "help") || strcmp(word, "-h") == 0) {
        return help(argc > 2 ? argv[2] : NULL);
    }
    if (is_wish(word, "version") || strcmp(word, "-V") == 0) {
        return version();
    }
    if (argc > 2 && asks_for_help(argc - 2, argv + 2)) {
        return help(word);
    }
    if (strcmp(word, "update") == 0) {
        return update_tool(&platform, argc - 2, argv + 2);
    }
    enum tool_id tool = tool_find(text_of(word));
    if (tool != TOOL_COUNT) {
        return run_tool(tool, argc - 2, argv + 2, &platform);
    }
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if (strcmp(word, role_name((enum role)role)) == 0) {
            return run_role((enum role)role, argc - 2, argv + 2, &platform);
        }
    }
    return refuse_word(word);
}
