#include "environment.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

// A pod gets seven of Kubernetes' own for each port of each service beside it.
#define VARIABLES_MAX 4096
#define OWN_MAX 16
#define OWN_BYTES 128

static char *variables[VARIABLES_MAX + 1];
static size_t count;
static char own[OWN_MAX][OWN_BYTES];
static size_t own_count;

static size_t
place_of(const char *name)
{
    size_t size = strlen(name);
    size_t i = 0;
    while (i < count && (strncmp(variables[i], name, size) != 0 || variables[i][size] != '=')) {
        i++;
    }
    return i;
}

static void
add(char *variable)
{
    if (count == VARIABLES_MAX) {
        end(END_CONFIG, "there are more than %d variables", VARIABLES_MAX);
    }
    variables[count++] = variable;
    variables[count] = NULL;
}

void
environment_read(char **envp)
{
    for (; *envp != NULL; envp++) {
        add(*envp);
    }
}

const char *
environment_find(const char *name)
{
    size_t place = place_of(name);
    return place == count ? NULL : variables[place] + strlen(name) + 1;
}

void
environment_remove(const char *name)
{
    size_t place = place_of(name);
    if (place < count) {
        variables[place] = variables[--count];
        variables[count] = NULL;
    }
}

void
environment_set(const char *name, const char *value)
{
    environment_remove(name);
    if (own_count == OWN_MAX) {
        end(END_SYSTEM, "no room for the variable %s", name);
    }
    char *variable = own[own_count++];
    int size = snprintf(variable, OWN_BYTES, "%s=%s", name, value);
    if (size < 0 || size >= OWN_BYTES) {
        end(END_SYSTEM, "the variable %s is too long", name);
    }
    add(variable);
}

char **
environment_all(void)
{
    return variables;
}
