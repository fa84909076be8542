/* Bodies, good and bad, whole and in pieces, and compared with the reference. */
#include "http/body.h"
#include "base/clock.h"
#include "support/http_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct body_case {
    const char *name;
    struct lb_str bytes;
    enum lb_body_result result;
    const char *data; /* of a whole body */
    const char *rest; /* what comes after it */
};

#define CHUNKS(name, bytes, result, ...)                                                           \
    {                                                                                              \
        name, {(bytes), sizeof(bytes) - 1}, result, ##__VA_ARGS__                                  \
    }
#define WHOLE  LB_BODY_WHOLE
#define PART   LB_BODY_PART
#define BROKEN LB_BODY_BROKEN
#define LAST   "0\r\n\r\n"

static const struct body_case chunked_cases[] = {
    CHUNKS("no chunk", LAST, WHOLE, "", ""),
    CHUNKS("one chunk", "3\r\nabc\r\n" LAST, WHOLE, "abc", ""),
    CHUNKS("three chunks", "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n" LAST, WHOLE, "abcdef", ""),
    CHUNKS("a next request", "1\r\na\r\n" LAST "GET / HTTP/1.1\r\n", WHOLE, "a",
           "GET / HTTP/1.1\r\n"),
    CHUNKS("an empty line after it", LAST "\r\n", WHOLE, "", "\r\n"),
    CHUNKS("sixteen", "10\r\n0123456789abcdef\r\n" LAST, WHOLE, "0123456789abcdef", ""),
    CHUNKS("small letters", "a\r\n0123456789\r\n" LAST, WHOLE, "0123456789", ""),
    CHUNKS("capitals", "A\r\n0123456789\r\n" LAST, WHOLE, "0123456789", ""),
    CHUNKS("zeros before", "00003\r\nabc\r\n" LAST, WHOLE, "abc", ""),
    CHUNKS("fifteen digits", "000000000000003\r\nabc\r\n000000000000000\r\n\r\n", WHOLE, "abc", ""),
    CHUNKS("line ends as data", "4\r\n\r\n\r\n\r\n" LAST, WHOLE, "\r\n\r\n", ""),
    CHUNKS("a last chunk as data", "5\r\n" LAST "\r\n" LAST, WHOLE, LAST, ""),
    CHUNKS("extension", "3;a\r\nabc\r\n" LAST, WHOLE, "abc", ""),
    CHUNKS("extension with a value", "3;a=b;c=\"d e\"\r\nabc\r\n0;z\r\n\r\n", WHOLE, "abc", ""),
    CHUNKS("empty extension", "3;\r\nabc\r\n" LAST, WHOLE, "abc", ""),
    CHUNKS("white space in an extension", "3; a\t= b\r\nabc\r\n" LAST, WHOLE, "abc", ""),
    CHUNKS("extension that looks like a chunk", "3;0\r\nabc\r\n" LAST, WHOLE, "abc", ""),
    CHUNKS("bytes above 0x7f in an extension", "3;\x80\xff\r\nabc\r\n" LAST, WHOLE, "abc", ""),
    CHUNKS("trailer", "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n", WHOLE, "abc", ""),
    CHUNKS("two trailers", "0\r\nX-A: b\r\nX-B:\r\n\r\nrest", WHOLE, "", "rest"),
    CHUNKS("trailer about framing", "0\r\nContent-Length: 5\r\n\r\nrest!", WHOLE, "", "rest!"),
    CHUNKS("nothing", "", PART),
    CHUNKS("size alone", "3", PART),
    CHUNKS("half a line end", "3\r", PART),
    CHUNKS("no data", "3\r\n", PART),
    CHUNKS("half the data", "3\r\nab", PART),
    CHUNKS("no line end after the data", "3\r\nabc", PART),
    CHUNKS("no last chunk", "3\r\nabc\r\n", PART),
    CHUNKS("no blank line", "0\r\n", PART),
    CHUNKS("half a blank line", "0\r\n\r", PART),
    CHUNKS("half a trailer", "0\r\nX-A: b\r\n", PART),
    CHUNKS("half an extension", "3;a", PART),
    CHUNKS("largest size", "fffffffffffffff\r\nabc", PART),
    CHUNKS("sixteen digits", "0000000000000003\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("size of 2^64", "10000000000000000\r\n\r\n", BROKEN),
    CHUNKS("size of 2^64 and 3", "10000000000000003\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("size of all ones", "ffffffffffffffff\r\nabc", BROKEN),
    CHUNKS("size of none", "\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("extension alone", ";a\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("0x", "0x3\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("minus", "-3\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("plus", "+3\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("underscore", "1_0\r\n0123456789abcdef\r\n" LAST, BROKEN),
    CHUNKS("letter that is no digit", "g\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("point", "3.0\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("digit that is not ASCII", "\xd9\xa3\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("space before the size", " 3\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("space after the size", "3 \r\nabc\r\n" LAST, BROKEN),
    CHUNKS("space before an extension", "3 ;a\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("tab after the size", "3\t\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("vertical tab after the size", "3\x0b\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("NUL after the size", "3\0\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("comma after the size", "3,\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("quoted size", "\"3\"\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("LF after the size", "3\nabc\r\n" LAST, BROKEN),
    CHUNKS("CR after the size", "3\rabc\r\n" LAST, BROKEN),
    CHUNKS("CR CR LF after the size", "3\r\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("LF in an extension", "3;a\nabc\r\n" LAST, BROKEN),
    CHUNKS("LF in a quoted extension", "3;a=\"\n\"\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("CR in an extension", "3;a\rb\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("CR CR LF after an extension", "3;a\r\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("NUL in an extension", "3;\0\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("DEL in an extension", "3;\x7f\r\nabc\r\n" LAST, BROKEN),
    CHUNKS("longer than its size", "3\r\nabcd\r\n" LAST, BROKEN),
    CHUNKS("shorter than its size", "3\r\nab\r\n" LAST, BROKEN),
    CHUNKS("LF after the data", "3\r\nabc\n" LAST, BROKEN),
    CHUNKS("CR after the data", "3\r\nabc\r" LAST, BROKEN),
    CHUNKS("nothing after the data", "3\r\nabc" LAST, BROKEN),
    CHUNKS("two line ends after the data", "3\r\nabc\r\n\r\n" LAST, BROKEN),
    CHUNKS("LF as blank line", "0\r\n\n", BROKEN),
    CHUNKS("LF after the last chunk", "0\n\r\n", BROKEN),
    CHUNKS("CR without LF as blank line", "0\r\n\rX", BROKEN),
    CHUNKS("trailer without a colon", "0\r\nGET / HTTP/1.1\r\n\r\n", BROKEN),
    CHUNKS("trailer of one word", "0\r\nX-A\r\n\r\n", BROKEN),
    CHUNKS("trailer without a name", "0\r\n: b\r\n\r\n", BROKEN),
    CHUNKS("folded trailer", "0\r\nX-A: b\r\n c\r\n\r\n", BROKEN),
    CHUNKS("space before a trailer's colon", "0\r\nX-A : b\r\n\r\n", BROKEN),
    CHUNKS("LF in a trailer", "0\r\nX-A: b\nX-B: c\r\n\r\n", BROKEN),
    CHUNKS("CR in a trailer", "0\r\nX-A: b\rX-B: c\r\n\r\n", BROKEN),
    CHUNKS("NUL in a trailer", "0\r\nX-A: \0\r\n\r\n", BROKEN),
};

struct outcome {
    enum lb_body_result result;
    size_t taken;
    size_t data_len;
    char data[64];
};

static struct outcome parse(bool chunked, uint64_t length, struct lb_str bytes)
{
    struct outcome out = {0};
    struct lb_body body;
    const char *at = bytes.ptr, *wrong = NULL;
    lb_body_start(&body, chunked, length);
    do {
        struct lb_str data = {0};
        out.result = lb_body_next(&body, &at, bytes.ptr + bytes.len, &data, &wrong);
        if (out.result != LB_BODY_DATA)
            continue;
        assert_in_range(data.len, 1, sizeof(out.data) - out.data_len);
        memcpy(out.data + out.data_len, data.ptr, data.len);
        out.data_len += data.len;
    } while (out.result == LB_BODY_DATA);
    out.taken = (size_t)(at - bytes.ptr);
    return out;
}

static bool is_expected(const struct body_case *c, const struct outcome *is)
{
    if (is->result != c->result || is->result != WHOLE)
        return is->result == c->result;
    return lb_str_equal((struct lb_str){is->data, is->data_len}, lb_str(c->data)) &&
           lb_str_equal((struct lb_str){c->bytes.ptr + is->taken, c->bytes.len - is->taken},
                        lb_str(c->rest));
}

#define EACH_CASE(c)                                                                               \
    (const struct body_case *c = chunked_cases;                                                    \
     c < chunked_cases + sizeof chunked_cases / sizeof *chunked_cases; c++)

static void each_body_has_the_expected_result(void **state)
{
    (void)state;
    unsigned failed = 0;
    for
        EACH_CASE(c)
        {
            struct outcome is = parse(true, 0, c->bytes);
            if (!is_expected(c, &is)) {
                print_error("%s: result %u, %zu taken, '%.*s'\n", c->name, is.result, is.taken,
                            (int)is.data_len, is.data);
                failed++;
            }
        }
    assert_int_equal(failed, 0);
}

static void a_length_counts_the_bytes(void **state)
{
    (void)state;
    struct lb_str bytes = LB_STR("0\r\n\r\nrest");
    struct outcome is = parse(false, 5, bytes);
    assert_int_equal(is.result, WHOLE);
    assert_int_equal(is.taken, 5);
    assert_memory_equal(is.data, "0\r\n\r\n", 5);
    is = parse(false, 0, bytes);
    assert_int_equal(is.result, WHOLE);
    assert_int_equal(is.taken, 0);
    is = parse(false, 0, LB_STR(""));
    assert_int_equal(is.result, WHOLE);
    is = parse(false, bytes.len, bytes);
    assert_int_equal(is.result, WHOLE);
    assert_int_equal(is.taken, bytes.len);
    is = parse(false, bytes.len + 1, bytes);
    assert_int_equal(is.result, PART);
    is = parse(false, UINT64_MAX, bytes);
    assert_int_equal(is.result, PART);
    assert_int_equal(is.data_len, bytes.len);
}

static const char *compare_pieces(bool chunked, uint64_t length, struct lb_str bytes)
{
    return compare_at_every_cut(&(struct compared){
        .bytes = bytes, .is_body = true, .chunked = chunked, .content_length = length});
}

static void pieces_give_the_same_as_the_whole(void **state)
{
    (void)state;
    unsigned failed = 0;
    for
        EACH_CASE(c)
        {
            const char *differs = compare_pieces(true, 0, c->bytes);
            for (size_t length = 0; !differs && length <= c->bytes.len + 1;
                 length += c->bytes.len / 3 + 1)
                differs = compare_pieces(false, length, c->bytes);
            if (differs) {
                print_error("%s: %s differs\n", c->name, differs);
                failed++;
            }
        }
    assert_int_equal(failed, 0);
}

/* A body with so many bytes of extensions and trailers: each counts after its semicolon, with its
 * carriage returns but without line feeds. */
static size_t with_extra(char *out, int extra, unsigned kind)
{
    static char many[LB_BODY_EXTRA_MAX + 2];
    memset(many, 'x', sizeof(many));
    if (kind == 0)
        return (size_t)sprintf(out, "1;%.*s\r\na\r\n" LAST, extra - 2, many);
    if (kind == 1)
        return (size_t)sprintf(out, "1\r\na\r\n0\r\nx:%.*s\r\n\r\n", extra - 4, many);
    size_t len = 0;
    for (; extra > 10; extra -= 2)
        len += (size_t)sprintf(out + len, "1;x\r\na\r\n");
    return len + (size_t)sprintf(out + len, "0;x\r\nx:%.*s\r\n\r\n", extra - 6, many);
}

static void so_many_bytes_of_extensions_and_trailers_and_no_more(void **state)
{
    (void)state;
    char *bytes = malloc(8 * LB_BODY_EXTRA_MAX);
    assert_non_null(bytes);
    for (unsigned kind = 0; kind < 3; kind++)
        for (int extra = LB_BODY_EXTRA_MAX - 1; extra <= LB_BODY_EXTRA_MAX + 1; extra++) {
            size_t len = with_extra(bytes, extra, kind);
            enum lb_body_result result;
            const char *differs = compare_body(true, 0, bytes, len, compare_whole, NULL, &result);
            if (differs || result != (extra > LB_BODY_EXTRA_MAX ? BROKEN : WHOLE))
                fail_msg("kind %u, %d bytes: result %u %s", kind, extra, result,
                         differs ? differs : "");
            for (size_t cut = len - 20; cut < len; cut++)
                assert_null(compare_body(true, 0, bytes, len, compare_cut, &cut, NULL));
        }
    free(bytes);
}

static void every_byte_is_judged_as_the_reference_judges_it(void **state)
{
    (void)state;
    static const char body[] = "3;ab\r\nabc\r\n03\r\nabc\r\n0\r\nX-A: b\r\n\r\n";
    char bytes[sizeof(body) + 1];
    for (unsigned c = 0; c < 256; c++)
        for (size_t at = 0; at < sizeof(body); at++) {
            memcpy(bytes, body, sizeof(body));
            bytes[at] = (char)c;
            assert_null(compare_body(true, 0, bytes, sizeof(body) - 1, compare_whole, NULL, NULL));
            memcpy(bytes + at + 1, body + at, sizeof(body) - at);
            assert_null(compare_body(true, 0, bytes, sizeof(body), compare_whole, NULL, NULL));
        }
}

/* Random mutations of the cases */

static size_t mutate(char *bytes, size_t len, size_t max)
{
    static const char odd[] = "\0\t\v\r\n\r\n !+,-.0000123;9:@AFGafgx_\x7f\x80\xff";
    for (size_t left = 1 + random_below(3); left > 0; left--) {
        size_t at = random_below(len + 1);
        char c = odd[random_below(sizeof(odd) - 1)];
        switch (random_below(3)) {
        case 0:
            if (at < len)
                bytes[at] = c;
            break;
        case 1:
            if (at < len)
                memmove(bytes + at, bytes + at + 1, --len - at);
            break;
        default:
            if (len == max)
                break;
            memmove(bytes + at + 1, bytes + at, len++ - at);
            bytes[at] = c;
        }
    }
    return len;
}

static void mutated_bodies_are_read_as_the_reference_reads_them(void **state)
{
    (void)state;
    char bytes[256];
    uint64_t end_ms = lb_clock_mono_ms() + 500;
    for (unsigned i = 0; i % 64 != 0 || lb_clock_mono_ms() < end_ms; i++) {
        const struct body_case *c =
            &chunked_cases[random_below(sizeof chunked_cases / sizeof *chunked_cases)];
        memcpy(bytes, c->bytes.ptr, c->bytes.len);
        size_t len = mutate(bytes, c->bytes.len, sizeof(bytes));
        const char *differs = compare_body(true, 0, bytes, len, compare_random, NULL, NULL);
        if (differs) {
            for (size_t at = 0; at < len; at++)
                print_error("%02x ", (unsigned char)bytes[at]);
            fail_msg("mutation %u of '%s': %s differs", i, c->name, differs);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_body_has_the_expected_result),
        cmocka_unit_test(a_length_counts_the_bytes),
        cmocka_unit_test(pieces_give_the_same_as_the_whole),
        cmocka_unit_test(so_many_bytes_of_extensions_and_trailers_and_no_more),
        cmocka_unit_test(every_byte_is_judged_as_the_reference_judges_it),
        cmocka_unit_test(mutated_bodies_are_read_as_the_reference_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
