// The machine's screen: how to reach the page first, then the status, as much as
// fits. Drawn again in place, whatever the kernel wrote there meanwhile.
#ifndef SKERRY_VM_SCREEN_H
#define SKERRY_VM_SCREEN_H

// Lines of `head` are continued below where they are wider than the screen, those
// of `rest` are cut: a row a role, and no more rows than there are.
void screen_draw(const char *head, const char *rest);

#endif
