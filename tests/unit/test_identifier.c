#include "domain/blocklist/identifier.h"
#include "json/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#ifndef LB_TEST_VECTORS
#define LB_TEST_VECTORS "tests/vectors"
#endif

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static struct lb_str text_of(const struct lb_identifier *id)
{
    return (struct lb_str){id->text, id->len};
}

static void assert_stable(const struct lb_identifier *id)
{
    struct lb_identifier again;
    const char *reason = lb_identifier_normalise(text_of(id), &again);
    if (reason)
        fail_msg("canonical form \"%s\" %s", id->text, reason);
    assert_string_equal(again.text, id->text);
}

static void assert_canonical(struct lb_str raw, struct lb_str wanted)
{
    struct lb_identifier id;
    const char *reason = lb_identifier_normalise(raw, &id);
    if (reason)
        fail_msg("\"%.*s\" %s", (int)raw.len, raw.ptr, reason);
    assert_int_equal(id.len, wanted.len);
    assert_memory_equal(id.text, wanted.ptr, wanted.len);
    assert_stable(&id);
}

static void assert_refused(struct lb_str raw, const char *word)
{
    struct lb_identifier id;
    const char *reason = lb_identifier_normalise(raw, &id);
    if (!reason)
        fail_msg("\"%.*s\" became \"%s\"", (int)raw.len, raw.ptr, id.text);
    if (!strstr(reason, word))
        fail_msg("\"%.*s\" %s (wanted: %s)", (int)raw.len, raw.ptr, reason, word);
}

#define ASSERT_CANONICAL(raw, wanted) assert_canonical(LB_STR(raw), LB_STR(wanted))
#define ASSERT_REFUSED(raw, word)     assert_refused(LB_STR(raw), word)

