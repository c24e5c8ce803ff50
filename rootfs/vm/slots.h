// The two slots of the disk that the machine was started from: where they lie, and
// the trial of a new one. Writing and checking an update is `skerry update`'s.
#ifndef SKERRY_VM_SLOTS_H
#define SKERRY_VM_SLOTS_H

#include <stdbool.h>

// What `skerry update` reads: running, slot_a, slot_b, slot_bytes, boot_block,
// boot_block_at, a line each.
#define SLOTS_FILE VM_RUN "/slots"
// How long a trial has to be well, and when it is given up, of uptime.
#define SLOTS_WELL_S 60
#define SLOTS_GIVE_UP_S 300

// Writes SLOTS_FILE; without a disk of ours there is none.
void slots_find(void);
// An update file: checked and written, and the machine restarts. Returns when
// there was nothing to do or it was refused.
void slots_update(const char *file);
// To be called now and then: whether all is well. Keeps the trial when it was well
// long enough, and restarts the machine, into the slot before, when it is not in
// time. Nothing when nothing is on trial.
void slots_watch_trial(bool is_well);

#endif
