// The command line tools: each writes its answer to `out`, which main.c prints,
// and gives the exit code: 0, 1 when something is wrong with the world, or 100
// for a bad configuration (the sentence is then in `out` as well).
#ifndef SKERRY_APP_TOOL_H
#define SKERRY_APP_TOOL_H

#include "app/appliance.h"

struct tool {
    struct config *config;
    const struct platform *platform;
    struct appliance_limit limit;
    enum appliance_basis basis;
    struct out *out;
    // Prints what is in `out` and empties it, for answers of any length; false
    // when nobody reads them. NULL: all of it has to fit.
    bool (*flush)(struct out *out);
    // A sentence beside the answer, for who reads stderr.
    void (*say)(struct text sentence);
    // The word behind the tool's name, empty when there is none.
    struct text word;
};

// What is planned: a table, or JSON with --json.
int plan_tool(struct tool *tool);
// How the roles are doing, and what collect sees.
int status_tool(struct tool *tool);
// What uses most now: live in a terminal, else printed once.
int top_tool(struct tool *tool);
// What was recorded: values of one metric of one entity, read from the file.
int query_tool(struct tool *tool);
// Tries everything that the configuration needs.
int check_tool(struct tool *tool);
// The manifest that gives the appliance its account in a cluster.
int rbac_tool(struct tool *tool);
// The manifest that registers the appliance as the cluster's metrics API.
int apiservice_tool(struct tool *tool);
// The token of the page and API, and its certificate's fingerprint.
int token_tool(struct tool *tool);
// The roles that the configuration needs, one a line; for who makes the scan
// directory.
int roles_tool(struct tool *tool);
// What makes a shell complete the words and flags of this program.
int completion_tool(struct tool *tool);
// Whether the tree may be started with this configuration; for supervise/run.sh.
int validate_tool(struct tool *tool);

#endif
