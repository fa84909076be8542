#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fatal.h"
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Standard error is a temporary file, or a pipe, while a test runs. */
static struct {
    int saved;
    FILE *file;
    char text[1 << 22];
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

/* What has been written up to now. */
static const char *caught_so_far(void)
{
    ssize_t len = pread(fileno(caught.file), caught.text, sizeof caught.text - 1, 0);
    caught.text[len > 0 ? len : 0] = '\0';
    return caught.text;
}

/* Waits until the words are written, for five seconds at most. */
static bool appears(const char *words)
{
    for (uint64_t end = lb_clock_mono_ms() + 5000; lb_clock_mono_ms() < end; usleep(200))
        if (strstr(caught_so_far(), words))
            return true;
    return false;
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

/* Which bytes are written as they are, which want quotes, and which an escape. */
static void every_byte_is_written_as_the_format_says(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        char value[] = {'a', c, 'b'};
        char want[16];
        if (byte == '"' || byte == '\\')
            snprintf(want, sizeof want, "\"a\\%cb\"\n", c);
        else if (byte == '\n' || byte == '\r' || byte == '\t')
            snprintf(want, sizeof want, "\"a\\%cb\"\n",
                     byte == '\n'   ? 'n'
                     : byte == '\r' ? 'r'
                                    : 't');
        else if (byte < ' ' || byte > '~')
            snprintf(want, sizeof want, "\"a\\x%02xb\"\n", (unsigned)byte);
        else
            snprintf(want, sizeof want, strchr(" =", byte) ? "\"a%cb\"\n" : "a%cb\n", c);
        assert_string_equal(logged_value((struct lb_str){value, sizeof value}), want);
    }
}

/* The text of the second is kept from line to line. */
static void the_time_of_a_line_is_when_it_began(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct lb_log_line line;
        int64_t logged;
        int64_t before = lb_clock_wall_ms();
        lb_log_begin(&line, LB_LOG_INFO, "e");
        int64_t after = lb_clock_wall_ms();
        assert_true(lb_time_parse((struct lb_str){line.text, 24}, &logged));
        assert_in_range(logged, before, after);
        if (i == 1) /* to the next second */
            usleep((useconds_t)(1000 - after % 1000) * 1000);
    }
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

static void a_line_needs_no_stop_to_be_written(void **state)
{
    (void)state;
    catch_begin();
    lb_log_start();
    char words[32];
    for (int i = 0; i < 3; i++) { /* the second one while the thread waits for more */
        lb_log(LB_LOG_INFO, "n", "%d", i);
        snprintf(words, sizeof words, "n msg=%d\n", i);
        assert_true(appears(words));
    }
    lb_log_stop();
    assert_int_equal(count_lines(catch_end()), 3);
}

/* The best of many tries, since another process may have the processor. */
static void an_error_does_not_wait_for_more_lines(void **state)
{
    (void)state;
    uint64_t best_ms = UINT64_MAX;
    char words[32];
    catch_begin();
    lb_log_start();
    for (int i = 0; i < 50 && best_ms >= 5; i++) {
        lb_log(LB_LOG_INFO, "n", "%d", i);
        snprintf(words, sizeof words, "n msg=%d\n", i);
        assert_true(appears(words));
        uint64_t begun_ms = lb_clock_mono_ms();
        lb_log(i % 2 ? LB_LOG_WARN : LB_LOG_ERROR, "n", "bad %d", i);
        snprintf(words, sizeof words, "n msg=\"bad %d\"\n", i);
        assert_true(appears(words));
        uint64_t took_ms = lb_clock_mono_ms() - begun_ms;
        best_ms = took_ms < best_ms ? took_ms : best_ms;
    }
    lb_log_stop();
    catch_end();
    assert_in_range(best_ms, 0, 4);
}

/* The best of many tries, as above. */
static void much_does_not_wait_for_more_lines(void **state)
{
    (void)state;
    enum { LINES = 700 };
    static const char filler[] =
        "a line of a hundred bytes, so that all of them take more than 64 KiB";
    uint64_t best_ms = UINT64_MAX;
    char words[32];
    catch_begin();
    lb_log_start();
    for (int i = 0; i < 50 && best_ms >= 8; i++) {
        lb_log(LB_LOG_INFO, "n", "%d", i);
        snprintf(words, sizeof words, "n msg=%d\n", i);
        assert_true(appears(words));
        uint64_t begun_ms = lb_clock_mono_ms();
        for (int n = 0; n < LINES; n++)
            lb_log(LB_LOG_INFO, filler, "%d-%d", i, n);
        snprintf(words, sizeof words, "msg=%d-%d\n", i, LINES - 100);
        assert_true(appears(words));
        uint64_t took_ms = lb_clock_mono_ms() - begun_ms;
        best_ms = took_ms < best_ms ? took_ms : best_ms;
        usleep(25000); /* until the thread has nothing to do */
    }
    lb_log_stop();
    catch_end();
    assert_in_range(best_ms, 0, 7);
}

struct packets {
    int fd;
    size_t writes;
    size_t lines;
};

static void *read_packets(void *argument)
{
    struct packets *packets = argument;
    static char packet[1 << 16];
    for (ssize_t got; (got = read(packets->fd, packet, sizeof packet - 1)) > 0; packets->writes++) {
        packet[got] = '\0';
        packets->lines += count_lines(packet);
    }
    return NULL;
}

/* Without sleeping: on a busy machine a sleep may be as long as lines wait for each other. */
static void pass_us(unsigned us)
{
    for (uint64_t end = lb_clock_mono_ns() + us * UINT64_C(1000); lb_clock_mono_ns() < end;)
        ;
}

/* The pipe keeps each write apart. */
static void lines_that_come_one_by_one_are_written_together(void **state)
{
    (void)state;
    int ends[2];
    pthread_t reader;
    assert_int_equal(pipe2(ends, O_DIRECT), 0);
    struct packets packets = {.fd = ends[0]};
    assert_int_equal(pthread_create(&reader, NULL, read_packets, &packets), 0);
    catch_begin();
    dup2(ends[1], STDERR_FILENO);
    lb_log_start();
    for (unsigned i = 0; i < 500; i++) {
        lb_log(LB_LOG_INFO, "n", "%u", i);
        pass_us(150);
    }
    lb_log_stop();
    catch_end();
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
    assert_int_equal(packets.lines, 500);
    assert_in_range(packets.writes, 1, 250);
}

/* --- threads with a buffer of their own ------------------------------------------------------- */

/* A thread that takes steps when it is told to. */
struct stepper {
    pthread_t thread;
    sem_t go;
    sem_t done;
};

static void step(struct stepper *stepper)
{
    sem_post(&stepper->go);
    sem_wait(&stepper->done);
}

static void wait_for_step(struct stepper *stepper)
{
    sem_post(&stepper->done);
    sem_wait(&stepper->go);
}

static void begin_steps(struct stepper *stepper, void *(*run)(void *))
{
    sem_init(&stepper->go, 0, 0);
    sem_init(&stepper->done, 0, 0);
    assert_int_equal(pthread_create(&stepper->thread, NULL, run, stepper), 0);
    sem_wait(&stepper->done);
}

static void *log_flush_and_log(void *argument)
{
    lb_log_thread_buffer();
    lb_log_thread_buffer(); /* once more is the same */
    lb_log(LB_LOG_INFO, "n", "one");
    lb_log(LB_LOG_INFO, "n", "two");
    wait_for_step(argument);
    lb_log_flush();
    lb_log(LB_LOG_INFO, "n", "three");
    wait_for_step(argument);
    lb_log(LB_LOG_WARN, "n", "four");
    wait_for_step(argument);
    lb_log(LB_LOG_INFO, "n", "five");
    return NULL;
}

static const char buffered_lines[][32] = {" info n msg=one\n", " info n msg=two\n",
                                          " info n msg=three\n", " warn n msg=four\n",
                                          " info n msg=five\n"};

static void assert_buffered_lines(const char *text, size_t count)
{
    assert_int_equal(count_lines(text), count);
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(text + 24, buffered_lines[i], strlen(buffered_lines[i]));
        text = strchr(text, '\n') + 1;
    }
}

