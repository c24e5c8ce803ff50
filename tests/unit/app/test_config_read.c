#include "app/config_read.h"

#include <string.h>

#include "configured.h"

static struct configured it;

static void
begin(void)
{
    fake_open(&it.fake, 1);
}

static void
refuses(const char *sentence, char *const *flags)
{
    CHECK(configured_read(&it, NULL, flags) == -ERR_BAD_CONFIG);
    if (strstr(it.sentence, sentence) == NULL) {
        CHECK_EQUAL_TEXT((const char *)it.sentence, sentence);
    }
}

TEST(defaults)
{
    begin();
    CHECK(configured_flags(&it, NULL) == 0);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_NODES), 100);
    CHECK(!config_given(&it.config, CONFIG_NODES));
    CHECK_EQUAL_U64(config_ms(&it.config, CONFIG_METRIC_RESOLUTION), 15000);
    CHECK_EQUAL_TEXT(config_text(&it.config, CONFIG_LISTEN_IP), "127.0.0.1");
    CHECK_EQUAL_U64(config_list_count(&it.config, CONFIG_SOURCE), 0);
    fake_close(&it.fake);
}

TEST(forms_of_flags)
{
    begin();
    CHECK(configured_flags(&it, "--nodes=7", "--pods", "70", "--metric_resolution=20s",
                           "--insecure-open", "--json=false", "--", "--listen_ip", "0.0.0.0",
                           "--pressure=containers", NULL) == 0);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_NODES), 7);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_PODS), 70);
    CHECK_EQUAL_U64(config_ms(&it.config, CONFIG_METRIC_RESOLUTION), 20000);
    CHECK(config_bool(&it.config, CONFIG_INSECURE_OPEN));
    CHECK(!config_bool(&it.config, CONFIG_JSON));
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_PRESSURE), PRESSURE_CONTAINERS);
    fake_close(&it.fake);
}

TEST(sizes)
{
    static const struct {
        const char *flag;
        uint64_t bytes;
    } good[] = {
        {"--memory=64M", 64ull << 20},  {"--memory=64Mi", 64ull << 20},
        {"--memory=64MiB", 64ull << 20}, {"--memory=1g", 1ull << 30},
        {"--memory=512K", 512ull << 10}, {"--memory=1000", 1000},
        {"--memory=1000B", 1000},       {"--memory=2T", 2ull << 40},
    };
    static const char *const bad[] = {"--memory=",    "--memory=M",    "--memory=1.5M",
                                      "--memory=-1",  "--memory=1X",   "--memory=1MM",
                                      "--memory=i",   "--memory=64 M", "--memory=99999999999T",
                                      "--memory=1i"};
    begin();
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        char flag[64];
        strcpy(flag, good[i].flag);
        CHECK(configured_flags(&it, flag, NULL) == 0);
        CHECK_EQUAL_U64(config_number(&it.config, CONFIG_MEMORY), good[i].bytes);
    }
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        char flag[64];
        strcpy(flag, bad[i]);
        refuses("is not a size", (char *const[]){flag, NULL});
    }
    fake_close(&it.fake);
}

TEST(order_of_origins)
{
    char *environment[] = {"SKERRY_PODS=2", "SKERRY_CLIENTS=2", "SKERRY_SOURCE=host: cadvisor:http://h:1",
                           "HOME=/", "SKERRY_PORT=tcp://10.0.0.1:80", "SKERRY_MEMORY=", NULL};
    char *flags[] = {"--config=/etc/skerry.conf", "--clients=3", NULL};
    begin();
    fake_add_file(&it.fake, "/etc/skerry.conf",
                  TEXT("# comment\n\n nodes = 1\npods=1\nclients = 1\nsource = host:\n"));
    CHECK(configured_read(&it, environment, flags) == 0);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_NODES), 1);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_PODS), 2);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_CLIENTS), 3);
    CHECK_EQUAL_U64(config_list_count(&it.config, CONFIG_SOURCE), 2);
    CHECK_EQUAL_TEXT(config_list(&it.config, CONFIG_SOURCE, 1), "cadvisor:http://h:1");
    CHECK(!config_given(&it.config, CONFIG_MEMORY));
    fake_close(&it.fake);
}

