#include "app/update_tool.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/role.h"
#include "base/version.h"
#include "platform/memory.h"
#include "update/update.h"

#define SENTENCE_BYTES 512
#define TEXT_BYTES 4096
// An RSA verification of 4,096 bits takes about 20 KB.
#define HEAP_BYTES ((size_t)256 * 1024)
#define EXIT_REFUSED 1
#define EXIT_NOT_NEW 2

struct words {
    const char *file;
    const char *machine;
    const char *key;
    const char *downgrade;
    bool keep;
    bool at_start;
};

static unsigned char heap[HEAP_BYTES] __attribute__((aligned(16)));
static char buffer[UPDATE_BUFFER_BYTES];

static void
say(struct text sentence)
{
    char line[SENTENCE_BYTES + 32];
    struct out out = out_of(line, sizeof line);
    out_format(&out, "skerry update: " TEXT_FORMAT "\n", TEXT_ARGS(sentence));
    ssize_t ignored = write(STDERR_FILENO, out.at, out.used);
    (void)ignored;  // there is nobody to tell
}

static bool
take_value(const char *word, const char *name, const char **value)
{
    size_t size = strlen(name);
    if (strncmp(word, name, size) != 0 || word[size] != '=') {
        return false;
    }
    *value = word + size + 1;
    return true;
}

static bool
read_words(int argc, char **argv, struct words *words)
{
    *words =
        (struct words){.machine = UPDATE_MACHINE_FILE, .key = UPDATE_KEY_FILE, .downgrade = ""};
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--keep") == 0) {
            words->keep = true;
        } else if (strcmp(argv[i], "--at-start") == 0) {
            words->at_start = true;
        } else if (argv[i][0] != '-' && words->file == NULL) {
            words->file = argv[i];
        } else if (!take_value(argv[i], "--downgrade", &words->downgrade) &&
                   !take_value(argv[i], "--machine", &words->machine) &&
                   !take_value(argv[i], "--key", &words->key)) {
            return false;
        }
    }
    return (words->file != NULL) != words->keep;
}

static int
keep(const struct platform *platform, const struct update_machine *machine)
{
    char sentence[SENTENCE_BYTES];
    struct out why = out_of(sentence, sizeof sentence);
    int error = update_keep(platform, machine);
    if (error != 0) {
        out_format(&why, "%s cannot be written: %s", machine->boot_block, error_sentence(error));
        say(out_view(&why));
        return EXIT_REFUSED;
    }
    out_format(&why, "version " SKERRY_VERSION " in slot %c is kept",
               slot_letter(machine->running));
    say(out_view(&why));
    return 0;
}

static int
update(const struct platform *platform, const struct update_machine *machine,
       const struct words *words, struct text key)
{
    char sentence[SENTENCE_BYTES];
    struct out why = out_of(sentence, sizeof sentence);
    struct update update = {.platform = platform,
                            .machine = machine,
                            .file = words->file,
                            .key = key,
                            .version = TEXT(SKERRY_VERSION),
                            .downgrade = text_of(words->downgrade),
                            .unattended = words->at_start,
                            .buffer = buffer};
    enum update_result result = update_run(&update, &why);
    say(out_view(&why));
    switch (result) {
    case UPDATE_WRITTEN:
        return 0;
    case UPDATE_NOT_NEW:
        return EXIT_NOT_NEW;
    case UPDATE_REFUSED:
        break;
    }
    return EXIT_REFUSED;
}

int
update_tool(const struct platform *platform, int argc, char **argv)
{
    char text[TEXT_BYTES];
    static char key_text[TEXT_BYTES];
    struct text content;
    struct words words;
    struct update_machine machine;
    if (!read_words(argc, argv, &words)) {
        say(TEXT("usage: skerry update FILE [--downgrade=VERSION], or skerry update --keep"));
        return EXIT_BAD_CONFIG;
    }
    if (platform_read_file(platform, words.machine, text, sizeof text, &content) != 0 ||
        update_machine_read(content, &machine) != 0) {
        say(TEXT("this machine has no slots to write to: only the virtual machine that was started "
                 "from its own disk has; replace the container image or the program instead"));
        return EXIT_BAD_CONFIG;
    }
    if (words.keep) {
        return keep(platform, &machine);
    }
    // A byte of zero behind it is what the parser wants.
    if (platform_read_file(platform, words.key, key_text, sizeof key_text - 1, &content) != 0) {
        content = TEXT("");
    }
    key_text[content.size] = '\0';
    memory_open(heap, sizeof heap);
    int code = update(platform, &machine, &words, (struct text){key_text, content.size});
    if (code == 0 && !words.at_start) {
        // Process 1 stops in order and starts the machine again.
        sync();
        kill(1, SIGTERM);
    }
    return code;
}
