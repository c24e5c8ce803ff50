#include "vm.h"
#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "options.h"

#define TEXT_BYTES 512
#define PATH_BYTES 128
#define RESOLV "/etc/resolv.conf"
#define INTERFACES_MAX 16
#define IFACE_FILE VM_RUN "/interface"
// Scopes as /proc/net/if_inet6 has them: loopback, and what no router passes on.
#define IPV6_OF_HOST 0x10
#define IPV6_OF_LINK 0x20
#define HOSTNAME_FILE VM_RUN "/hostname"

// The first Ethernet interface: the kernel names them eth0, eth1 as it finds them.
static bool
find_interface(char name[IFNAMSIZ])
{
    char path[PATH_BYTES];
    for (unsigned i = 0; i < INTERFACES_MAX; i++) {
        snprintf(name, IFNAMSIZ, "eth%u", i);
        snprintf(path, sizeof path, "/sys/class/net/%s", name);
        if (access(path, F_OK) == 0) {
            return true;
        }
    }
    return false;
}

static int
ip(const char *a, const char *b, const char *c, const char *d, const char *e, const char *f)
{
    const char *const words[] = {VM_BUSYBOX, "ip", a, b, c, d, e, f, NULL};
    return vm_run(words);
}

// Servers may be divided by commas or spaces.
static void
write_resolv(const char *servers)
{
    char list[TEXT_BYTES];
    char lines[2 * TEXT_BYTES];
    char *rest = list;
    size_t used = 0;
    snprintf(list, sizeof list, "%s", servers);
    lines[0] = '\0';
    for (char *one = strsep(&rest, ", "); one != NULL; one = strsep(&rest, ", ")) {
        if (*one != '\0' && used < TEXT_BYTES) {
            used += (size_t)snprintf(lines + used, sizeof lines - used, "nameserver %s\n", one);
        }
    }
    vm_write(RESOLV, lines);
}

static void
set_static(const char *interface, const char *addresses)
{
    char list[TEXT_BYTES];
    char *rest = list;
    snprintf(list, sizeof list, "%s", addresses);
    for (char *one = strsep(&rest, ","); one != NULL; one = strsep(&rest, ",")) {
        if (*one != '\0' && ip("addr", "replace", one, "dev", interface, NULL) != 0) {
            vm_say("the address %s cannot be set: it must be ADDRESS/LENGTH", one);
        }
    }
    const char *gateways = options_find("gateway");
    snprintf(list, sizeof list, "%s", gateways == NULL ? "" : gateways);
    rest = list;
    for (char *one = strsep(&rest, ","); one != NULL; one = strsep(&rest, ",")) {
        if (*one == '\0') {
            continue;
        }
        const char *family = strchr(one, ':') != NULL ? "-6" : "-4";
        const char *const words[] = {VM_BUSYBOX, "ip", family, "route", "replace", "default",
                                     "via", one, "dev", interface, NULL};
        if (vm_run(words) != 0) {
            vm_say("the gateway %s cannot be set", one);
        }
    }
}

static void
set_hostname(void)
{
    const char *name = options_find("hostname");
    if (name != NULL && *name != '\0') {
        vm_write(HOSTNAME_FILE, name);
        if (sethostname(name, strlen(name)) != 0) {
            vm_say("the host name cannot be set: %s", strerror(errno));
        }
    }
}

static void
say_names(void)
{
    char name[64] = "";
    char lines[2 * TEXT_BYTES];
    char servers[2 * TEXT_BYTES] = "";
    char *rest = lines;
    size_t used = 0;
    gethostname(name, sizeof name - 1);
    vm_read(RESOLV, lines, sizeof lines);
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (strncmp(line, "nameserver ", 11) == 0 && used < TEXT_BYTES) {
            used += (size_t)snprintf(servers + used, sizeof servers - used, " %s", line + 11);
        }
    }
    vm_say("name %s, servers%s", name, used == 0 ? " none" : servers);
}

static void
start_network(void)
{
    char interface[IFNAMSIZ];
    const char *address = options_find("address");
    const char *dns = options_find("dns");
    const char *ntp = options_find("ntp");
    set_hostname();
    ip("link", "set", "dev", "lo", "up", NULL);
    if (dns != NULL) {
        write_resolv(dns);
    }
    if (ntp != NULL) {
        vm_write(NETWORK_NTP, ntp);
    }
    if (!find_interface(interface)) {
        vm_say("there is no network interface that this machine knows");
        return;
    }
    ip("link", "set", "dev", interface, "up", NULL);
    if (address != NULL && *address != '\0') {
        set_static(interface, address);
        return;
    }
    // For the service, which takes it over.
    vm_write(IFACE_FILE, interface);
    const char *const words[] = {VM_BUSYBOX, "udhcpc", "-n", "-q", "-i", interface,
                                 "-t", "5", "-T", "1", "-s", "/vm/lease", NULL};
    if (vm_run(words) != 0) {
        vm_say("no answer by DHCP on %s yet; it is asked again and again", interface);
    }
}

void
network_start(void)
{
    start_network();
    say_names();
}