TEST(lists)
{
    begin();
    CHECK(configured_flags(&it, "--source=host:", "--ignore-label=a", "--source",
                           "kubernetes:https://h?a=b,c", NULL) == 0);
    CHECK_EQUAL_U64(config_list_count(&it.config, CONFIG_SOURCE), 2);
    CHECK_EQUAL_TEXT(config_list(&it.config, CONFIG_SOURCE, 0), "host:");
    CHECK_EQUAL_TEXT(config_list(&it.config, CONFIG_SOURCE, 1), "kubernetes:https://h?a=b,c");
    CHECK_EQUAL_U64(config_list_count(&it.config, CONFIG_IGNORE_LABEL), 1);
    fake_close(&it.fake);
}

TEST(flags_file)
{
    char *environment[] = {"SKERRY_FLAGS=/run/flags", "SKERRY_NODES=9", NULL};
    begin();
    fake_add_file(&it.fake, "/run/flags",
                  TEXT("--nodes=4\n--source=host:\n--label-separator\n;\n--pods=40\n"));
    CHECK(configured_flags(&it, "--pods=50", "--flags=/run/flags", NULL) == 0);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_NODES), 4);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_PODS), 50);
    CHECK_EQUAL_TEXT(config_text(&it.config, CONFIG_LABEL_SEPARATOR), ";");
    CHECK_EQUAL_U64(config_list_count(&it.config, CONFIG_SOURCE), 1);
    CHECK(configured_read(&it, environment, (char *const[]){NULL}) == 0);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_NODES), 4);
    fake_close(&it.fake);
}

// Where the tree lies is known all the same: the guard waits there for better flags.
TEST(environment_of_bad_flags)
{
    char *environment[] = {"SKERRY_FLAGS=/run/flags", "SKERRY_RUN_DIR=/run/skerry",
                           "SKERRY_SERVICE_DIR=/run/service", NULL};
    begin();
    fake_add_file(&it.fake, "/run/flags", TEXT("--no-such-flag\n"));
    CHECK(configured_read(&it, environment, (char *const[]){NULL}) == -ERR_BAD_CONFIG);
    CHECK(strstr(it.sentence, "--no-such-flag is not known") != NULL);
    CHECK_EQUAL_TEXT(config_text(&it.config, CONFIG_RUN_DIR), "/run/skerry");
    CHECK_EQUAL_TEXT(config_text(&it.config, CONFIG_SERVICE_DIR), "/run/service");
    CHECK_EQUAL_TEXT(config_text(&it.config, CONFIG_FLAGS), "/run/flags");
    fake_close(&it.fake);
}

TEST(mistakes_are_named)
{
    begin();
    fake_add_file(&it.fake, "/bad", TEXT("nodes = 1\nnodez = 2\n"));
    fake_add_file(&it.fake, "/nested", TEXT("config = /bad\n"));
    refuses("--noeds is not known; did you mean --nodes?", (char *const[]){"--noeds=1", NULL});
    refuses("`skerry help` lists all flags", (char *const[]){"--quux", NULL});
    refuses("`nodes` is not a flag", (char *const[]){"nodes", NULL});
    refuses("--nodes needs a value", (char *const[]){"--nodes", NULL});
    refuses("--nodes=many is not a whole number", (char *const[]){"--nodes=many", NULL});
    refuses("is not one of off, nodes, pods, containers",
            (char *const[]){"--pressure=all", NULL});
    refuses("is not true or false", (char *const[]){"--json=perhaps", NULL});
    refuses("is not a duration", (char *const[]){"--metric-resolution=soon", NULL});
    refuses("/bad, line 2: --nodez is not known", (char *const[]){"--config=/bad", NULL});
    refuses("cannot name another", (char *const[]){"--config=/nested", NULL});
    refuses("the file /none cannot be read: the file does not exist",
            (char *const[]){"--config=/none", NULL});
    refuses("the file /none cannot be read", (char *const[]){"--flags=/none", NULL});
    fake_close(&it.fake);
}

