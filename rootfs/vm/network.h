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
// Those that others can reach, IPv4 before IPv6, with a space between; "" when
// there is none.
#define NETWORK_ADDRESS_BYTES 80
void network_address(char *text, size_t size);

#endif