static struct lb_json *load_vectors(void)
{
    static char bytes[1 << 16];
    FILE *file = fopen(LB_TEST_VECTORS "/identifiers.json", "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(len > 0 && len < sizeof bytes);
    struct lb_json *tree;
    assert_int_equal(lb_json_parse((struct lb_str){bytes, len}, 8, &tree, NULL), LB_OK);
    return tree;
}

static void spellings_in_the_vectors_have_one_canonical_form(void **state)
{
    (void)state;
    struct lb_json *vectors = load_vectors();
    const struct lb_json *same = lb_json_member(vectors, "same");
    assert_true(lb_json_length(same) >= 5);
    for (size_t i = 0; i < lb_json_length(same); i++) {
        const struct lb_json *group = lb_json_item(same, i);
        const struct lb_json *spellings = lb_json_member(group, "spellings");
        struct lb_str canonical = lb_json_string(lb_json_member(group, "canonical"));
        assert_true(lb_json_length(spellings) > 0);
        for (size_t k = 0; k < lb_json_length(spellings); k++)
            assert_canonical(lb_json_string(lb_json_item(spellings, k)), canonical);
    }
    lb_json_free(vectors);
}

static void pairs_in_the_vectors_stay_different(void **state)
{
    (void)state;
    struct lb_json *vectors = load_vectors();
    const struct lb_json *different = lb_json_member(vectors, "different");
    assert_true(lb_json_length(different) >= 5);
    for (size_t i = 0; i < lb_json_length(different); i++) {
        const struct lb_json *pair = lb_json_item(different, i);
        struct lb_identifier a, b;
        assert_null(lb_identifier_normalise(lb_json_string(lb_json_item(pair, 0)), &a));
        assert_null(lb_identifier_normalise(lb_json_string(lb_json_item(pair, 1)), &b));
        assert_string_not_equal(a.text, b.text);
    }
    lb_json_free(vectors);
}

static void refused_texts_in_the_vectors_are_refused(void **state)
{
    (void)state;
    struct lb_json *vectors = load_vectors();
    const struct lb_json *refused = lb_json_member(vectors, "refused");
    assert_true(lb_json_length(refused) >= 28);
    for (size_t i = 0; i < lb_json_length(refused); i++)
        assert_refused(lb_json_string(lb_json_item(refused, i)), "");
    lb_json_free(vectors);
}

static void every_reason_says_what_is_wrong(void **state)
{
    (void)state;
    assert_refused((struct lb_str){NULL, 0}, "is empty");
    ASSERT_REFUSED(" \t\xe2\x80\x83", "is empty");
    ASSERT_REFUSED(HUNDRED "1", "longer than 100");
    ASSERT_REFUSED("john@example.com", "e-mail");
    ASSERT_REFUSED("john%40example.com", "e-mail");
    ASSERT_REFUSED("https://linkedin.com/company/acme", "company, school or showcase");
    ASSERT_REFUSED("linkedin.com/school/mit/", "company, school or showcase");
    ASSERT_REFUSED("/showcase/x", "company, school or showcase");
    ASSERT_REFUSED("https://www.linkedin.com/sales/lead/ACwAAABBBB,NAME,x", "Sales Navigator");
    ASSERT_REFUSED("https://www.linkedin.com/pub/john-doe/1a/2b/3c4", "/pub/");
    ASSERT_REFUSED("https://www.linkedin.com/feed/", "not of a profile");
    ASSERT_REFUSED("https://www.linkedin.com/in/", "not of a profile");
    ASSERT_REFUSED("https://www.linkedin.com/in/?x=1", "not of a profile");
    ASSERT_REFUSED("https://example.com/in/john-doe", "another site");
    ASSERT_REFUSED("https://notlinkedin.com/in/john-doe", "another site");
    ASSERT_REFUSED("https://linkedin.com.evil.example/in/john-doe", "another site");
    ASSERT_REFUSED("https://.linkedin.com/in/john-doe", "another site");
    ASSERT_REFUSED("https://a..linkedin.com/in/john-doe", "another site");
    ASSERT_REFUSED("https://linkedin.com:80x/in/john-doe", "another site");
    ASSERT_REFUSED("ftp://linkedin.com/in/john-doe", "another site");
    ASSERT_REFUSED("https://evil.example\\@linkedin.com/in/john", "user name before the host");
    ASSERT_REFUSED("https://user@www.linkedin.com/in/john-doe", "user name before the host");
    ASSERT_REFUSED("user:pw@www.linkedin.com/in/john-doe", "user name before the host");
    ASSERT_REFUSED("john\0doe", "control character or NUL");
    ASSERT_REFUSED("john%00doe", "control character or NUL");
    ASSERT_REFUSED("john\x7f", "control character or NUL");
    ASSERT_REFUSED("john%07", "control character or NUL");
    ASSERT_REFUSED("john%C2%80", "control character or NUL");
    ASSERT_REFUSED("john\xc3(", "valid UTF-8");
    ASSERT_REFUSED("%C3", "valid UTF-8");
    ASSERT_REFUSED("%C0%AF", "valid UTF-8");
    ASSERT_REFUSED("%ED%A0%80", "valid UTF-8");
    ASSERT_REFUSED("%F4%90%80%80", "valid UTF-8");
    ASSERT_REFUSED("%zz", "percent-encoding");
    ASSERT_REFUSED("john%4", "percent-encoding");
    ASSERT_REFUSED("100%", "percent-encoding");
    ASSERT_REFUSED("john\xe2\x80\x8b", "invisible");
    ASSERT_REFUSED("john\xef\xbf\xbd", "invisible");
    ASSERT_REFUSED("\xee\x80\x80", "invisible");
    ASSERT_REFUSED("\xef\xbf\xbf", "invisible");
    ASSERT_REFUSED("a,b", "contains one of");
    ASSERT_REFUSED("john-doe?trk=x", "contains one of");
    ASSERT_REFUSED("john-doe/", "contains one of");
    ASSERT_REFUSED("linkedin.com\\in\\john", "contains one of");
    ASSERT_REFUSED("LinkedIn.com", "host name");
    ASSERT_REFUSED("www.linkedin.com:443", "host name");
    ASSERT_REFUSED("linkedin.com.", "host name");
    ASSERT_REFUSED("www.example.com", "host name");
    ASSERT_REFUSED("..", "not a name");
}

/* Names of ASCII letters, digits, - and _ are looked at many bytes at a time. */
static void every_ascii_byte_counts_at_every_place(void **state)
{
    static const char extra[] = "-_!$()*+=[]^`{|}~"; /* those that stay as they are */
    char raw[100], wanted[100];
    for (size_t len = 1; len <= sizeof raw; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int byte = 1; byte < 0x80; byte++) {
                bool upper = byte >= 'A' && byte <= 'Z';
                bool kept = upper || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
                            strchr(extra, byte);
                bool space = byte == ' ' || (byte >= 9 && byte <= 13);
                if (byte == '.' || byte == ':' || (space && (at == 0 || at == len - 1)))
                    continue; /* has rules of its own */
                memset(raw, 'Q', len);
                memset(wanted, 'q', len);
                raw[at] = (char)byte;
                wanted[at] = (char)(upper ? byte | 0x20 : byte);
                struct lb_identifier id;
                const char *reason = lb_identifier_normalise((struct lb_str){raw, len}, &id);
                if ((reason == NULL) != kept)
                    fail_msg("byte %d at %zu of %zu: %s", byte, at, len, reason);
                if (kept && (id.len != len || memcmp(id.text, wanted, len) != 0))
                    fail_msg("byte %d at %zu of %zu: %s", byte, at, len, id.text);
            }
        }
    }
}