static void buffered_lines_are_written_after_a_flush_a_warning_and_the_thread_s_end(void **state)
{
    (void)state;
    struct stepper stepper;
    catch_begin();
    lb_log_start();
    begin_steps(&stepper, log_flush_and_log);
    usleep(50000);
    assert_buffered_lines(caught_so_far(), 0);
    step(&stepper);
    assert_true(appears("two\n"));
    usleep(50000);
    assert_buffered_lines(caught_so_far(), 2);
    step(&stepper);
    assert_true(appears("four\n"));
    assert_buffered_lines(caught_so_far(), 4);
    sem_post(&stepper.go);
    pthread_join(stepper.thread, NULL);
    assert_true(appears("five\n"));
    lb_log_stop();
    assert_buffered_lines(catch_end(), 5);
}

/* The thread goes on after it: nothing is written twice, and what it logs then is not kept. */
static void stop_writes_what_was_not_flushed(void **state)
{
    (void)state;
    struct stepper stepper;
    catch_begin();
    lb_log_start();
    begin_steps(&stepper, log_flush_and_log);
    lb_log_stop();
    assert_buffered_lines(caught_so_far(), 2);
    step(&stepper);
    assert_buffered_lines(caught_so_far(), 3);
    step(&stepper);
    assert_buffered_lines(caught_so_far(), 4);
    lb_log_start();
    sem_post(&stepper.go);
    pthread_join(stepper.thread, NULL);
    lb_log_stop();
    assert_buffered_lines(catch_end(), 5);
}

