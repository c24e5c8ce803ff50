// Whether the roles can have a user each.
#ifndef SKERRY_INIT_USERS_H
#define SKERRY_INIT_USERS_H

#include <stdbool.h>

// The role's number in roles.tbl.h is added; /etc/passwd names them.
#define USERS_BASE 900

// Tried out in a child, so that capabilities, user namespaces and whatever else
// has a say are all asked: it becomes the user `id`, and we may signal it then.
bool users_can_change(unsigned id);

#endif