static void white_space_is_trimmed_outside_and_refused_inside(void **state)
{
    (void)state;
    ASSERT_CANONICAL("\xe3\x80\x80 john\xc2\xa0\r\n", "john");
    ASSERT_CANONICAL(" https://linkedin.com/in/john ", "john");
    struct lb_identifier id;
    assert_string_equal(lb_identifier_normalise(LB_STR("a b"), &id), "contains white space");
    ASSERT_REFUSED("john\ndoe", "white space");
    ASSERT_REFUSED("john\xe2\x80\xa8"
                   "doe",
                   "white space");
    ASSERT_REFUSED("https://linkedin.com/in/a/ https://linkedin.com/in/b/", "white space");
}

static void percent_encoding_is_decoded_once(void **state)
{
    (void)state;
    ASSERT_CANONICAL("%6aohn", "john");
    ASSERT_REFUSED("%256aohn", "contains one of");
    ASSERT_REFUSED("in%2Fjohn", "contains one of");
    ASSERT_REFUSED("https%3A%2F%2Fwww.linkedin.com%2Fin%2Fjohn", "contains one of");
    ASSERT_REFUSED("%20john", "white space");
    ASSERT_REFUSED("john%0A", "white space");
    ASSERT_REFUSED("%6cinkedin.com", "host name");
    ASSERT_CANONICAL("linkedin.com/in/john?x=%zz", "john");
}

static void a_profile_url_gives_the_segment_after_in(void **state)
{
    (void)state;
    ASSERT_CANONICAL("https://linkedin.com/in/in", "in");
    ASSERT_CANONICAL("linkedin.com./in/john", "john");
    ASSERT_CANONICAL("LINKEDIN.COM:8080/IN/John#x/y", "john");
    ASSERT_CANONICAL("comm/in/john", "john");
    ASSERT_CANONICAL("https://de.linkedin.com//in/J%C3%B6rg?trk=@x", "j\xc3\xb6rg");
    ASSERT_REFUSED("https://linkedin.com/in/..", "not a name");
    ASSERT_REFUSED("https://linkedin.com?/in/john", "not of a profile");
    ASSERT_REFUSED("https://linkedin.com/x/in/john", "not of a profile");
    ASSERT_REFUSED("//in/john", "another site");
    ASSERT_REFUSED("://linkedin.com/in/john", "another site");
}

static void the_case_of_member_ids_is_kept_and_of_nothing_else(void **state)
{
    (void)state;
    ASSERT_CANONICAL("ACoAA" TEN TEN "Abc_-fGhIj", "ACoAA" TEN TEN "Abc_-fGhIj");
    ASSERT_CANONICAL("/in/ACwAA" TEN TEN "%41bcdefghij", "ACwAA" TEN TEN "Abcdefghij");
    ASSERT_CANONICAL("ACoAA" TEN TEN "Abcdefghi", "acoaa" TEN TEN "abcdefghi");
    ASSERT_CANONICAL("ACxAA" TEN TEN "Abcdefghij", "acxaa" TEN TEN "abcdefghij");
    ASSERT_CANONICAL("acoAA" TEN TEN "Abcdefghij", "acoaa" TEN TEN "abcdefghij");
    ASSERT_CANONICAL("ACoAA" TEN TEN "Abcdefghi.", "acoaa" TEN TEN "abcdefghi.");
    /* Folds to letters of a member id, but was not written as one. */
    ASSERT_CANONICAL("AC\xc5\x8c"
                     "AA" TEN TEN TEN,
                     "ac\xc5\x8d"
                     "aa" TEN TEN TEN);
    ASSERT_CANONICAL("ACoAA" TEN TEN TEN "\xe2\x84\xaa", "acoaa" TEN TEN TEN "k");
    ASSERT_REFUSED("ACoAA" HUNDRED, "longer than 100");
}

