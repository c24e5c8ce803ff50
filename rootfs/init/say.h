// Sentences of /init on standard error, and its end.
#ifndef SKERRY_INIT_SAY_H
#define SKERRY_INIT_SAY_H

#define END_CONFIG 100
#define END_SYSTEM 111

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void end(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
// With errno's sentence.
_Noreturn void end_of_call(const char *doing);

#endif
