// The variables that /init hands on: those it was given, less those that it sets
// itself. Fixed room; more variables than fit end the start with a sentence.
#ifndef SKERRY_INIT_ENVIRONMENT_H
#define SKERRY_INIT_ENVIRONMENT_H

// Keeps pointers into envp.
void environment_read(char **envp);
// NULL when it is not set. Valid until it is set anew.
const char *environment_find(const char *name);
void environment_set(const char *name, const char *value);
void environment_remove(const char *name);
// For execve().
char **environment_all(void);

#endif