static void length_is_counted_in_code_points_of_the_canonical_form(void **state)
{
    (void)state;
    ASSERT_CANONICAL(HUNDRED, HUNDRED);
    char raw[800];
    for (size_t i = 0; i < 400; i += 4)
        memcpy(raw + i, "\xf0\x90\x8c\xb0", 4);
    struct lb_identifier id;
    assert_null(lb_identifier_normalise((struct lb_str){raw, 400}, &id));
    assert_int_equal(id.len, LB_IDENTIFIER_SIZE - 1);
    assert_stable(&id);
    for (size_t i = 0; i < 300; i += 3)
        memcpy(raw + i, "e\xcc\x81", 3);
    assert_null(lb_identifier_normalise((struct lb_str){raw, 300}, &id));
    assert_int_equal(id.len, 200);
    for (size_t i = 0; i < 200; i += 2)
        memcpy(raw + i, "\xc3\x9f", 2);
    assert_refused((struct lb_str){raw, 200}, "longer than 100");
    assert_null(lb_identifier_normalise((struct lb_str){raw, 100}, &id));
    assert_int_equal(id.len, 100);
}

static void hostile_lengths_are_refused_early(void **state)
{
    (void)state;
    size_t len = 4 << 20;
    char *raw = malloc(len);
    assert_non_null(raw);
    memset(raw, 'a', len);
    assert_refused((struct lb_str){raw, len}, "longer than 100");
    assert_refused((struct lb_str){raw, LB_IDENTIFIER_RAW_MAX}, "longer than 100");
    for (size_t i = 0; i < 700; i += 2)
        memcpy(raw + i, i % 4 ? "\xcc\xa1" : "\xcc\x81", 2);
    assert_refused((struct lb_str){raw, 700}, "longer than 100");
    for (size_t i = 0; i < 1200; i += 3)
        memcpy(raw + i, "\xe0\xbd\xb3", 3); /* U+0F73 is no mark, but decomposes into two */
    assert_refused((struct lb_str){raw, 1200}, "longer than 100");
    free(raw);
}

static void combining_marks_in_any_order_are_one_name(void **state)
{
    (void)state;
    ASSERT_CANONICAL("a\xcc\x81\xcc\xa3", "\xe1\xba\xa1\xcc\x81");
    ASSERT_CANONICAL("a\xcc\xa3\xcc\x81", "\xe1\xba\xa1\xcc\x81");
    ASSERT_CANONICAL("\xc3\xa1\xcc\xa3", "\xe1\xba\xa1\xcc\x81");
    ASSERT_CANONICAL("a\xe0\xbd\xb3\xe0\xbd\xb3",
                     "a\xe0\xbd\xb1\xe0\xbd\xb1\xe0\xbd\xb2\xe0\xbd\xb2");
    /* U+0958 is excluded from composition. */
    ASSERT_CANONICAL("\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc");
    char marks[201] = "a", sorted[201] = "a";
    for (size_t i = 1; i < 199; i += 2) {
        memcpy(marks + i, i < 100 ? "\xcc\x85" : "\xcc\xa0", 2);
        memcpy(sorted + i, i < 99 ? "\xcc\xa0" : "\xcc\x85", 2);
    }
    assert_canonical(lb_str(marks), lb_str(sorted));
}

static void forbidden_characters_count_after_folding(void **state)
{
    (void)state;
    ASSERT_REFUSED("a\xcd\xbe", "contains one of"); /* U+037E composes to ; */
    ASSERT_CANONICAL("\xe2\x84\xaa", "k");          /* the Kelvin sign */
    ASSERT_CANONICAL("<\xcc\xb8", "\xe2\x89\xae");  /* < with a stroke is another character */
    ASSERT_REFUSED("LIN\xe2\x84\xaa"
                   "EDIN.COM",
                   "host name");
}

