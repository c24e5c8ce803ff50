// Names for a certificate, from the kernel's tables as they really look.
#include "app/own_names.h"

#include "configured.h"

static struct configured it;
static struct own_names own;
static char scratch[4096];

static const char fib_trie[] = "Main:\n"
                               "  +-- 0.0.0.0/0 3 0 5\n"
                               "     |-- 0.0.0.0\n"
                               "        /0 universe UNICAST\n"
                               "     +-- 192.0.2.0/24 2 0 2\n"
                               "        |-- 192.0.2.0\n"
                               "           /24 link UNICAST\n"
                               "        |-- 192.0.2.7\n"
                               "           /32 host LOCAL\n"
                               "        |-- 192.0.2.255\n"
                               "           /32 link BROADCAST\n"
                               "     |-- 127.0.0.1\n"
                               "        /32 host LOCAL\n"
                               "Local:\n"
                               "        |-- 192.0.2.7\n"
                               "           /32 host LOCAL\n";
static const char if_inet6[] =
    "00000000000000000000000000000001 01 80 10 80       lo\n"
    "fe800000000000000000000000000002 02 40 20 80     eth0\n"
    "20010db8000000000000000000000007 02 40 00 80     eth0\n"
    "zz010db8000000000000000000000007 02 40 00 80     eth0\n"
    "2001 02 40 00\n";

static bool
has(const char *name)
{
    for (unsigned i = 0; i < own.names.count; i++) {
        if (text_equal(own.names.name[i], text_of(name))) {
            return true;
        }
    }
    return false;
}

static void
read_with(char *listen, char *allow)
{
    fake_open(&it.fake, 1);
    fake_add_file(&it.fake, "/proc/net/fib_trie", text_of(fib_trie));
    fake_add_file(&it.fake, "/proc/net/if_inet6", text_of(if_inet6));
    fake_add_file(&it.fake, "/proc/sys/kernel/hostname", TEXT("rock\n"));
    CHECK(configured_flags(&it, listen, allow, NULL) == 0);
    own_names_read(&own, &it.config, &it.fake.platform, scratch, sizeof scratch);
    fake_close(&it.fake);
}

TEST(everywhere)
{
    read_with("--listen-ip=", "--allow-host=a.example,[2001:db8::9],b.example");
    CHECK(has("localhost") && has("127.0.0.1") && has("::1") && has(OWN_SERVICE_NAME));
    CHECK(has("rock") && has("a.example") && has("b.example") && has("2001:db8::9"));
    CHECK(has("192.0.2.7") && has("2001:db8::7"));
    CHECK(!has("192.0.2.255") && !has("fe80::2") && !has("0.0.0.0"));
    CHECK_EQUAL_U64(own.names.count, 10);
}

TEST(one_address)
{
    read_with("--listen-ip=192.0.2.8", "--allow-host=a.example");
    CHECK(has("192.0.2.8"));
    CHECK(!has("192.0.2.7"));
}

TEST(nothing_to_read)
{
    fake_open(&it.fake, 1);
    CHECK(configured_flags(&it, "--listen-ip=", NULL) == 0);
    own_names_read(&own, &it.config, &it.fake.platform, scratch, sizeof scratch);
    CHECK_EQUAL_U64(own.names.count, 4);
    fake_close(&it.fake);
}

// What a machine with many addresses has: the first ones are taken.
TEST(many_addresses)
{
    static char table[16384];
    static char room[16384];
    struct out out = out_of(table, sizeof table);
    for (unsigned i = 0; i < 100; i++) {
        out_format(&out, "|-- 198.51.100.%u\n/32 host LOCAL\n", i);
    }
    fake_open(&it.fake, 1);
    fake_add_file(&it.fake, "/proc/net/fib_trie", out_view(&out));
    CHECK(configured_flags(&it, "--listen-ip=", NULL) == 0);
    own_names_read(&own, &it.config, &it.fake.platform, room, sizeof room);
    CHECK_EQUAL_U64(own.address_count, OWN_ADDRESSES_MAX);
    CHECK(has("198.51.100.0") && !has("198.51.100.99"));
    fake_close(&it.fake);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"everywhere", everywhere},
            {"one_address", one_address},
            {"nothing_to_read", nothing_to_read},
            {"many_addresses", many_addresses},
        },
        4);
}
