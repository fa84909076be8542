/* Each fuzzer of fuzz/ is given a few inputs, put together from pieces of what it reads; always the
 * same ones. A fuzzer ends the process where a promise is broken. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define INPUTS     2000
#define PIECES_MAX 24

typedef int fuzz_entry(const uint8_t *data, size_t size);

/* Names that tests/meson.build gives to the entry of each fuzzer. */
fuzz_entry fuzz_body, fuzz_head, fuzz_identifier, fuzz_import, fuzz_json, fuzz_typed_name;

static const char *const http[] = {
    "GET ",
    "POST ",
    "/v1/blocked-leads",
    " HTTP/1.1\r\n",
    " HTTP/1.0\n",
    "Host: a\r\n",
    "\r\n",
    "x-api-key: lb_",
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "3\r\n",
    "abc\r\n",
    "0\r\n\r\n",
    "Expect: 100-continue\r\n",
    "Connection: close\r\n",
    "%2e%2e",
    "?a=b&c",
    ": ",
    "\t",
    "\xff",
};
static const char *const names[] = {
    "https://www.linkedin.com/in/",
    "ann-example",
    "/",
    "?utm=1",
    "%C3%A9",
    "%",
    "\xc3\xa9",
    "e\xcc\x81",
    "\xe2\x80\x8d",
    "\xf0\x9f\x91\xa9",
    "urn:li:fsd_profile:",
    "ACoAAA1",
    ".",
    "@",
    "example.com",
    "+49 170 1234567",
    "GmbH",
    " ",
    "\xc2\xad",
    "\xed\xa0\x80",
    "xn--",
    "\xe2\x80\xae",
};
static const char *const files[] = {
    "First Name,Last Name,URL\n",
    "Vorname;Profil\r\n",
    "https://www.linkedin.com/in/ann-example",
    ",",
    ";",
    "\t",
    "\"",
    "\"\"",
    "\r",
    "\n",
    "\xef\xbb\xbf",
    "\xff\xfe",
    "ann@example.com",
    "sep=;\n",
    "Ann",
    "undefined",
    " ",
    "\xe4",
    "\xc3\xa4",
    "john-doe",
};
static const char *const json[] = {
    "{",           "}",
    "[",           "]",
    ":",           ",",
    "\"a\"",       "\"publicIdentifiers\"",
    "\"\\u00e9\"", "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"", "1",
    "-0",          "1e400",
    "0.5",         "true",
    "false",       "null",
    " ",           "\xff",
    "\"",          "\\",
};

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A byte that chooses options comes first, and one in sixteen pieces is any byte. */
static void put_together(struct lb_buf *input, const char *const *pieces, size_t count,
                         uint32_t *seed)
{
    char byte = (char)next(seed);
    input->len = 0;
    lb_buf_append(input, &byte, 1);
    for (size_t left = next(seed) % PIECES_MAX; left > 0; left--) {
        byte = (char)next(seed);
        if (next(seed) % 16 == 0)
            lb_buf_append(input, &byte, 1);
        else
            lb_buf_append_str(input, lb_str(pieces[next(seed) % count]));
    }
    assert_false(input->failed);
}

struct target {
    const char *name;
    fuzz_entry *entry;
    const char *const *pieces;
    size_t count;
};

static struct target targets[] = {
    {"heads_of_requests", fuzz_head, http, COUNT(http)},
    {"bodies_of_requests", fuzz_body, http, COUNT(http)},
    {"linkedin_names", fuzz_identifier, names, COUNT(names)},
    {"names_of_all_types", fuzz_typed_name, names, COUNT(names)},
    {"files_that_are_imported", fuzz_import, files, COUNT(files)},
    {"json_texts", fuzz_json, json, COUNT(json)},
};

static void no_input_breaks_a_promise(void **state)
{
    const struct target *target = *state;
    struct lb_buf input = {0};
    uint32_t seed = 1;
    assert_int_equal(target->entry((const uint8_t *)"", 0), 0);
    for (int i = 0; i < INPUTS; i++) {
        put_together(&input, target->pieces, target->count, &seed);
        assert_int_equal(target->entry((const uint8_t *)input.ptr, input.len), 0);
    }
    lb_buf_fini(&input);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(targets)];
    for (size_t i = 0; i < COUNT(targets); i++)
        tests[i] = (struct CMUnitTest){.name = targets[i].name,
                                       .test_func = no_input_breaks_a_promise,
                                       .initial_state = &targets[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
