// The power button, as the kernel's input devices tell of it.
#ifndef SKERRY_VM_POWER_H
#define SKERRY_VM_POWER_H

#include <stdbool.h>

void power_open(void);
// Waits so long, or until it is pressed.
bool power_pressed_within(int ms);

#endif
