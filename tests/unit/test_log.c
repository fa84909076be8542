#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Standard error is a temporary file, or a pipe, while a test runs. */
static struct {
    int saved;
    FILE *file;
    char text[1 << 21];
} caught;

static void catch_begin(void)
{
    fflush(stderr);
    caught.saved = dup(STDERR_FILENO);
    caught.file = tmpfile();
    assert_non_null(caught.file);
    dup2(fileno(caught.file), STDERR_FILENO);
}

static const char *catch_end(void)
{
    dup2(caught.saved, STDERR_FILENO);
    close(caught.saved);
    rewind(caught.file);
    size_t len = fread(caught.text, 1, sizeof caught.text - 1, caught.file);
    caught.text[len] = '\0';
    fclose(caught.file);
    return caught.text;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static int set_up(void **state)
{
    (void)state;
    lb_log_set_level(LB_LOG_INFO);
    return 0;
}

static const char *logged_value(struct lb_str value)
{
    struct lb_log_line line;
    catch_begin();
    lb_log_begin(&line, LB_LOG_INFO, "event");
    lb_log_add(&line, "k", value);
    lb_log_end(&line);
    const char *text = strstr(catch_end(), " k=");
    return text ? text + 3 : "";
}

static void levels_are_known_by_name(void **state)
{
    (void)state;
    enum lb_log_level level = LB_LOG_ERROR;
    assert_true(lb_log_level_parse("debug", &level));
    assert_int_equal(level, LB_LOG_DEBUG);
    assert_true(lb_log_level_parse("warn", &level));
    assert_int_equal(level, LB_LOG_WARN);
    assert_false(lb_log_level_parse("Info", &level));
    assert_false(lb_log_level_parse("", &level));
    assert_int_equal(level, LB_LOG_WARN);
}

static void a_line_has_time_level_event_and_pairs(void **state)
{
    (void)state;
    struct lb_log_line line;
    catch_begin();
    lb_log_begin(&line, LB_LOG_WARN, "request");
    lb_log_add(&line, "id", lb_str("9f2c"));
    lb_log_add_u64(&line, "us", UINT64_MAX);
    lb_log_end(&line);
    const char *text = catch_end();
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[23], 'Z');
    assert_string_equal(text + 24, " warn request id=9f2c us=18446744073709551615\n");
}

static void a_level_that_is_off_writes_nothing(void **state)
{
    (void)state;
    lb_log_set_level(LB_LOG_WARN);
    struct lb_log_line line;
    catch_begin();
    lb_log_begin(&line, LB_LOG_INFO, "request");
    lb_log_add(&line, "id", lb_str("1"));
    lb_log_end(&line);
    lb_log(LB_LOG_DEBUG, "x", "hidden");
    lb_log(LB_LOG_ERROR, "x", "shown %d", 7);
    const char *text = catch_end();
    assert_int_equal(count_lines(text), 1);
    assert_non_null(strstr(text, " error x msg=\"shown 7\"\n"));
}

static void odd_values_are_quoted_and_escaped(void **state)
{
    (void)state;
    assert_string_equal(logged_value(lb_str("plain")), "plain\n");
    assert_string_equal(logged_value(lb_str("")), "\"\"\n");
    assert_string_equal(logged_value(lb_str("a b")), "\"a b\"\n");
    assert_string_equal(logged_value(lb_str("a=b")), "\"a=b\"\n");
    assert_string_equal(logged_value(lb_str("say \"hi\"\\")), "\"say \\\"hi\\\"\\\\\"\n");
    assert_string_equal(logged_value(lb_str("a\nb\rc\td")), "\"a\\nb\\rc\\td\"\n");
    assert_string_equal(logged_value(LB_STR("a\0b\x1b[2J\x7f")), "\"a\\x00b\\x1b[2J\\x7f\"\n");
}

static void utf8_stays_readable_and_broken_utf8_is_escaped(void **state)
{
    (void)state;
    assert_string_equal(logged_value(lb_str("j\xc3\xb6rg")), "j\xc3\xb6rg\n");
    assert_string_equal(logged_value(lb_str("\xf0\x9f\x98\x80")), "\xf0\x9f\x98\x80\n");
    assert_string_equal(logged_value(lb_str("\xc2\x9b")), "\"\\xc2\\x9b\"\n"); /* C1 */
    assert_string_equal(logged_value(lb_str("\xc0\xaf")), "\"\\xc0\\xaf\"\n"); /* overlong */
    assert_string_equal(logged_value(lb_str("\xed\xa0\x80")),
                        "\"\\xed\\xa0\\x80\"\n");                                /* surrogate */
    assert_string_equal(logged_value(lb_str("x\xe2\x82")), "\"x\\xe2\\x82\"\n"); /* cut off */
}

