/* Files as people have them: tests/vectors/files, and tests/vectors/more-files and doubtful-files,
 * which are in the same form (tests/vectors/more-files/README.md). */
#include "json/decode.h"
#include "support/imports.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char *read_whole(const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s cannot be opened", path);
    char *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *out_len = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* The names of the array, as import_result has them, but in the order of the array. */
static bool holds_exactly(const struct import_result *result, const struct lb_json *names)
{
    size_t bytes = 0;
    for (size_t i = 0; i < lb_json_length(names); i++) {
        struct lb_str name = lb_json_string(lb_json_item(names, i));
        char line[LB_IDENTIFIER_SIZE + 2];
        int len = snprintf(line, sizeof line, "%.*s\n", (int)name.len, name.ptr);
        if (!memmem(result->names.ptr, result->names.len, line, (size_t)len))
            return false;
        bytes += (size_t)len;
    }
    return bytes == result->names.len;
}

static void fail_with(const char *path, const struct import_result *result, const char *what)
{
    fail_msg("%s: %s\n%s\n%.*s", path, what, result->reason.text, (int)result->log.len,
             result->log.len ? result->log.ptr : "");
}

static void check_count(const char *path, const struct import_result *result,
                        const struct lb_json *wanted, const char *name, uint64_t count)
{
    int64_t number;
    const struct lb_json *member = lb_json_member(wanted, name);
    if (!member)
        return;
    assert_true(lb_json_int64(member, &number));
    if ((uint64_t)number != count)
        fail_with(path, result, name);
}

static void check_text(const char *path, const struct import_result *result,
                       const struct lb_json *wanted, const char *name, struct lb_str text)
{
    const struct lb_json *member = lb_json_member(wanted, name);
    if (member && !lb_str_equal(lb_json_string(member), text))
        fail_with(path, result, name);
}

/* The members "reasons" (of people) and "says" (words that stand in the log). */
static void check_log(const char *path, const struct import_result *result,
                      const struct lb_json *wanted)
{
    struct lb_json_walk walk = {0};
    struct lb_str name;
    const struct lb_json *value;
    const struct lb_json *says = lb_json_member(wanted, "says");
    while (lb_json_next_member(lb_json_member(wanted, "reasons"), &walk, &name, &value)) {
        char line[1024];
        struct lb_str reason = lb_json_string(value);
        snprintf(line, sizeof line, " = %.*s (%.*s)\n", (int)name.len, name.ptr, (int)reason.len,
                 reason.ptr);
        if (!memmem(result->log.ptr, result->log.len, line, strlen(line)))
            fail_with(path, result, "reasons");
    }
    for (size_t i = 0; i < lb_json_length(says); i++) {
        struct lb_str words = lb_json_string(lb_json_item(says, i));
        if (!memmem(result->log.ptr, result->log.len, words.ptr, words.len))
            fail_with(path, result, "says");
    }
}

static void check_result(const char *path, const struct import_result *result,
                         const struct lb_json *wanted)
{
    const struct lb_json *refused = lb_json_member(wanted, "refused");
    const struct lb_json *blocked = lb_json_member(wanted, "blocked");
    struct lb_str code = lb_str(lb_err_code(result->err));
    if (result->fault)
        fail_with(path, result, result->fault);
    if (refused && !lb_str_equal(lb_json_string(refused), code))
        fail_with(path, result, "refused");
    if (refused || (result->err && blocked && lb_json_length(blocked) == 0))
        return;
    if (result->err)
        fail_with(path, result, lb_err_code(result->err));
    if (blocked && !holds_exactly(result, blocked))
        fail_with(path, result, "blocked");
    const struct lb_import_findings *findings = lb_import_findings(result->import);
    check_count(path, result, wanted, "blocked_count", result->name_count);
    check_count(path, result, wanted, "left_out", result->counts.bad + result->counts.blank);
    check_count(path, result, wanted, "bad", result->counts.bad);
    check_count(path, result, wanted, "blank", result->counts.blank);
    check_count(path, result, wanted, "headings", result->counts.headings);
    check_count(path, result, wanted, "people", result->counts.people);
    check_count(path, result, wanted, "warnings", result->counts.warnings);
    check_count(path, result, wanted, "column", findings->column);
    check_text(path, result, wanted, "column_name", findings->name);
    check_text(path, result, wanted, "delimiter", (struct lb_str){&findings->delimiter, 1});
    check_text(path, result, wanted, "encoding",
               lb_str(lb_import_encoding_name(findings->encoding)));
    check_log(path, result, wanted);
}

/* The member "refused_typed": why the file is refused when it is read for names of every type. */
static void check_typed(const char *path, struct lb_str bytes, const struct lb_json *wanted)
{
    struct import_bytes memory = {.bytes = bytes};
    struct lb_import_source source = import_source(&memory);
    struct lb_import_options options = {.adds = true, .typed = true};
    const struct lb_json *refused = lb_json_member(wanted, "refused_typed");
    struct import_result result;
    if (!refused)
        return;
    import_run(&source, &options, &result);
    if (!lb_str_equal(lb_json_string(refused), lb_str(lb_err_code(result.err))))
        fail_with(path, &result, "refused_typed");
    import_result_fini(&result);
}

static void check_file(const char *path, const struct lb_json *wanted)
{
    static const size_t pieces[] = {0, 1, 2, 3, 7, 64};
    size_t len;
    char *bytes = read_whole(path, &len);
    struct lb_import_options options = {
        .column = lb_json_string(lb_json_member(wanted, "with_column")), .adds = true};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct import_bytes memory = {{bytes, len}, .piece = pieces[i]};
        struct lb_import_source source = import_source(&memory);
        struct import_result result;
        import_run(&source, &options, &result);
        check_result(path, &result, wanted);
        import_result_fini(&result);
    }
    check_typed(path, (struct lb_str){bytes, len}, wanted);
    free(bytes);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct lb_import_source source = lb_import_source_of_file(fd);
    struct import_result result;
    import_run(&source, &options, &result);
    check_result(path, &result, wanted);
    import_result_fini(&result);
    close(fd);
}

static void check_folder(const char *folder, size_t least)
{
    char path[256];
    size_t len;
    struct lb_json *tree;
    struct lb_json_walk walk = {0};
    struct lb_str name;
    const struct lb_json *wanted;
    size_t count = 0;
    snprintf(path, sizeof path, "%s/expected.json", folder);
    char *bytes = read_whole(path, &len);
    assert_int_equal(lb_json_parse((struct lb_str){bytes, len}, 8, &tree, NULL), LB_OK);
    for (; lb_json_next_member(tree, &walk, &name, &wanted); count++) {
        snprintf(path, sizeof path, "%s/%.*s", folder, (int)name.len, name.ptr);
        check_file(path, wanted);
    }
    assert_true(count >= least);
    lb_json_free(tree);
    free(bytes);
}

static void every_file_of_the_vectors_gives_its_people_and_nobody_else(void **state)
{
    (void)state;
    check_folder("tests/vectors/files", 90);
}

static void every_file_of_ours_gives_its_people_and_nobody_else(void **state)
{
    (void)state;
    check_folder("tests/vectors/more-files", 30);
    check_folder("tests/vectors/doubtful-files", 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_the_vectors_gives_its_people_and_nobody_else),
        cmocka_unit_test(every_file_of_ours_gives_its_people_and_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