/* A small generator (xorshift64*, Vigna 2016), so that a failure can be repeated. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * 0x2545f4914f6cdd1du;
}

static size_t put_piece(uint64_t pick, char *out)
{
    static const char *const pieces[] = {
        "a",
        "K",
        "-",
        ".",
        "/",
        "in/",
        "%",
        "%20",
        "%2F",
        "%C3%9F",
        "linkedin.com",
        "https://",
        "www.",
        "\xcc\x81",
        "\xcc\xb8",
        "\xcd\x85",
        "\xcc\x88",
        "\xc4\xb0",
        "\xc7\xb0",
        "\xe1\xbe\xb4",
        "\xe1\xbe\x82",
        "\xce\x90",
        "\xe1\xba\x9e",
        "\xe2\x84\xaa",
        "\xe1\x84\x80",
        "\xe1\x85\xa1",
        "\xe1\x86\xa8",
        "\xef\xac\x83",
        "\xe1\x8f\xb8",
        "\xcc\xa7",
        "<",
        "@",
        "ACoAA",
        TEN TEN TEN,
        "\xe3\x80\x80",
        "\xca\xbe",
        "\xcf\x82",
        "\xf0\x9d\x85\x9e",
        "\xe0\xa5\x98",
    };
    const char *piece = pieces[pick % (sizeof pieces / sizeof *pieces)];
    memcpy(out, piece, strlen(piece));
    return strlen(piece);
}

static void what_is_accepted_is_its_own_canonical_form(void **state)
{
    (void)state;
    uint64_t seed = 42;
    unsigned accepted = 0;
    for (unsigned round = 0; round < 200000; round++) {
        char raw[512];
        size_t len = 0;
        for (uint64_t n = next_random(&seed) % 9 + 1; n > 0; n--)
            len += put_piece(next_random(&seed) >> 20, raw + len);
        struct lb_identifier id;
        if (lb_identifier_normalise((struct lb_str){raw, len}, &id))
            continue;
        accepted++;
        assert_stable(&id);
        assert_int_equal(strcspn(id.text, "/\\?#%&<>\"'@,; "), id.len);
    }
    assert_true(accepted > 20000);
}

static void every_code_point_alone_is_refused_or_stable(void **state)
{
    (void)state;
    unsigned accepted = 0;
    for (uint32_t point = 0x80; point < 0x110000; point++) {
        char raw[8] = "a";
        size_t len = 1;
        static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
        size_t tail = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
        raw[len++] = (char)(lead[tail] | point >> (6 * tail));
        while (tail-- > 0)
            raw[len++] = (char)(0x80 | (point >> (6 * tail) & 0x3f));
        struct lb_identifier id;
        if (lb_identifier_normalise((struct lb_str){raw, len}, &id))
            continue;
        accepted++;
        assert_stable(&id);
    }
    assert_true(accepted > 100000);
}

static void a_search_term_is_folded_without_the_other_rules(void **state)
{
    (void)state;
    struct lb_buf out = {0};
    assert_true(lb_identifier_fold_term(LB_STR("JOSE\xcc\x81, @/Stra\xc3\x9f"
                                               "e%41 "),
                                        &out));
    assert_true(lb_str_equal(lb_buf_str(&out), LB_STR("jos\xc3\xa9, @/strasse%41 ")));
    assert_true(lb_identifier_fold_term(LB_STR(""), &out));
    assert_true(lb_identifier_fold_term((struct lb_str){NULL, 0}, &out));
    assert_false(lb_identifier_fold_term(LB_STR("a\xff"), &out));
    assert_int_equal(out.len, strlen("jos\xc3\xa9, @/strasse%41 "));
    static char long_term[401];
    memset(long_term, 'A', sizeof long_term);
    assert_true(lb_identifier_fold_term((struct lb_str){long_term, 400}, &out));
    assert_false(lb_identifier_fold_term((struct lb_str){long_term, 401}, &out));
    lb_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_in_the_vectors_have_one_canonical_form),
        cmocka_unit_test(pairs_in_the_vectors_stay_different),
        cmocka_unit_test(refused_texts_in_the_vectors_are_refused),
        cmocka_unit_test(every_reason_says_what_is_wrong),
        cmocka_unit_test(every_ascii_byte_counts_at_every_place),
        cmocka_unit_test(white_space_is_trimmed_outside_and_refused_inside),
        cmocka_unit_test(percent_encoding_is_decoded_once),
        cmocka_unit_test(a_profile_url_gives_the_segment_after_in),
        cmocka_unit_test(the_case_of_member_ids_is_kept_and_of_nothing_else),
        cmocka_unit_test(length_is_counted_in_code_points_of_the_canonical_form),
        cmocka_unit_test(hostile_lengths_are_refused_early),
        cmocka_unit_test(combining_marks_in_any_order_are_one_name),
        cmocka_unit_test(forbidden_characters_count_after_folding),
        cmocka_unit_test(what_is_accepted_is_its_own_canonical_form),
        cmocka_unit_test(every_code_point_alone_is_refused_or_stable),
        cmocka_unit_test(a_search_term_is_folded_without_the_other_rules),
    };
    return cmocka_run_group_tests_name("identifier", tests, NULL, NULL);
}