static void a_long_value_is_cut_inside_its_quotes(void **state)
{
    (void)state;
    char value[4000];
    for (size_t len = 900; len < 1200; len++) {
        memset(value, '"', len);
        const char *text = logged_value((struct lb_str){value, len});
        size_t got = strlen(text);
        assert_true(got < 1024);
        assert_int_equal(text[0], '"');
        assert_string_equal(text + got - 2, "\"\n");
        assert_int_equal(got % 2, 1); /* no half of an escape */
    }
    memset(value, 'a', sizeof value);
    catch_begin();
    struct lb_log_line line;
    lb_log_begin(&line, LB_LOG_INFO, "e");
    lb_log_add(&line, "k", (struct lb_str){value, sizeof value});
    lb_log_add(&line, "more", lb_str("lost"));
    lb_log_end(&line);
    const char *text = catch_end();
    assert_int_equal(count_lines(text), 1);
    assert_null(strstr(text, "more"));
}

static void stop_writes_out_everything_in_order(void **state)
{
    (void)state;
    catch_begin();
    lb_log_start();
    for (unsigned i = 0; i < 1000; i++)
        lb_log(LB_LOG_INFO, "n", "%u", i);
    lb_log_stop();
    const char *text = catch_end();
    assert_int_equal(count_lines(text), 1000);
    for (unsigned i = 0; i < 1000; i++) {
        char want[32];
        snprintf(want, sizeof want, " info n msg=%u\n", i);
        assert_memory_equal(text + 24, want, strlen(want));
        text = strchr(text, '\n') + 1;
    }
}

static void start_and_stop_may_be_repeated(void **state)
{
    (void)state;
    catch_begin();
    lb_log_stop();
    for (int i = 0; i < 3; i++) {
        lb_log_start();
        lb_log_start();
        lb_log(LB_LOG_INFO, "n", "x");
        lb_log_stop();
        lb_log_stop();
        lb_log(LB_LOG_INFO, "n", "y");
    }
    assert_int_equal(count_lines(catch_end()), 6);
}

/* Adds up and leaves out of the count the lines that say how many were lost. */
static size_t count_logged_and_lost(const char *text, size_t *lost)
{
    static const char mark[] = " warn log lost_lines=";
    size_t logged = count_lines(text);
    for (const char *p = text; (p = strstr(p, mark)); p++) {
        *lost += strtoul(p + sizeof mark - 1, NULL, 10);
        logged--;
    }
    return logged;
}

/* The pipe is not read until later: callers must not wait for it, and each line must be either
 * written or counted as lost. */
static void a_stuck_standard_error_holds_nobody_up_and_lost_lines_are_counted(void **state)
{
    (void)state;
    const unsigned sent = 20000;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    catch_begin();
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    lb_log_start();
    for (unsigned i = 0; i < sent; i++)
        lb_log(LB_LOG_INFO, "n", "line %u", i);
    /* What is not stuck in the pipe goes to the file, and the pipe comes to an end. */
    dup2(fileno(caught.file), STDERR_FILENO);
    size_t len = 0;
    ssize_t got;
    while ((got = read(ends[0], caught.text + len, sizeof caught.text - 1 - len)) > 0)
        len += (size_t)got;
    close(ends[0]);
    caught.text[len] = '\0';
    size_t lost = 0;
    size_t logged = count_logged_and_lost(caught.text, &lost);
    lb_log_stop();
    logged += count_logged_and_lost(catch_end(), &lost);
    assert_true(lost > 0);
    assert_int_equal(logged + lost, sent);
}

static void *log_many(void *argument)
{
    for (unsigned i = 0; i < 300; i++) {
        struct lb_log_line line;
        lb_log_begin(&line, LB_LOG_INFO, "many");
        lb_log_add(&line, "who", lb_str(argument));
        lb_log_add_u64(&line, "n", i);
        lb_log_end(&line);
    }
    return NULL;
}

static void lines_of_many_threads_stay_whole(void **state)
{
    (void)state;
    char names[8][8];
    pthread_t threads[8];
    catch_begin();
    lb_log_start();
    for (size_t i = 0; i < 8; i++) {
        snprintf(names[i], sizeof names[i], "t%zu", i);
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, names[i]), 0);
    }
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    lb_log_stop();
    const char *text = catch_end();
    unsigned next[8] = {0};
    assert_int_equal(count_lines(text), 8 * 300);
    for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
        unsigned who = 0;
        unsigned n = 0;
        assert_int_equal(sscanf(p + 24, " info many who=t%u n=%u\n", &who, &n), 2);
        assert_true(who < 8);
        assert_int_equal(n, next[who]++);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(levels_are_known_by_name, set_up),
        cmocka_unit_test_setup(a_line_has_time_level_event_and_pairs, set_up),
        cmocka_unit_test_setup(a_level_that_is_off_writes_nothing, set_up),
        cmocka_unit_test_setup(odd_values_are_quoted_and_escaped, set_up),
        cmocka_unit_test_setup(utf8_stays_readable_and_broken_utf8_is_escaped, set_up),
        cmocka_unit_test_setup(a_long_value_is_cut_inside_its_quotes, set_up),
        cmocka_unit_test_setup(stop_writes_out_everything_in_order, set_up),
        cmocka_unit_test_setup(start_and_stop_may_be_repeated, set_up),
        cmocka_unit_test_setup(a_stuck_standard_error_holds_nobody_up_and_lost_lines_are_counted,
                               set_up),
        cmocka_unit_test_setup(lines_of_many_threads_stay_whole, set_up),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
