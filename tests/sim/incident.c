#include "incident.h"

#include <stdio.h>
#include <string.h>

#include "mix.h"

static struct incident *
oldest_incident(const struct cluster *cluster)
{
    const struct collection *set = &cluster->sets[KIND_EVENT];
    struct object *oldest = NULL;
    for (uint32_t i = 0; i < set->count; i++) {
        struct object *object = set->at[i];
        if (object->died == 0 && (oldest == NULL || object->born < oldest->born)) {
            oldest = object;
        }
    }
    return (struct incident *)(void *)oldest;
}

/* The same of the same, which the old form counts. */
static struct incident *
known_incident(const struct cluster *cluster, const struct incident_report *report)
{
    const struct collection *set = &cluster->sets[KIND_EVENT];
    for (uint32_t i = 0; i < set->count; i++) {
        struct incident *known = (struct incident *)(void *)set->at[i];
        if (known->object.died == 0 && !known->new_style && !report->new_style
            && strcmp(known->about_key, report->about->key) == 0
            && strcmp(known->reason, report->reason) == 0) {
            return known;
        }
    }
    return NULL;
}

void
incident_report(struct cluster *cluster, const struct incident_report *report)
{
    char name[600];
    char space[256] = "default";
    const struct object *about = report->about;
    struct incident *known = known_incident(cluster, report);
    if (known != NULL) {
        known->count++;
        known->last_ms = clock_now_ms(cluster->clock);
        cluster_change_incident(cluster, known);
        return;
    }
    if (cluster->sets[KIND_EVENT].live >= INCIDENTS_MAX) {
        cluster_forget_incident(cluster, oldest_incident(cluster));
    }
    struct incident *incident = xcalloc(1, sizeof(*incident));
    incident->object.seed = mix_with(about->seed, cluster->version);
    incident->object.created_ms = clock_now_ms(cluster->clock);
    incident->count = 1;
    incident->last_ms = incident->object.created_ms;
    incident->about_key = xstrdup(about->key);
    incident->about_seed = about->seed;
    incident->about_kind = about->kind;
    incident->reason = report->reason;
    incident->component = report->component;
    incident->warning = report->warning;
    incident->new_style = report->new_style;
    snprintf(incident->message, sizeof(incident->message), "%s", report->message);
    if (about->name != about->key) {
        size_t len = (size_t)(about->name - about->key) - 1;
        snprintf(space, sizeof(space), "%.*s", (int)len, about->key);
    }
    snprintf(name, sizeof(name), "%s.%016llx", about->name,
             (unsigned long long)incident->object.seed);
    object_name(&incident->object, space, name);
    cluster_add_incident(cluster, incident);
}
