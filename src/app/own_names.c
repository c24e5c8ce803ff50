#include "app/own_names.h"

#include <arpa/inet.h>
#include <string.h>

#include "app/listen.h"

static void
add_address(struct own_names *own, struct text address)
{
    if (own->address_count == OWN_ADDRESSES_MAX) {
        return;
    }
    char *room = own->address[own->address_count];
    struct out copy = out_of(room, sizeof own->address[0]);
    out_text(&copy, address);
    unsigned before = own->names.count;
    if (!copy.full) {
        certificate_names_add(&own->names, out_view(&copy));
    }
    own->address_count += own->names.count > before;
}

// /proc/net/fib_trie: "|-- 192.0.2.7", and on the line behind it "/32 host LOCAL".
static void
add_v4(struct own_names *own, struct text table)
{
    static const struct text mark = TEXT("|-- ");
    struct text rest = table;
    struct text address = {"", 0};
    while (rest.size > 0) {
        struct text line;
        (void)text_cut(rest, '\n', &line, &rest);
        line = text_trim(line);
        if (text_starts(line, mark)) {
            address = text_sub(line, mark.size, line.size);
        } else if (text_equal(line, TEXT("/32 host LOCAL")) &&
                   !text_starts(address, TEXT("127."))) {
            add_address(own, address);
        }
    }
}

static int
digit(char byte)
{
    return byte >= '0' && byte <= '9' ? byte - '0' : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// /proc/net/if_inet6: 32 hexadecimal digits, index, prefix, scope (00: global) and
// so on, with blanks between.
static void
add_v6_line(struct own_names *own, struct text line)
{
    unsigned char bytes[16];
    char buffer[INET6_ADDRSTRLEN];
    struct text field[4];
    struct text rest = line;
    for (size_t i = 0; i < ARRAY_COUNT(field); i++) {
        (void)text_cut(rest, ' ', &field[i], &rest);
    }
    if (field[0].size != 32 || !text_equal(field[3], TEXT("00"))) {
        return;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        int high = digit(field[0].at[2 * i]);
        int low = digit(field[0].at[2 * i + 1]);
        if (high < 0 || low < 0) {
            return;
        }
        bytes[i] = (unsigned char)(high * 16 + low);
    }
    if (inet_ntop(AF_INET6, bytes, buffer, sizeof buffer) != NULL) {
        add_address(own, text_of(buffer));
    }
}

static void
add_v6(struct own_names *own, struct text table)
{
    struct text rest = table;
    while (rest.size > 0) {
        struct text line;
        (void)text_cut(rest, '\n', &line, &rest);
        add_v6_line(own, line);
    }
}

static void
add_host_name(struct own_names *own, const struct platform *platform)
{
    struct text name;
    if (platform_read_file(platform, "/proc/sys/kernel/hostname", own->host, sizeof own->host,
                           &name) == 0 &&
        !text_equal(text_trim(name), TEXT("(none)"))) {
        certificate_names_add(&own->names, text_trim(name));
    }
}

static void
add_allowed(struct own_names *own, const struct config *config)
{
    for (unsigned i = 0; i < config_list_count(config, CONFIG_ALLOW_HOST); i++) {
        struct text rest = config_list(config, CONFIG_ALLOW_HOST, i);
        while (rest.size > 0) {
            struct text name;
            (void)text_cut(rest, ',', &name, &rest);
            if (name.size > 2 && name.at[0] == '[') {
                name = text_sub(name, 1, name.size - 2);
            }
            certificate_names_add(&own->names, name);
        }
    }
}

void
own_names_read(struct own_names *own, const struct config *config,
               const struct platform *platform, char *scratch, size_t scratch_bytes)
{
    struct text table;
    memset(own, 0, sizeof *own);
    certificate_names_add(&own->names, TEXT("localhost"));
    certificate_names_add(&own->names, TEXT("127.0.0.1"));
    certificate_names_add(&own->names, TEXT("::1"));
    certificate_names_add(&own->names, TEXT(OWN_SERVICE_NAME));
    add_host_name(own, platform);
    add_allowed(own, config);
    if (!listen_is_everywhere(config)) {
        certificate_names_add(&own->names, config_text(config, CONFIG_LISTEN_IP));
        return;
    }
    if (platform_read_file(platform, "/proc/net/fib_trie", scratch, scratch_bytes, &table) == 0) {
        add_v4(own, table);
    }
    if (platform_read_file(platform, "/proc/net/if_inet6", scratch, scratch_bytes, &table) == 0) {
        add_v6(own, table);
    }
}
