#include "app/config_read.h"

#define VARIABLE_PREFIX "SKERRY_"
#define VARIABLE_BYTES_MAX 64
#define PATH_BYTES 512

size_t
config_read_workspace_bytes(void)
{
    // The two files, the names of variables, the notices.
    return 2 * CONFIG_FILE_BYTES_MAX + CONFIG_COUNT * VARIABLE_BYTES_MAX +
           CONFIG_NOTICES_MAX * 256;
}

// What the reading functions below share.
struct config_reader {
    struct config *config;
    const struct platform *platform;
    struct workspace *space;
    struct out *why;
};

static int
read_file(const struct config_reader *reader, struct text path, struct text *content)
{
    char name[PATH_BYTES];
    struct out c_name = out_of(name, sizeof name);
    out_text(&c_name, path);
    const char *c_path = out_c_string(&c_name);
    char *buffer = workspace_take(reader->space, CONFIG_FILE_BYTES_MAX);
    int error = buffer == NULL || c_name.full ? -ERR_TOO_LONG : 0;
    if (error == 0) {
        error = platform_read_file(reader->platform, c_path, buffer, CONFIG_FILE_BYTES_MAX,
                                   content);
    }
    if (error != 0) {
        out_format(reader->why, "the file " TEXT_FORMAT " cannot be read: %s", TEXT_ARGS(path),
                   error == -ERR_TOO_LARGE ? "it is longer than 64 KiB" : error_sentence(error));
        return -ERR_BAD_CONFIG;
    }
    return 0;
}

static int
set(const struct config_reader *reader, const struct config_given *given)
{
    return config_set(reader->config, given, reader->space, reader->why);
}

// Arguments one by one, from argv or from the lines of the flags file.
struct words {
    int argc;
    char *const *argv;
    struct text lines;
    const char *where;
};

static bool
words_next(struct words *words, struct text *word)
{
    while (words->lines.size > 0) {
        text_cut(words->lines, '\n', word, &words->lines);
        if (word->size > 0) {
            return true;
        }
    }
    if (words->argc == 0) {
        return false;
    }
    *word = text_of(words->argv[0]);
    words->argc--;
    words->argv++;
    return true;
}

static int
take_flag(const struct config_reader *reader, struct words *words, struct text word)
{
    struct config_given given = {.origin = ORIGIN_FLAG, .where = words->where};
    given.bare = !text_cut(text_sub(word, 2, SIZE_MAX), '=', &given.name, &given.text);
    if (given.bare && config_takes_value(given.name)) {
        given.bare = !words_next(words, &given.text);
    }
    return set(reader, &given);
}