static void a_process_that_ends_itself_writes_what_was_not_flushed(void **state)
{
    (void)state;
    catch_begin();
    pid_t child = fork();
    if (child == 0) {
        struct stepper stepper;
        lb_log_start();
        begin_steps(&stepper, log_flush_and_log);
        lb_end_process("the disk is gone");
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    const char *text = catch_end();
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_int_equal(count_lines(text), 3);
    assert_non_null(strstr(text, "one\n"));
    assert_non_null(strstr(text, "two\n"));
    assert_non_null(strstr(text, " error writer msg=\"the disk is gone; ending the process\"\n"));
}

static void *log_much(void *argument)
{
    (void)argument;
    lb_log_thread_buffer();
    for (unsigned i = 0; i < 5000; i++)
        lb_log(LB_LOG_INFO, "n", "%u", i);
    return NULL;
}

static void a_full_buffer_loses_nothing(void **state)
{
    (void)state;
    pthread_t thread;
    catch_begin();
    lb_log_start();
    assert_int_equal(pthread_create(&thread, NULL, log_much, NULL), 0);
    pthread_join(thread, NULL);
    lb_log_stop();
    const char *text = catch_end();
    assert_int_equal(count_lines(text), 5000);
    for (unsigned i = 0; i < 5000; i++) {
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

/* Are they all as a sender or the log itself wrote them? */
static void assert_whole_lines(const char *text)
{
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        unsigned long number;
        int used = 0;
        bool sent = sscanf(text + 24, " info n msg=\"line %lu\"%n", &number, &used) == 1 && used;
        bool lost = sscanf(text + 24, " warn log lost_lines=%lu%n", &number, &used) == 1 && used;
        assert_true((sent || lost) && text + 24 + used == end);
    }
    assert_int_equal(*text, 0);
}

/* Adds up and leaves out of the count the lines that say how many were lost. */
static size_t count_logged_and_lost(const char *text, size_t *lost)
{
    static const char mark[] = " warn log lost_lines=";
    size_t logged = count_lines(text);
    assert_whole_lines(text);
    for (const char *p = text; (p = strstr(p, mark)); p++) {
        *lost += strtoul(p + sizeof mark - 1, NULL, 10);
        logged--;
    }
    return logged;
}

/* The pipe is not read until later: callers must not wait for it, and each line must be either
 * written or counted as lost. */
enum { SENT = 60000 };

static void *log_into_the_pipe(void *buffered)
{
    if (buffered)
        lb_log_thread_buffer();
    for (unsigned i = 0; i < SENT; i++) {
        lb_log(LB_LOG_INFO, "n", "line %u", i);
        if (i % 64 == 63)
            lb_log_flush();
    }
    return NULL;
}

static void check_a_stuck_standard_error(bool buffered)
{
    pthread_t thread;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    catch_begin();
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    lb_log_start();
    assert_int_equal(pthread_create(&thread, NULL, log_into_the_pipe, buffered ? &ends : NULL), 0);
    pthread_join(thread, NULL);
    /* What is not stuck in the pipe goes to the file, maybe from the midst of a line on, and the
     * pipe comes to an end. */
    dup2(fileno(caught.file), STDERR_FILENO);
    static char all[2 * sizeof caught.text];
    size_t len = 0, room = sizeof caught.text - 1;
    ssize_t got;
    while (len < room && (got = read(ends[0], all + len, room - len)) > 0)
        len += (size_t)got;
    close(ends[0]);
    lb_log_stop();
    strcpy(all + len, catch_end());
    size_t lost = 0;
    size_t logged = count_logged_and_lost(all, &lost);
    assert_true(lost > 0);
    assert_int_equal(logged + lost, SENT);
}

static void a_stuck_standard_error_holds_nobody_up_and_lost_lines_are_counted(void **state)
{
    (void)state;
    check_a_stuck_standard_error(false);
    check_a_stuck_standard_error(true);
}

static void *log_many(void *argument)
{
    if (((char *)argument)[1] % 2)
        lb_log_thread_buffer();
    for (unsigned i = 0; i < 300; i++) {
        struct lb_log_line line;
        lb_log_begin(&line, LB_LOG_INFO, "many");
        lb_log_add(&line, "who", lb_str(argument));
        lb_log_add_u64(&line, "n", i);
        lb_log_end(&line);
    }
    return NULL;
}

/* Standard error may take what is said in several writes, as a pipe does when it is nearly full. */
static void *say_much(void *unused)
{
    for (unsigned i = 0; i < 200; i++)
        lb_log_say("said %u begins\n%900s\nsaid %u ends\n", i, "", i);
    return unused;
}

static void what_is_said_and_lines_stay_whole(void **state)
{
    pthread_t thread;
    catch_begin();
    lb_log_start();
    lb_log(LB_LOG_INFO, "n", "before");
    lb_log_say("after\n");
    assert_int_equal(pthread_create(&thread, NULL, say_much, NULL), 0);
    for (unsigned i = 0; i < 20000; i++)
        lb_log(LB_LOG_INFO, "n", "%u", i);
    pthread_join(thread, NULL);
    lb_log_stop();
    const char *text = catch_end();
    assert_memory_equal(strchr(text, '\n') + 1, "after\n", 6);
    for (unsigned i = 0; i < 200; i++) {
        char want[1024];
        snprintf(want, sizeof want, "\nsaid %u begins\n%900s\nsaid %u ends\n", i, "", i);
        assert_non_null(strstr(text, want));
    }
    assert_int_equal(count_lines(text), 20002 + 3 * 200);
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
        cmocka_unit_test_setup(every_byte_is_written_as_the_format_says, set_up),
        cmocka_unit_test_setup(the_time_of_a_line_is_when_it_began, set_up),
        cmocka_unit_test_setup(utf8_stays_readable_and_broken_utf8_is_escaped, set_up),
        cmocka_unit_test_setup(a_long_value_is_cut_inside_its_quotes, set_up),
        cmocka_unit_test_setup(stop_writes_out_everything_in_order, set_up),
        cmocka_unit_test_setup(a_line_needs_no_stop_to_be_written, set_up),
        cmocka_unit_test_setup(an_error_does_not_wait_for_more_lines, set_up),
        cmocka_unit_test_setup(much_does_not_wait_for_more_lines, set_up),
        cmocka_unit_test_setup(lines_that_come_one_by_one_are_written_together, set_up),
        cmocka_unit_test_setup(
            buffered_lines_are_written_after_a_flush_a_warning_and_the_thread_s_end, set_up),
        cmocka_unit_test_setup(stop_writes_what_was_not_flushed, set_up),
        cmocka_unit_test_setup(a_process_that_ends_itself_writes_what_was_not_flushed, set_up),
        cmocka_unit_test_setup(a_full_buffer_loses_nothing, set_up),
        cmocka_unit_test_setup(start_and_stop_may_be_repeated, set_up),
        cmocka_unit_test_setup(a_stuck_standard_error_holds_nobody_up_and_lost_lines_are_counted,
                               set_up),
        cmocka_unit_test_setup(lines_of_many_threads_stay_whole, set_up),
        cmocka_unit_test_setup(what_is_said_and_lines_stay_whole, set_up),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
