// The start program for EFI: reads which slot is to start, notes a trial, and has
// the firmware load that slot's kernel, which loads its initramfs. What it decides
// is in src/update/boot_start.c and tested there; here are only the calls.
#include <stddef.h>
#include <string.h>

#include "efi.h"
#include "update/boot_start.h"

// More disks and partitions than that are not looked through.
#define HANDLES_MAX 512
#define SAID_LETTERS 160
#define GIVE_UP_US 30000000

static struct efi_system_table *system_table;
static efi_handle self;
static struct boot_path own;  // the partition this program came from

EFI_CALL efi_status start_main(efi_handle image, struct efi_system_table *table);

static void
widen(const char *text, uint16_t *wide, size_t size)
{
    size_t i = 0;
    for (; i + 1 < size && text[i] != '\0'; i++) {
        wide[i] = (unsigned char)text[i];
    }
    wide[i] = 0;
}

static void
say(const char *sentence)
{
    uint16_t wide[SAID_LETTERS];
    struct efi_text_output *output = system_table->output;
    widen(sentence, wide, ARRAY_COUNT(wide));
    output->output_string(output, wide);
    output->output_string(output, (uint16_t[]){'\r', '\n', 0});
}

static _Noreturn void
start_again(void)
{
    system_table->boot->stall(GIVE_UP_US);
    for (;;) {
        system_table->runtime->reset_system(EFI_RESET_COLD, 0, 0, NULL);
    }
}

_Noreturn void
check_failed(const char *expression, const char *file, int line)
{
    (void)file;
    (void)line;
    say(expression);
    start_again();
}

static void *
protocol(efi_handle handle, const struct efi_guid *guid)
{
    void *found = NULL;
    return system_table->boot->handle_protocol(handle, guid, &found) == 0 ? found : NULL;
}

static int
path_of(efi_handle device, struct boot_path *path)
{
    const char *bytes = protocol(device, &EFI_GUID_DEVICE_PATH);
    if (bytes == NULL) {
        return -ERR_MISSING;
    }
    return boot_path_read((struct text){bytes, boot_path_bytes(bytes)}, path);
}

// --- What is remembered

static struct efi_file *
open_file(efi_handle device, const char *path, uint64_t mode)
{
    uint16_t name[16];
    struct efi_file *root = NULL;
    struct efi_file *file = NULL;
    struct efi_file_system *files = protocol(device, &EFI_GUID_FILE_SYSTEM);
    if (files == NULL || files->open_volume(files, &root) != 0) {
        return NULL;
    }
    widen(path, name, ARRAY_COUNT(name));
    if (root->open(root, &file, name, mode, 0) != 0) {
        file = NULL;
    }
    root->close(root);
    return file;
}

// The file's beginning, `size` bytes of it at most; none if it cannot be read.
static struct text
read_file(efi_handle device, const char *path, char *bytes, size_t size)
{
    uint64_t got = size;
    struct efi_file *file = open_file(device, path, EFI_FILE_READ);
    if (file == NULL) {
        return (struct text){bytes, 0};
    }
    efi_status status = file->read(file, &got, bytes);
    file->close(file);
    return (struct text){bytes, status == 0 && got <= size ? (size_t)got : 0};
}

static int
read_block(efi_handle device, struct boot_block *block)
{
    char bytes[BOOT_BLOCK_BYTES + 1];  // one more, to see a file that is longer
    return boot_block_read(read_file(device, "\\grubenv", bytes, sizeof bytes), block);
}

// In place: the file keeps its size.
static bool
write_block(efi_handle device, const struct boot_block *block)
{
    char bytes[BOOT_BLOCK_BYTES];
    uint64_t size = sizeof bytes;
    boot_block_write(block, bytes);
    struct efi_file *file = open_file(device, "\\grubenv", EFI_FILE_READ | EFI_FILE_WRITE);
    if (file == NULL) {
        return false;
    }
    bool is_written =
        file->write(file, &size, bytes) == 0 && size == sizeof bytes && file->flush(file) == 0;
    return file->close(file) == 0 && is_written;
}

// --- A slot

// NULL: the disk has none. The path lies in the firmware's memory.
static efi_handle
find_slot(enum slot slot, struct boot_path *path)
{
    static efi_handle handles[HANDLES_MAX];
    uint64_t size = sizeof handles;
    if (system_table->boot->locate_handle(EFI_LOCATE_BY_PROTOCOL, &EFI_GUID_BLOCK_IO, NULL, &size,
                                          handles) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < size / sizeof handles[0] && i < HANDLES_MAX; i++) {
        if (path_of(handles[i], path) == 0 && boot_path_is_slot(path, &own, slot)) {
            // Firmware in a hurry knows the file system of its own partition only.
            system_table->boot->connect_controller(handles[i], NULL, NULL, true);
            return handles[i];
        }
    }
    return NULL;
}

