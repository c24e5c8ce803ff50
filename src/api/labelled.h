// The labelled values of a row one by one: which resources a metric has, and
// values without an entry in the catalogue.
//
// By number and from the start each time, so that an answer can go on from where
// it was: lists are short (limits.h). What changes meanwhile may be left out.
#ifndef SKERRY_API_LABELLED_H
#define SKERRY_API_LABELLED_H

#include "api/target.h"

// The resource_id with this number of a metric of file systems or disks, in
// `room`. False: there are no more.
bool labelled_resource(const struct target *target, enum metric metric, unsigned number,
                       char room[SHORT_NAME_BYTES_MAX], struct text *resource_id);
// False: there are no more.
bool labelled_extra(const struct target *target, unsigned number, struct labelled_view *view);

#endif
