#include "update/update.h"

#include <string.h>

#include <mbedtls/sha256.h>

#include "update/signature.h"

// --- The machine's slots

static int
take_path(struct text value, char path[static UPDATE_PATH_BYTES])
{
    if (value.size == 0 || value.size >= UPDATE_PATH_BYTES || value.at[0] != '/') {
        return -ERR_MALFORMED;
    }
    memcpy(path, value.at, value.size);
    path[value.size] = '\0';
    return 0;
}

static int
take_line(struct update_machine *machine, struct text name, struct text value)
{
    if (text_equal(name, TEXT("running"))) {
        machine->running = slot_of_text(value);
        return machine->running == SLOT_NONE ? -ERR_MALFORMED : 0;
    }
    if (text_equal(name, TEXT("slot_a"))) {
        return take_path(value, machine->slot[SLOT_A]);
    }
    if (text_equal(name, TEXT("slot_b"))) {
        return take_path(value, machine->slot[SLOT_B]);
    }
    if (text_equal(name, TEXT("boot_block"))) {
        return take_path(value, machine->boot_block);
    }
    if (text_equal(name, TEXT("slot_bytes"))) {
        return text_to_u64(value, &machine->slot_bytes);
    }
    if (text_equal(name, TEXT("boot_block_at"))) {
        return text_to_u64(value, &machine->boot_block_at);
    }
    return 0;  // of a later version
}

int
update_machine_read(struct text text, struct update_machine *machine)
{
    struct text line;
    struct text name;
    struct text value;
    *machine = (struct update_machine){.running = SLOT_NONE};
    for (bool more = true; more;) {
        more = text_cut(text, '\n', &line, &text);
        if (text_cut(line, '=', &name, &value)) {
            int error = take_line(machine, name, value);
            if (error != 0) {
                return error;
            }
        }
    }
    bool whole = machine->running != SLOT_NONE && machine->slot[SLOT_A][0] != '\0' &&
                 machine->slot[SLOT_B][0] != '\0' && machine->boot_block[0] != '\0' &&
                 machine->slot_bytes > 0 && machine->boot_block_at <= INT64_MAX / 2;
    return whole ? 0 : -ERR_MISSING;
}

// --- Files

// All of `size` bytes, or -ERR_TRUNCATED.
static int
read_all(const struct platform *platform, int file, char *bytes, size_t size, uint64_t at)
{
    size_t done = 0;
    while (done < size) {
        int64_t got =
            platform_file_read(platform, file, bytes + done, size - done, (int64_t)(at + done));
        if (got < 0) {
            return (int)got;
        }
        if (got == 0) {
            return -ERR_TRUNCATED;
        }
        done += (size_t)got;
    }
    return 0;
}

int
update_block_read(const struct platform *platform, const struct update_machine *machine,
                  struct boot_block *block)
{
    char bytes[BOOT_BLOCK_BYTES];
    int file;
    int error = platform_file_open(platform, machine->boot_block, PLATFORM_READ, 0, &file);
    if (error != 0) {
        return error;
    }
    error = read_all(platform, file, bytes, sizeof bytes, machine->boot_block_at);
    platform_file_close(platform, file);
    return error != 0 ? error : boot_block_read((struct text){bytes, sizeof bytes}, block);
}

static int
block_write(const struct platform *platform, const struct update_machine *machine,
            const struct boot_block *block)
{
    char bytes[BOOT_BLOCK_BYTES];
    int file;
    boot_block_write(block, bytes);
    int error = platform_file_open(platform, machine->boot_block, PLATFORM_WRITE, 0, &file);
    if (error != 0) {
        return error;
    }
    error =
        platform_file_write(platform, file, bytes, sizeof bytes, (int64_t)machine->boot_block_at);
    if (error == 0) {
        error = platform_file_sync(platform, file);
    }
    platform_file_close(platform, file);
    return error;
}

int
update_keep(const struct platform *platform, const struct update_machine *machine)
{
    struct boot_block block;
    int error = update_block_read(platform, machine, &block);
    if (error == 0) {
        block.slot = machine->running;
        block.trial = SLOT_NONE;
        block.tried = false;
        error = block_write(platform, machine, &block);
    }
    return error;
}

// --- The image: read, hashed, and written where `to` is a file

#define NOWHERE (-1)

struct passage {
    const struct platform *platform;
    char *buffer;
    int from;
    uint64_t from_at;
    int to;
    uint64_t size;
    bool is_at_fault;  // of an error: writing failed
};