int
network_main(char **words)
{
    char interface[IFNAMSIZ];
    (void)words;
    if (vm_read(IFACE_FILE, interface, sizeof interface) <= 0) {
        for (;;) {
            pause();
        }
    }
    execl(VM_BUSYBOX, "busybox", "udhcpc", "-f", "-S", "-i", interface, "-t", "3", "-T", "2", "-A",
          "10", "-s", "/vm/lease", (char *)NULL);
    return VM_END_SYSTEM;
}

static const char *
variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

// Only when there is a tree already; and only when the servers are others.
static void
restart_askers(void)
{
    const char *const collect[] = {"/usr/bin/s6-svc", "-r", VM_SERVICES "/collect", NULL};
    const char *const export_[] = {"/usr/bin/s6-svc", "-r", VM_SERVICES "/export", NULL};
    if (access(VM_SERVICES "/collect/supervise/control", F_OK) == 0) {
        vm_run(collect);
    }
    if (access(VM_SERVICES "/export/supervise/control", F_OK) == 0) {
        vm_run(export_);
    }
}

static void
take_servers(void)
{
    char before[2 * TEXT_BYTES];
    char after[2 * TEXT_BYTES];
    const char *ntp = variable("ntpsrv");
    if (options_find("dns") == NULL && *variable("dns") != '\0') {
        vm_read(RESOLV, before, sizeof before);
        write_resolv(variable("dns"));
        vm_read(RESOLV, after, sizeof after);
        if (strcmp(before, after) != 0) {
            restart_askers();
        }
    }
    if (options_find("ntp") == NULL && *ntp != '\0') {
        vm_write(NETWORK_NTP, ntp);
    }
    if (access(HOSTNAME_FILE, F_OK) != 0 && *variable("hostname") != '\0') {
        const char *name = variable("hostname");
        int ignored = sethostname(name, strlen(name));
        (void)ignored;  // a name of the server's that no host can have
    }
}

// Called by udhcpc with what happened, and the lease in variables.
int
lease_main(char **words)
{
    char address[TEXT_BYTES];
    char router[TEXT_BYTES];
    const char *interface = variable("interface");
    if (words[0] == NULL || (strcmp(words[0], "bound") != 0 && strcmp(words[0], "renew") != 0)) {
        return 0;  // an address is kept until there is another
    }
    options_read_command_line();
    options_read_file(VM_CONFIG "/machine.conf");
    snprintf(address, sizeof address, "%s/%s", variable("ip"), variable("mask"));
    snprintf(router, sizeof router, "%s", variable("router"));
    router[strcspn(router, " ")] = '\0';
    int code = ip("addr", "replace", address, "dev", interface, NULL);
    if (*router != '\0') {
        const char *const route[] = {VM_BUSYBOX, "ip", "-4", "route", "replace", "default",
                                     "via", router, "dev", interface, NULL};
        code |= vm_run(route);
    }
    take_servers();
    return code == 0 ? 0 : 1;
}

int
clock_main(char **words)
{
    char servers[TEXT_BYTES];
    char *rest = servers;
    const char *arguments[16] = {"busybox", "ntpd", "-n"};
    size_t count = 3;
    (void)words;
    // Without servers the hypervisor's clock, read at boot, is all there is.
    while (vm_read(NETWORK_NTP, servers, sizeof servers) <= 0) {
        vm_sleep_ms(10000);
    }
    for (char *one = strsep(&rest, ", "); one != NULL && count + 3 < 16;
         one = strsep(&rest, ", ")) {
        if (*one != '\0') {
            arguments[count++] = "-p";
            arguments[count++] = one;
        }
    }
    execv(VM_BUSYBOX, (char *const *)(unsigned long)arguments);
    return VM_END_SYSTEM;
}

static bool
find_ipv6(char *text, size_t size)
{
    char list[2048];
    char *rest = list;
    vm_read("/proc/net/if_inet6", list, sizeof list);
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        struct in6_addr address;
        unsigned scope = 0;
        if (sscanf(line, "%*32s %*x %*x %x", &scope) != 1 || scope == IPV6_OF_HOST || scope == IPV6_OF_LINK) {
            continue;
        }
        for (size_t i = 0; i < 16; i++) {
            unsigned byte = 0;
            sscanf(line + 2 * i, "%2x", &byte);
            address.s6_addr[i] = (unsigned char)byte;
        }
        return inet_ntop(AF_INET6, &address, text, (socklen_t)size) != NULL;
    }
    return false;
}

void
network_address(char *text, size_t size)
{
    struct ifreq request;
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memset(&request, 0, sizeof request);
    text[0] = '\0';
    if (find_interface(request.ifr_name) && ioctl(file, SIOCGIFADDR, &request) == 0) {
        struct sockaddr_in address;
        memcpy(&address, &request.ifr_addr, sizeof address);
        inet_ntop(AF_INET, &address.sin_addr, text, (socklen_t)size);
    }
    close(file);
    size_t used = strlen(text);
    if (used + 2 < size && find_ipv6(text + used + (used > 0), size - used - 1) && used > 0) {
        text[used] = ' ';
    }
}
