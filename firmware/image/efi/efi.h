// What the start program needs of UEFI (specification 2.10; sections in brackets),
// in the specification's order. What is not called is a void pointer.
#ifndef SKERRY_IMAGE_EFI_H
#define SKERRY_IMAGE_EFI_H

#include <stdbool.h>
#include <stdint.h>

#define EFI_CALL __attribute__((ms_abi))

typedef uint64_t efi_status;  // 0: success
typedef void *efi_handle;

struct efi_guid {
    uint32_t a;
    uint16_t b;
    uint16_t c;
    uint8_t d[8];
};

#define EFI_GUID_LOADED_IMAGE                                                                      \
    ((struct efi_guid){0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0, 0xa0, 0xc9, 0x69, 0x72, 0x3b}})
#define EFI_GUID_DEVICE_PATH                                                                       \
    ((struct efi_guid){0x09576e91, 0x6d3f, 0x11d2, {0x8e, 0x39, 0, 0xa0, 0xc9, 0x69, 0x72, 0x3b}})
#define EFI_GUID_BLOCK_IO                                                                          \
    ((struct efi_guid){0x964e5b21, 0x6459, 0x11d2, {0x8e, 0x39, 0, 0xa0, 0xc9, 0x69, 0x72, 0x3b}})
#define EFI_GUID_FILE_SYSTEM                                                                       \
    ((struct efi_guid){0x964e5b22, 0x6459, 0x11d2, {0x8e, 0x39, 0, 0xa0, 0xc9, 0x69, 0x72, 0x3b}})

// [4.2]
struct efi_table_head {
    uint64_t signature;
    uint32_t revision;
    uint32_t size;
    uint32_t crc;
    uint32_t reserved;
};

// [12.4]
struct efi_text_output {
    void *reset;
    EFI_CALL efi_status (*output_string)(struct efi_text_output *, uint16_t *);
};

#define EFI_LOCATE_BY_PROTOCOL 2
#define EFI_ALLOCATE_ADDRESS 2
#define EFI_LOADER_DATA 2
#define EFI_PAGE_BYTES 4096

// [4.4]
struct efi_boot_services {
    struct efi_table_head head;
    void *before_allocate_pages[2];
    EFI_CALL efi_status (*allocate_pages)(int, int kind, uint64_t pages, uint64_t *address);
    EFI_CALL efi_status (*free_pages)(uint64_t address, uint64_t pages);
    void *before_handle_protocol[12];
    EFI_CALL efi_status (*handle_protocol)(efi_handle, const struct efi_guid *, void **);
    void *before_locate_handle[2];
    EFI_CALL efi_status (*locate_handle)(int, const struct efi_guid *, void *, uint64_t *bytes,
                                         efi_handle *);
    void *before_load_image[2];
    EFI_CALL efi_status (*load_image)(bool policy, efi_handle parent, const void *path,
                                      const void *source, uint64_t source_bytes, efi_handle *);
    EFI_CALL efi_status (*start_image)(efi_handle, uint64_t *, uint16_t **);
    void *exit;
    EFI_CALL efi_status (*unload_image)(efi_handle);
    void *before_stall[2];
    EFI_CALL efi_status (*stall)(uint64_t us);
    void *set_watchdog_timer;
    EFI_CALL efi_status (*connect_controller)(efi_handle, efi_handle *, const void *, bool all);
};

#define EFI_RESET_COLD 0

// [4.5]
struct efi_runtime_services {
    struct efi_table_head head;
    void *before_reset_system[10];
    EFI_CALL void (*reset_system)(int how, efi_status, uint64_t, const void *);
};

// [4.3]
struct efi_system_table {
    struct efi_table_head head;
    void *vendor;
    uint64_t revision;
    void *before_output[3];
    struct efi_text_output *output;
    void *before_runtime[2];
    struct efi_runtime_services *runtime;
    struct efi_boot_services *boot;
};

// [9.1]
struct efi_loaded_image {
    uint32_t revision;
    efi_handle parent;
    void *table;
    efi_handle device;
    void *path;
    void *reserved;
    uint32_t options_bytes;
    void *options;
};

#define EFI_FILE_READ 1
#define EFI_FILE_WRITE 2

// [13.5]
struct efi_file {
    uint64_t revision;
    EFI_CALL efi_status (*open)(struct efi_file *, struct efi_file **, const uint16_t *,
                                uint64_t mode, uint64_t attributes);
    EFI_CALL efi_status (*close)(struct efi_file *);
    void *remove;
    EFI_CALL efi_status (*read)(struct efi_file *, uint64_t *bytes, void *);
    EFI_CALL efi_status (*write)(struct efi_file *, uint64_t *bytes, const void *);
    void *before_flush[4];
    EFI_CALL efi_status (*flush)(struct efi_file *);
};

// [13.4]
struct efi_file_system {
    uint64_t revision;
    EFI_CALL efi_status (*open_volume)(struct efi_file_system *, struct efi_file **);
};

#endif
