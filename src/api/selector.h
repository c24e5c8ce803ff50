// Label selectors and field selectors as Kubernetes writes them, for lists.
//
// labels: key, !key, key=value, key==value, key!=value, key in (a,b),
// key notin (a,b), key>7, key<7, with commas between, all of which must hold.
// fields: metadata.name and metadata.namespace with =, == and !=.
// Nothing is kept between calls: a selector is read anew for each object, which
// costs a pass over it. Pure; bad ones are a sentence for the client.
#ifndef SKERRY_API_SELECTOR_H
#define SKERRY_API_SELECTOR_H

#include <stdbool.h>

#include "base/text.h"
#include "limits.h"

int selector_check_labels(struct text selector, struct out *why) MUST_USE;
// `fields` of nodes have no namespace: `namespaced` is false for them.
int selector_check_fields(struct text selector, bool namespaced, struct out *why) MUST_USE;

// Only selectors that were found good. `labels` as the live table has them,
// "key:value,key2:value2".
bool selector_matches_labels(struct text selector, struct text labels);
bool selector_matches_fields(struct text selector, struct text name, struct text namespace_name);

#endif