TEST(flags_of_heapster)
{
    begin();
    CHECK(configured_flags(&it, "--logtostderr", "--v=2", "--max_procs", "4", "--nodes=3", NULL) ==
          0);
    CHECK_EQUAL_U64(it.config.notice_count, 3);
    CHECK_EQUAL_U64(config_number(&it.config, CONFIG_NODES), 3);
    CHECK(configured_flags(&it, "--sink_export_data_timeout=7s", NULL) == 0);
    CHECK_EQUAL_U64(config_ms(&it.config, CONFIG_SINK_TIMEOUT), 7000);
    refuses("--requestheader-client-ca-file", (char *const[]){"--tls_client_ca=x", NULL});
    fake_close(&it.fake);
}

TEST(too_many_items)
{
    char *flags[CONFIG_ITEMS_MAX + 2];
    begin();
    for (size_t i = 0; i <= CONFIG_ITEMS_MAX; i++) {
        flags[i] = "--ignore-label=x";
    }
    flags[CONFIG_ITEMS_MAX + 1] = NULL;
    refuses("more than 128 values", flags);
    fake_close(&it.fake);
}

TEST(large_file_is_refused)
{
    static char large[CONFIG_FILE_BYTES_MAX + 2];
    begin();
    memset(large, '\n', sizeof large);
    fake_add_file(&it.fake, "/large", (struct text){large, sizeof large});
    refuses("longer than 64 KiB", (char *const[]){"--config=/large", NULL});
    fake_close(&it.fake);
}

// Whatever the file holds, it is read or refused with a sentence.
TEST(any_bytes)
{
    uint64_t state = test_seed();
    char bytes[200];
    begin();
    for (unsigned i = 0; i < 3000; i++) {
        size_t size = test_random_below(&state, sizeof bytes);
        static const char alphabet[] = "nodes=12\n #-_\tsource:/M\0x\xff";
        for (size_t j = 0; j < size; j++) {
            bytes[j] = alphabet[test_random_below(&state, sizeof alphabet)];
        }
        fake_drop(&it.fake, "/f");
        fake_add_file(&it.fake, "/f", (struct text){bytes, size});
        int error = configured_flags(&it, "--config=/f", NULL);
        CHECK(error == 0 || (error == -ERR_BAD_CONFIG && it.sentence[0] != '\0'));
    }
    fake_close(&it.fake);
}

TEST(faults_of_files)
{
    struct fake_sweep sweep = {0};
    while (fake_sweep_next(&sweep)) {
        begin();
        fake_add_file(&it.fake, "/c", TEXT("nodes = 5\n"));
        fake_plan(&it.fake, &sweep);
        int error = configured_flags(&it, "--config=/c", NULL);
        CHECK(error == 0 || error == -ERR_BAD_CONFIG);
        CHECK(error != 0 || config_number(&it.config, CONFIG_NODES) == 5);
        CHECK_EQUAL_U64(fake_open_handles(&it.fake), 0);
        fake_done(&it.fake, &sweep);
        fake_close(&it.fake);
    }
}

int
main(void)
{
    struct test_case cases[] = {
        {"config_read_defaults", defaults},
        {"config_read_forms_of_flags", forms_of_flags},
        {"config_read_sizes", sizes},
        {"config_read_order_of_origins", order_of_origins},
        {"config_read_lists", lists},
        {"config_read_flags_file", flags_file},
        {"config_read_environment_of_bad_flags", environment_of_bad_flags},
        {"config_read_mistakes_are_named", mistakes_are_named},
        {"config_read_flags_of_heapster", flags_of_heapster},
        {"config_read_too_many_items", too_many_items},
        {"config_read_large_file_is_refused", large_file_is_refused},
        {"config_read_any_bytes", any_bytes},
        {"config_read_faults_of_files", faults_of_files},
    };
    return test_run(cases, ARRAY_COUNT(cases));
}