// The lowest piece that is free; 0 if there is none.
static uint64_t
take_room(size_t bytes)
{
    for (uint64_t at = BOOT_ROOM_FROM; at < BOOT_ROOM_END; at += BOOT_ROOM_STEP) {
        uint64_t address = at;
        if (system_table->boot->allocate_pages(EFI_ALLOCATE_ADDRESS, EFI_LOADER_DATA,
                                               bytes / EFI_PAGE_BYTES, &address) == 0) {
            return address;
        }
    }
    return 0;
}

// NULL: it cannot be loaded.
static efi_handle
load_kernel(const struct boot_path *slot)
{
    char bytes[BOOT_PATH_BYTES_MAX + 64];
    struct out file = out_of(bytes, sizeof bytes);
    struct efi_boot_services *boot = system_table->boot;
    efi_handle kernel = NULL;
    boot_path_of_file(slot, "\\vmlinuz", &file);
    if (boot->load_image(false, self, bytes, NULL, 0, &kernel) != 0 && kernel != NULL) {
        boot->unload_image(kernel);
        return NULL;
    }
    return kernel;
}

static bool
tell_kernel(efi_handle kernel, const struct boot_start *start)
{
    static uint16_t wide[BOOT_START_LINE_BYTES];
    char line[BOOT_START_LINE_BYTES];
    struct out options = out_of(line, sizeof line);
    struct efi_loaded_image *image = protocol(kernel, &EFI_GUID_LOADED_IMAGE);
    if (image == NULL) {
        return false;
    }
    boot_start_line(start, &options);
    widen(out_c_string(&options), wide, ARRAY_COUNT(wide));
    image->options = wide;
    image->options_bytes = (uint32_t)(2 * (options.used + 1));
    return true;
}

static const char *
no_room(size_t bytes)
{
    static char sentence[SAID_LETTERS];
    struct out out = out_of(sentence, sizeof sentence);
    out_string(&out, "The kernel of this slot needs ");
    out_u64(&out, bytes >> 20);
    out_string(&out, " MiB of memory in one piece: give the machine more memory.");
    return out_c_string(&out);
}

// Returns only when it could not be started, with what is wrong.
//
// The kernel unpacks itself into one piece of memory, and where the firmware has
// none that long, it writes to whatever its stack held (efi_random_alloc of Linux
// 6.1). So the piece is taken before the firmware, which buffers files and places
// programs as it likes, can cut it, and given back to the kernel.
static const char *
start_kernel(const struct boot_start *start)
{
    char head[BOOT_HEAD_BYTES];
    struct boot_path slot;
    efi_handle device = find_slot(start->slot, &slot);
    if (device == NULL) {
        return "The disk has no partition for this slot.";
    }
    size_t bytes = boot_kernel_room(read_file(device, "\\vmlinuz", head, sizeof head));
    if (bytes == 0) {
        return "This slot has no vmlinuz that is a kernel.";
    }
    uint64_t room = take_room(bytes);
    if (room == 0) {
        return no_room(bytes);
    }
    efi_handle kernel = load_kernel(&slot);
    bool is_told = kernel != NULL && tell_kernel(kernel, start);
    system_table->boot->free_pages(room, bytes / EFI_PAGE_BYTES);
    if (!is_told) {
        return "The firmware cannot load vmlinuz of this slot.";
    }
    system_table->boot->start_image(kernel, NULL, NULL);
    return "The kernel of this slot gave up.";
}

static void
note_trial(efi_handle device, struct boot_block *block, struct boot_start *start)
{
    block->tried = true;
    if (!write_block(device, block)) {
        say("That the new version is tried cannot be noted in grubenv: the one before is started.");
        *start = (struct boot_start){.slot = block->slot};
    }
}

static void
start_slots(efi_handle device)
{
    struct boot_block block = {.slot = SLOT_A, .trial = SLOT_NONE};
    if (read_block(device, &block) != 0) {
        say("grubenv of the first partition cannot be read: slot a is started.");
    }
    struct boot_start start = boot_start_choose(&block);
    if (start.is_retreat) {
        say("The new version did not come up: back to the one before.");
    }
    if (start.is_trial) {
        note_trial(device, &block, &start);
    }
    say(start_kernel(&start));
    say(start.slot == SLOT_A ? "Slot a cannot be started; trying the other one."
                             : "Slot b cannot be started; trying the other one.");
    start = (struct boot_start){.slot = slot_other(start.slot)};
    say(start_kernel(&start));
    say("Neither slot can be started.");
}

EFI_CALL efi_status
start_main(efi_handle image, struct efi_system_table *table)
{
    system_table = table;
    self = image;
    const struct efi_loaded_image *loaded = protocol(image, &EFI_GUID_LOADED_IMAGE);
    if (loaded != NULL && path_of(loaded->device, &own) == 0) {
        start_slots(loaded->device);
    } else {
        say("The disk this was started from cannot be told from its device path.");
    }
    start_again();
}
