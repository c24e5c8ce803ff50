/* The cluster's Event objects: what happened, kept for a while.
 * One of the old form that is reported again counts up.
 * Full (INCIDENTS_MAX): the oldest goes, as it would by its time to live. */
#ifndef SIM_INCIDENT_H
#define SIM_INCIDENT_H

#include "cluster.h"

#define INCIDENTS_MAX 1000

struct incident_report {
    const struct object *about;
    const char *reason;
    const char *component;
    const char *message;
    bool warning;
    bool new_style;
};

void incident_report(struct cluster *cluster, const struct incident_report *report);

#endif
