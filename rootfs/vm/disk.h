// The disks: which is configuration, which is data.
//
// Configuration is a vfat or iso9660 file system labelled SKERRY, on a disk or a
// partition. Data is an ext4 file system labelled skerry-data; if there is none, an
// empty disk is given one: a whole disk without partitions that is zero wherever
// some file system, partition table or RAID keeps its signature. A disk with
// anything on it is never written to.
#ifndef SKERRY_VM_DISK_H
#define SKERRY_VM_DISK_H

#include <stdbool.h>
#include <stddef.h>

// Copies its files to VM_CONFIG; false when there is none.
bool disk_read_configuration(void);
// The same of the folder `config` of the data disk, which is mounted.
bool disk_read_data_configuration(void);
// An update file on the configuration disk, `update.img`: `take` is called with its path. The
// disk stays mounted meanwhile.
void disk_offer_update(void (*take)(const char *path));
// The device of a whole disk's partition: "" when that disk has none of that
// number. False when there are not so many disks.
bool disk_partition(unsigned disk, unsigned number, char *path, size_t size);
unsigned long long disk_partition_bytes(const char *path);
// Mounts VM_DATA; false when only memory is there. `name`: that device, or NULL.
bool disk_mount_data(const char *name);

#endif
