// The real machine behind struct platform: system calls of Linux, retried when
// a signal interrupts them. Has no state.
#ifndef SKERRY_PLATFORM_LINUX_H
#define SKERRY_PLATFORM_LINUX_H

#include "platform/platform.h"

struct platform linux_platform(void);

// The -ERR_... that stands for an errno of a file operation or a mapping.
int linux_error(int error_number);

#endif
