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

void
incident_report(struct cluster *cluster, const struct incident_report *report)
{
    char name[600];
    char space[256] = "default";
    const struct object *about = report->about;
    if (cluster->sets[KIND_EVENT].live >= INCIDENTS_MAX) {
        cluster_forget_incident(cluster, oldest_incident(cluster));
    }
    struct incident *incident = xcalloc(1, sizeof(*incident));
    incident->object.seed = mix_with(about->seed, cluster->version);
    incident->object.created_ms = clock_now_ms(cluster->clock);
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
