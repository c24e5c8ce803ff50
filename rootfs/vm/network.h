// The network of the machine: one Ethernet interface, by DHCP and IPv6
// autoconfiguration, or static. /etc/resolv.conf and VM_RUN "/ntp" are what comes
// of it.
#ifndef SKERRY_VM_NETWORK_H
#define SKERRY_VM_NETWORK_H

#include <stddef.h>

#define NETWORK_NTP VM_RUN "/ntp"

// Brings it up; waits some seconds for a first lease, because names cannot be
// resolved before. The DHCP client goes on as a service if there is none.
void network_start(void);
// The first address of the machine that others can reach, "" when there is none.
void network_address(char *text, size_t size);

#endif
