#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/config.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const *environment; /* name, value, ..., NULL */

static char *look_up(const char *name)
{
    for (const char *const *p = environment; p && *p; p += 2) {
        if (strcmp(*p, name) == 0)
            return (char *)p[1];
    }
    return NULL;
}

static struct lb_config *fresh(struct lb_config *config)
{
    environment = NULL;
    assert_true(lb_config_init(config));
    return config;
}

static lb_err set(struct lb_config *config, const char *option, const char *value,
                  struct lb_reason *reason)
{
    const struct lb_setting *setting = lb_setting_find(option);
    assert_non_null(setting);
    return lb_config_set(config, setting, value, reason);
}

static void defaults_are_those_of_the_contract(void **state)
{
    (void)state;
    struct lb_config config;
    fresh(&config);
    assert_string_equal(config.data, "./leadblock-data");
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_string_equal(config.database, "sqlite");
    assert_int_equal(config.max_identifiers, 10000);
    assert_int_equal(config.max_body_bytes, 4194304);
    assert_int_equal(config.header_timeout_s, 10);
    assert_int_equal(config.body_timeout_s, 30);
    assert_int_equal(config.log_level, LB_LOG_INFO);
    assert_false(config.demo);
    assert_true(config.dashboard);
    assert_int_equal(config.trusted_proxy.count, 0);
    assert_int_equal(config.metrics_allow.count, 2);
    assert_string_equal(config.metrics_allow.items[1], "::1");
    assert_true(config.max_workspace_entries == 100000000);
    lb_config_fini(&config);
}

static void the_environment_beats_the_default_and_the_option_beats_both(void **state)
{
    (void)state;
    struct lb_config config;
    struct lb_reason reason;
    fresh(&config);
    environment = (const char *const[]){"LEADBLOCK_LISTEN",
                                        "0.0.0.0:1",
                                        "LEADBLOCK_THREADS",
                                        "3",
                                        "LEADBLOCK_HEADER_TIMEOUT",
                                        "7",
                                        "LEADBLOCK_DEMO",
                                        "yes",
                                        NULL};
    assert_int_equal(lb_config_environment(&config, look_up, &reason), LB_OK);
    assert_int_equal(set(&config, "listen", "[::1]:2", &reason), LB_OK);
    assert_string_equal(config.listen, "[::1]:2");
    assert_int_equal(config.threads, 3);
    assert_int_equal(config.header_timeout_s, 7);
    assert_true(config.demo);
    assert_string_equal(config.data, "./leadblock-data");
    lb_config_fini(&config);
}

static void an_empty_variable_counts_as_not_set(void **state)
{
    (void)state;
    struct lb_config config;
    struct lb_reason reason;
    fresh(&config);
    environment =
        (const char *const[]){"LEADBLOCK_THREADS", "", "LEADBLOCK_METRICS_ALLOW", "", NULL};
    assert_int_equal(lb_config_environment(&config, look_up, &reason), LB_OK);
    assert_int_equal(config.threads, 0);
    assert_int_equal(config.metrics_allow.count, 0); /* but a list may be emptied */
    lb_config_fini(&config);
}

static void numbers_out_of_range_are_refused_with_the_option_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"threads", "1025"},       {"threads", "-1"},
        {"threads", ""},           {"threads", " 1"},
        {"threads", "1x"},         {"threads", "99999999999999999999999"},
        {"header-timeout", "0"},   {"workspace-share", "101"},
        {"max-body-bytes", "4.0"}, {"max-workspace-entries", "1000000000001"},
        {"readers", "0"},
    };
    struct lb_config config;
    fresh(&config);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct lb_reason reason = {""};
        assert_int_equal(set(&config, bad[i][0], bad[i][1], &reason), LB_ERR_INVALID_PARAMETER);
        assert_non_null(strstr(reason.text, bad[i][0]));
    }
    assert_int_equal(config.threads, 0);
    lb_config_fini(&config);
}

