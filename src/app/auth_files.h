// The files that a kubeconfig names: certificates, keys, tokens.
//
// For the guard, which starts a refused role again when one of them changes and
// has neither a YAML parser nor the memory for one. Finds them line by line, in
// what kubectl and the like write: one member a line, as YAML or JSON. What is
// written otherwise is not found; then the role is started again by hand, or
// when the kubeconfig itself changes. Nothing of the file is kept.
#ifndef SKERRY_APP_AUTH_FILES_H
#define SKERRY_APP_AUTH_FILES_H

#include "platform/platform.h"

// `path` is good during the call; relative ones lie in the kubeconfig's folder.
typedef void auth_file(void *context, struct text path);

void auth_files_visit(const struct platform *platform, struct text kubeconfig, auth_file *visit,
                      void *context);

#endif