static int
take_words(const struct config_reader *reader, struct words words)
{
    struct text word;
    while (words_next(&words, &word)) {
        if (text_equal(word, TEXT("--"))) {
            continue;
        }
        if (text_equal(word, TEXT("-n"))) {
            word = TEXT("--namespace");  // as kubectl has it
        }
        if (!text_starts(word, TEXT("--"))) {
            out_format(reader->why, "%s: `" TEXT_FORMAT "` is not a flag; flags begin with --",
                       words.where, TEXT_ARGS(word));
            return -ERR_BAD_CONFIG;
        }
        int error = take_flag(reader, &words, word);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

// One `flag = value`; blank lines and lines that begin with # are left out.
static int
take_line(const struct config_reader *reader, struct text line, const char *where)
{
    struct config_given given = {.origin = ORIGIN_FILE, .where = where};
    struct text trimmed = text_trim(line);
    if (trimmed.size == 0 || trimmed.at[0] == '#') {
        return 0;
    }
    given.bare = !text_cut(trimmed, '=', &given.name, &given.text);
    given.name = text_trim(given.name);
    given.text = text_trim(given.text);
    if (text_equal(given.name, TEXT("config")) || text_equal(given.name, TEXT("flags"))) {
        out_format(reader->why, "%s: a configuration file cannot name another", where);
        return -ERR_BAD_CONFIG;
    }
    return set(reader, &given);
}

static int
take_file(const struct config_reader *reader)
{
    char buffer[PATH_BYTES + 32];
    struct text path = config_text(reader->config, CONFIG_CONFIG);
    struct text rest;
    struct text line;
    if (path.size == 0) {
        return 0;
    }
    int error = read_file(reader, path, &rest);
    for (unsigned number = 1; error == 0 && rest.size > 0; number++) {
        struct out where = out_of(buffer, sizeof buffer);
        out_format(&where, TEXT_FORMAT ", line %u", TEXT_ARGS(path), number);
        text_cut(rest, '\n', &line, &rest);
        error = take_line(reader, line, out_c_string(&where));
    }
    return error;
}

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n';
}

static int
take_list(const struct config_reader *reader, struct config_given given)
{
    struct text rest = given.text;
    int error = 0;
    while (error == 0 && rest.size > 0) {
        size_t begin = 0;
        while (begin < rest.size && is_blank(rest.at[begin])) {
            begin++;
        }
        size_t end = begin;
        while (end < rest.size && !is_blank(rest.at[end])) {
            end++;
        }
        given.text = text_sub(rest, begin, end - begin);
        rest = text_sub(rest, end, SIZE_MAX);
        error = given.text.size == 0 ? 0 : set(reader, &given);
    }
    return error;
}

// NODES -> nodes, LISTEN_IP -> listen-ip.
static struct text
name_of_variable(struct text variable, struct workspace *space)
{
    char *name = variable.size > VARIABLE_BYTES_MAX ? NULL : workspace_take(space, variable.size);
    if (name == NULL) {
        return (struct text){NULL, 0};
    }
    for (size_t i = 0; i < variable.size; i++) {
        char byte = variable.at[i];
        name[i] = byte == '_' ? '-' : byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    return (struct text){name, variable.size};
}

// Variables that are no flags are left alone: Kubernetes itself sets SKERRY_PORT
// and the like where a service has this name.
static int
take_variable(const struct config_reader *reader, struct text variable)
{
    char where[VARIABLE_BYTES_MAX + 32];
    struct text prefix = TEXT(VARIABLE_PREFIX);
    struct config_given given = {.origin = ORIGIN_ENVIRONMENT, .where = where};
    struct text name;
    if (!text_starts(variable, prefix) || !text_cut(variable, '=', &name, &given.text) ||
        given.text.size == 0) {
        return 0;
    }
    struct out out = out_of(where, sizeof where);
    out_format(&out, "the variable " TEXT_FORMAT, TEXT_ARGS(name));
    (void)out_c_string(&out);
    given.name = name_of_variable(text_sub(name, prefix.size, SIZE_MAX), reader->space);
    enum config_id id = config_find(given.name);
    if (given.name.size == 0 || id == CONFIG_COUNT) {
        return 0;
    }
    if (config_kind_of(id) == CONFIG_KIND_LIST) {
        return take_list(reader, given);
    }
    return set(reader, &given);
}

static int
take_environment(const struct config_reader *reader, char *const *environment)
{
    int error = 0;
    for (; environment != NULL && *environment != NULL && error == 0; environment++) {
        error = take_variable(reader, text_of(*environment));
    }
    return error;
}

static struct text
variable_of(char *const *environment, struct text name)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        struct text variable = text_of(*environment);
        if (text_starts(variable, name) && variable.size > name.size &&
            variable.at[name.size] == '=') {
            return text_sub(variable, name.size + 1, SIZE_MAX);
        }
    }
    return (struct text){NULL, 0};
}

// The flags file comes before the other flags, but its name may be one of them:
// they are read once for the name and then again in order.
static int
take_flags(const struct config_reader *reader, int argc, char *const *argv,
           char *const *environment)
{
    struct words words = {.argc = argc, .argv = argv, .where = "on the command line"};
    struct words file = {.where = "in the flags file"};
    int error = take_words(reader, words);
    struct text path = config_text(reader->config, CONFIG_FLAGS);
    if (path.size == 0) {
        path = variable_of(environment, TEXT(VARIABLE_PREFIX "FLAGS"));
    }
    if (error != 0 || path.size == 0) {
        return error;
    }
    error = read_file(reader, path, &file.lines);
    if (error == 0) {
        config_reset(reader->config);
        error = take_words(reader, file);
    }
    return error != 0 ? error : take_words(reader, words);
}

int
config_read(struct config *config, const struct platform *platform, int argc, char *const *argv,
            char *const *environment, struct workspace *space, struct out *why)
{
    struct config_reader reader = {config, platform, space, why};
    char byte[1];
    struct out unsaid = out_of(byte, sizeof byte);
    config_reset(config);
    int error = take_flags(&reader, argc, argv, environment);
    if (error != 0) {
        // The guard lives on with the directories, which come from there.
        reader.why = &unsaid;
        (void)take_environment(&reader, environment);
        return error;
    }
    error = take_environment(&reader, environment);
    return error != 0 ? error : take_file(&reader);
}