static void a_bad_variable_is_named_in_the_reason(void **state)
{
    (void)state;
    struct lb_config config;
    struct lb_reason reason;
    fresh(&config);
    environment = (const char *const[]){"LEADBLOCK_MAX_BODY_BYTES", "4MB", NULL};
    assert_int_equal(lb_config_environment(&config, look_up, &reason), LB_ERR_INVALID_PARAMETER);
    assert_non_null(strstr(reason.text, "LEADBLOCK_MAX_BODY_BYTES"));
    lb_config_fini(&config);
}

static void networks_are_split_checked_and_added_up(void **state)
{
    (void)state;
    struct lb_config config;
    struct lb_reason reason;
    fresh(&config);
    environment = (const char *const[]){"LEADBLOCK_TRUSTED_PROXY", "192.0.2.1", NULL};
    assert_int_equal(lb_config_environment(&config, look_up, &reason), LB_OK);
    assert_int_equal(config.trusted_proxy.count, 1);
    /* The first option replaces what the environment said, the next adds to it. */
    assert_int_equal(set(&config, "trusted-proxy", "10.0.0.0/8, ::1,", &reason), LB_OK);
    assert_int_equal(set(&config, "trusted-proxy", "fd00::/8", &reason), LB_OK);
    assert_int_equal(config.trusted_proxy.count, 3);
    assert_string_equal(config.trusted_proxy.items[0], "10.0.0.0/8");
    assert_string_equal(config.trusted_proxy.items[1], "::1");
    assert_string_equal(config.trusted_proxy.items[2], "fd00::/8");
    static const char *const bad[] = {"10.0.0.0/33", "::1/129", "localhost",   "10.0.0/8",
                                      "10.0.0.0/",   "/8",      "10.0.0.0/8/8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(set(&config, "trusted-proxy", bad[i], &reason), LB_ERR_INVALID_PARAMETER);
    lb_config_fini(&config);
}

static void origins_are_as_browsers_write_them(void **state)
{
    (void)state;
    struct lb_config config;
    struct lb_reason reason;
    fresh(&config);
    assert_int_equal(config.cors_origin.count, 0);
    assert_int_equal(set(&config, "cors-origin",
                         "https://app.example.com,http://localhost:3000, http://[::1]:81,"
                         "chrome-extension://abc",
                         &reason),
                     LB_OK);
    assert_int_equal(config.cors_origin.count, 4);
    assert_string_equal(config.cors_origin.items[2], "http://[::1]:81");
    static const char *const bad[] = {"*",
                                      "null",
                                      "app.example.com",
                                      "https://",
                                      "https://*.example.com",
                                      "https://A.example",
                                      "https://a.example/",
                                      "https://a.example:443",
                                      "http://a.example:80",
                                      "https://a:0",
                                      "https://a:65536",
                                      "https://a:",
                                      "https://a:01",
                                      "://a",
                                      "HTTPS://a",
                                      "1https://a",
                                      "https://a b",
                                      "https://u@a",
                                      "http://[::1",
                                      "http://[x]",
                                      "https://a\r\nX: y",
                                      "10.0.0.0/8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(set(&config, "cors-origin", bad[i], &reason), LB_ERR_INVALID_PARAMETER);
    lb_config_fini(&config);
}

static void flags_and_levels_take_words(void **state)
{
    (void)state;
    struct lb_config config;
    struct lb_reason reason;
    fresh(&config);
    assert_int_equal(set(&config, "demo", "", &reason), LB_OK);
    assert_true(config.demo);
    assert_int_equal(set(&config, "demo", "false", &reason), LB_OK);
    assert_false(config.demo);
    assert_int_equal(set(&config, "dashboard", "false", &reason), LB_OK);
    assert_false(config.dashboard);
    assert_int_equal(set(&config, "demo", "maybe", &reason), LB_ERR_INVALID_PARAMETER);
    assert_int_equal(set(&config, "log-level", "debug", &reason), LB_OK);
    assert_int_equal(config.log_level, LB_LOG_DEBUG);
    assert_int_equal(set(&config, "log-level", "loud", &reason), LB_ERR_INVALID_PARAMETER);
    lb_config_fini(&config);
}

static void a_database_is_sqlite_or_a_postgresql(void **state)
{
    (void)state;
    static const char *const good[] = {"sqlite", "postgres://db/x", "postgresql://u:p@a,b/x",
                                       "host=db dbname=x"};
    static const char *const bad[] = {"mysql://db/x", "postgresql", "SQLite", "leadblock.db"};
    struct lb_config config;
    struct lb_reason reason;
    assert_true(lb_config_init(&config));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(set(&config, "database", good[i], &reason), LB_OK);
        assert_string_equal(config.database, good[i]);
        assert_int_equal(set(&config, "database", bad[i], &reason), LB_ERR_INVALID_PARAMETER);
        assert_string_equal(config.database, good[i]);
    }
    assert_null(strstr(reason.text, bad[3])); /* it could have held a password */
    lb_config_fini(&config);
}

static void every_setting_has_its_own_option_and_variable(void **state)
{
    (void)state;
    for (size_t i = 0; i < LB_SETTING_COUNT; i++) {
        char name[LB_SETTING_ENVIRONMENT_SIZE];
        lb_setting_environment(&lb_settings[i], name);
        assert_true(strlen(name) < sizeof name - 1);
        assert_null(strchr(name, '-'));
        assert_ptr_equal(lb_setting_find(lb_settings[i].option), &lb_settings[i]);
        assert_true(strlen(lb_settings[i].help) > 10);
    }
    assert_null(lb_setting_find("lisen"));
}

static void threads_follow_the_processors_when_not_set(void **state)
{
    (void)state;
    struct lb_config config;
    fresh(&config);
    cpu_set_t before;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    static const unsigned threads[] = {1, 2, 2, 3};
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&allowed) < 4; cpu++) {
        if (!CPU_ISSET(cpu, &before))
            continue;
        CPU_SET(cpu, &allowed);
        assert_int_equal(sched_setaffinity(0, sizeof allowed, &allowed), 0);
        assert_int_equal(lb_config_threads(&config), threads[CPU_COUNT(&allowed) - 1]);
    }
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    config.threads = 5;
    assert_int_equal(lb_config_threads(&config), 5);
    lb_config_fini(&config);
}

