/* A file that must stay where it is: removed and replaced are told at once, a failure to look at it
 * when it lasts, and one that was absent is watched from when it appears. */
#include "base/watched_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

static char folder[64];
static char path[96], other[96];
static struct lb_watched_file file;
static struct lb_reason reason;

static int make_folder(void **state)
{
    strcpy(folder, "/tmp/leadblock-watched-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    return 0;
}

static int remove_folder(void **state)
{
    lb_watched_file_end(&file);
    unlink(path);
    unlink(other);
    return rmdir(folder);
}

static void make(const char *name)
{
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void expect(const char *words)
{
    lb_err err = lb_watched_file_check(&file, &reason);
    if (words)
        assert_true(err == LB_ERR_STORAGE_UNAVAILABLE && strstr(reason.text, words));
    else
        assert_int_equal(err, LB_OK);
}

static void what_is_not_watched_is_in_order(void **state)
{
    expect(NULL);
}

static void a_file_that_is_removed_or_replaced_is_told(void **state)
{
    make(path);
    assert_int_equal(lb_watched_file_begin(&file, path), LB_OK);
    expect(NULL);
    assert_int_equal(rename(path, other), 0);
    expect("was removed or replaced");
    make(path);
    expect("was removed or replaced");
    assert_int_equal(rename(other, path), 0);
    expect(NULL);
}

static void a_file_that_was_absent_is_watched_from_when_it_appears(void **state)
{
    assert_int_equal(lb_watched_file_begin(&file, path), LB_OK);
    expect(NULL);
    make(path);
    expect(NULL);
    unlink(path);
    expect("was removed or replaced");
}

static void a_file_that_cannot_be_looked_at_is_told_when_that_lasts(void **state)
{
    make(path);
    assert_int_equal(lb_watched_file_begin(&file, path), LB_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(rename(path, other), 0);
        assert_int_equal(symlink(path, path), 0); /* ELOOP */
        for (int i = 0; i < 4; i++)
            expect(NULL);
        if (round == 1)
            expect("cannot look at");
        assert_int_equal(rename(other, path), 0);
        expect(NULL);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_watched_is_in_order),
        TEST(a_file_that_is_removed_or_replaced_is_told),
        TEST(a_file_that_was_absent_is_watched_from_when_it_appears),
        TEST(a_file_that_cannot_be_looked_at_is_told_when_that_lasts),
    };
    return cmocka_run_group_tests_name("watched file", tests, NULL, NULL);
}