static int
pass(struct passage *passage, unsigned char digest[static UPDATE_DIGEST_BYTES])
{
    mbedtls_sha256_context hash;
    int error = 0;
    mbedtls_sha256_init(&hash);
    error = mbedtls_sha256_starts(&hash, 0) == 0 ? 0 : -ERR_UNSUPPORTED;
    for (uint64_t at = 0; at < passage->size && error == 0;) {
        uint64_t left = passage->size - at;
        size_t size = left < UPDATE_BUFFER_BYTES ? (size_t)left : UPDATE_BUFFER_BYTES;
        error = read_all(passage->platform, passage->from, passage->buffer, size,
                         passage->from_at + at);
        if (error == 0 &&
            mbedtls_sha256_update(&hash, (unsigned char *)passage->buffer, size) != 0) {
            error = -ERR_UNSUPPORTED;
        }
        if (error == 0 && passage->to != NOWHERE) {
            error = platform_file_write(passage->platform, passage->to, passage->buffer, size,
                                        (int64_t)at);
            passage->is_at_fault = error != 0;
        }
        at += size;
    }
    if (mbedtls_sha256_finish(&hash, digest) != 0 && error == 0) {
        error = -ERR_UNSUPPORTED;
    }
    mbedtls_sha256_free(&hash);
    return error;
}

static bool
is_digest(const struct update_head *head, const unsigned char *digest)
{
    return memcmp(head->digest.at, digest, UPDATE_DIGEST_BYTES) == 0;
}

static enum update_result
refuse(struct out *why, const char *path, const char *sentence)
{
    out_format(why, "%s %s", path, sentence);
    return UPDATE_REFUSED;
}

static enum update_result
refuse_error(struct out *why, const char *path, const char *doing, int error)
{
    out_format(why, "%s cannot be %s: %s", path, doing, error_sentence(error));
    return UPDATE_REFUSED;
}

// --- Checks; none writes

static enum update_result
check_head(const struct update *update, const struct update_head *head, uint64_t file_bytes,
           struct out *why)
{
    int error = signature_check(update->key, head->signed_part, head->signature);
    if (error == -ERR_BAD_CONFIG) {
        out_string(why, "the public key of this machine cannot be read: no update can be checked");
        return UPDATE_REFUSED;
    }
    if (error != 0) {
        return refuse(why, update->file,
                      "is not signed with the key that this machine trusts: get the file from who "
                      "made the machine's image");
    }
    if (file_bytes - UPDATE_HEAD_BYTES != head->image_bytes) {
        out_format(why,
                   "%s has %llu bytes instead of %llu: it was cut off or changed, copy it again",
                   update->file, (unsigned long long)file_bytes,
                   (unsigned long long)head->image_bytes + UPDATE_HEAD_BYTES);
        return UPDATE_REFUSED;
    }
    if (head->image_bytes > update->machine->slot_bytes) {
        out_format(why,
                   "%s holds %llu bytes and a slot of this machine %llu: start from the new "
                   "version's disk image instead",
                   update->file, (unsigned long long)head->image_bytes,
                   (unsigned long long)update->machine->slot_bytes);
        return UPDATE_REFUSED;
    }
    return UPDATE_WRITTEN;
}

static enum update_result
check_version(const struct update *update, const struct update_head *head, struct out *why)
{
    if (update_version_compare(head->version, update->version) >= 0 ||
        text_equal(head->version, update->downgrade)) {
        return UPDATE_WRITTEN;
    }
    out_format(why,
               "%s holds version " TEXT_FORMAT ", which is older than " TEXT_FORMAT
               " that runs: say downgrade=" TEXT_FORMAT " if you want it",
               update->file, TEXT_ARGS(head->version), TEXT_ARGS(update->version),
               TEXT_ARGS(head->version));
    return UPDATE_REFUSED;
}

static enum update_result
check_block(const struct update *update, const struct update_head *head,
            const struct boot_block *block, struct out *why)
{
    char mark[UPDATE_MARK_BYTES + 1];
    struct out out = out_of(mark, sizeof mark);
    enum slot running = update->machine->running;
    update_mark_write(head->digest, &out);
    const char *wanted = out_c_string(&out);
    if (update->unattended && strcmp(wanted, block->mark[running]) == 0) {
        out_format(why, "%s is what runs already", update->file);
        return UPDATE_NOT_NEW;
    }
    if (update->unattended && strcmp(wanted, block->mark[slot_other(running)]) == 0) {
        out_format(why, "%s was tried before and is not tried again by itself", update->file);
        return UPDATE_NOT_NEW;
    }
    if (block->trial == running && block->slot != running) {
        out_string(why,
                   "what runs is on trial itself: wait until it is kept, which takes some minutes");
        return UPDATE_REFUSED;
    }
    return UPDATE_WRITTEN;
}

static enum update_result
check_image(const struct update *update, const struct update_head *head, int file, struct out *why)
{
    unsigned char digest[UPDATE_DIGEST_BYTES];
    struct passage passage = {.platform = update->platform,
                              .buffer = update->buffer,
                              .from = file,
                              .from_at = UPDATE_HEAD_BYTES,
                              .to = NOWHERE,
                              .size = head->image_bytes};
    int error = pass(&passage, digest);
    if (error != 0) {
        return refuse_error(why, update->file, "read", error);
    }
    if (!is_digest(head, digest)) {
        return refuse(why, update->file,
                      "is damaged: its content is not what was signed; copy it again");
    }
    return UPDATE_WRITTEN;
}

// --- Writing