/* Found from this file's own place, which the compiler was given. */
static char *read_document(void)
{
    char path[4096] = __FILE__;
    char *tail = strstr(path, "tests/unit/");
    assert_non_null(tail);
    strcpy(tail, "docs/configuration.md");
    FILE *file = fopen(path, "r");
    if (!file)
        file = fopen("docs/configuration.md", "r");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static void the_document_is_what_the_table_says(void **state)
{
    (void)state;
    struct lb_buf want = {0};
    lb_config_markdown(&want);
    lb_buf_append(&want, "", 1);
    assert_false(want.failed);
    char *have = read_document();
    if (strcmp(have, want.ptr) != 0)
        fail_msg("docs/configuration.md is not what src/config/config.h says. Build, and run: "
                 "build/leadblock help --settings-markdown > docs/configuration.md");
    free(have);
    lb_buf_fini(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_contract),
        cmocka_unit_test(the_environment_beats_the_default_and_the_option_beats_both),
        cmocka_unit_test(an_empty_variable_counts_as_not_set),
        cmocka_unit_test(numbers_out_of_range_are_refused_with_the_option_named),
        cmocka_unit_test(a_bad_variable_is_named_in_the_reason),
        cmocka_unit_test(networks_are_split_checked_and_added_up),
        cmocka_unit_test(origins_are_as_browsers_write_them),
        cmocka_unit_test(flags_and_levels_take_words),
        cmocka_unit_test(a_database_is_sqlite_or_a_postgresql),
        cmocka_unit_test(every_setting_has_its_own_option_and_variable),
        cmocka_unit_test(threads_follow_the_processors_when_not_set),
        cmocka_unit_test(the_document_is_what_the_table_says),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
