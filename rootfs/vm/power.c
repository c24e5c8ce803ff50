#include "power.h"

#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define DEVICES_MAX 16
#define PATH_BYTES 64

static struct pollfd devices[DEVICES_MAX];
static nfds_t device_count;

void
power_open(void)
{
    for (unsigned i = 0; i < DEVICES_MAX; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "/dev/input/event%u", i);
        int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (file >= 0) {
            devices[device_count].fd = file;
            devices[device_count++].events = POLLIN;
        }
    }
}

bool
power_pressed_within(int ms)
{
    struct input_event event;
    bool pressed = false;
    if (poll(devices, device_count, ms) <= 0) {
        return false;
    }
    for (nfds_t i = 0; i < device_count; i++) {
        if ((devices[i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
            devices[i].fd = -1;  // unplugged
        }
        while (devices[i].fd >= 0 &&
               read(devices[i].fd, &event, sizeof event) == (ssize_t)sizeof event) {
            pressed |= event.type == EV_KEY && event.code == KEY_POWER && event.value == 1;
        }
    }
    return pressed;
}