static enum update_result
write_slot(const struct update *update, const struct update_head *head, int file, const char *path,
           struct out *why)
{
    unsigned char digest[UPDATE_DIGEST_BYTES];
    struct passage passage = {.platform = update->platform,
                              .buffer = update->buffer,
                              .from = file,
                              .from_at = UPDATE_HEAD_BYTES,
                              .size = head->image_bytes};
    int error = platform_file_open(update->platform, path, PLATFORM_WRITE, 0, &passage.to);
    if (error != 0) {
        return refuse_error(why, path, "opened", error);
    }
    error = pass(&passage, digest);
    if (error == 0) {
        error = platform_file_sync(update->platform, passage.to);
        passage.is_at_fault = error != 0;
    }
    platform_file_close(update->platform, passage.to);
    if (error != 0) {
        return passage.is_at_fault ? refuse_error(why, path, "written", error)
                                   : refuse_error(why, update->file, "read", error);
    }
    return is_digest(head, digest)
               ? UPDATE_WRITTEN
               : refuse(why, update->file, "changed while it was read: copy it again");
}

// A device that nobody has open any more is read from the disk and not from memory.
static enum update_result
verify_slot(const struct update *update, const struct update_head *head, const char *path,
            struct out *why)
{
    unsigned char digest[UPDATE_DIGEST_BYTES];
    struct passage passage = {.platform = update->platform,
                              .buffer = update->buffer,
                              .to = NOWHERE,
                              .size = head->image_bytes};
    int error = platform_file_open(update->platform, path, PLATFORM_READ, 0, &passage.from);
    if (error == 0) {
        error = pass(&passage, digest);
        platform_file_close(update->platform, passage.from);
    }
    if (error != 0) {
        return refuse_error(why, path, "read back", error);
    }
    return is_digest(head, digest) ? UPDATE_WRITTEN
                                   : refuse(why, path,
                                            "does not hold what was written to it: the "
                                            "disk fails");
}

// The boot loader forgets the slot first: whatever happens, it starts what runs.
static enum update_result
write_all(const struct update *update, const struct update_head *head, struct boot_block *block,
          int file, struct out *why)
{
    const struct update_machine *machine = update->machine;
    enum slot other = slot_other(machine->running);
    struct out mark = out_of(block->mark[other], sizeof block->mark[other]);
    block->slot = machine->running;
    block->trial = SLOT_NONE;
    block->tried = false;
    block->mark[other][0] = '\0';
    int error = block_write(update->platform, machine, block);
    if (error != 0) {
        return refuse_error(why, machine->boot_block, "written", error);
    }
    enum update_result result = write_slot(update, head, file, machine->slot[other], why);
    if (result == UPDATE_WRITTEN) {
        result = verify_slot(update, head, machine->slot[other], why);
    }
    if (result != UPDATE_WRITTEN) {
        return result;
    }
    block->trial = other;
    update_mark_write(head->digest, &mark);
    out_c_string(&mark);
    error = block_write(update->platform, machine, block);
    return error == 0 ? UPDATE_WRITTEN : refuse_error(why, machine->boot_block, "written", error);
}

static enum update_result
run_with(struct update *update, int file, struct out *why)
{
    char bytes[UPDATE_HEAD_BYTES];
    struct update_head head;
    struct boot_block block;
    uint64_t file_bytes = 0;
    int error = platform_file_size(update->platform, file, &file_bytes);
    if (error == 0) {
        error = read_all(update->platform, file, bytes, sizeof bytes, 0);
    }
    if (error != 0 && error != -ERR_TRUNCATED) {
        return refuse_error(why, update->file, "read", error);
    }
    if (error == 0) {
        error = update_head_read((struct text){bytes, sizeof bytes}, &head);
    }
    if (error != 0) {
        return refuse(
            why, update->file,
            error == -ERR_UNSUPPORTED
                ? "has a format that this version does not know: update to one between first"
                : "is no update file of Skerry");
    }
    error = update_block_read(update->platform, update->machine, &block);
    if (error != 0) {
        return refuse_error(why, update->machine->boot_block, "read", error);
    }
    enum update_result result = check_head(update, &head, file_bytes, why);
    if (result == UPDATE_WRITTEN) {
        result = check_block(update, &head, &block, why);
    }
    if (result == UPDATE_WRITTEN) {
        result = check_version(update, &head, why);
    }
    if (result == UPDATE_WRITTEN) {
        result = check_image(update, &head, file, why);
    }
    if (result == UPDATE_WRITTEN) {
        result = write_all(update, &head, &block, file, why);
    }
    if (result == UPDATE_WRITTEN) {
        out_format(why, "version " TEXT_FORMAT " is in slot %c and is tried at the next start",
                   TEXT_ARGS(head.version), slot_letter(slot_other(update->machine->running)));
    }
    return result;
}

enum update_result
update_run(struct update *update, struct out *why)
{
    int file;
    int error = platform_file_open(update->platform, update->file, PLATFORM_READ, 0, &file);
    if (error != 0) {
        return refuse_error(why, update->file, "opened", error);
    }
    enum update_result result = run_with(update, file, why);
    platform_file_close(update->platform, file);
    return result;
}
