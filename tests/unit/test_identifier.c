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

/* The vectors have two sections of the same form: that of the contract, and ours. */
static struct lb_json *load_vectors(void)
{
    static char bytes[1 << 17];
    FILE *file = fopen(LB_TEST_VECTORS "/identifiers.json", "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(len > 0 && len < sizeof bytes);
    struct lb_json *tree;
    assert_int_equal(lb_json_parse((struct lb_str){bytes, len}, 8, &tree, NULL), LB_OK);
    return tree;
}

/* Calls `each` for the items of a list in both sections. */
static void for_vectors(const char *list, size_t least, void (*each)(const struct lb_json *item))
{
    struct lb_json *vectors = load_vectors();
    const struct lb_json *sections[] = {vectors, lb_json_member(vectors, "more")};
    size_t count = 0;
    for (size_t s = 0; s < 2; s++) {
        const struct lb_json *items = lb_json_member(sections[s], list);
        assert_true(lb_json_length(items) > 0);
        for (size_t i = 0; i < lb_json_length(items); i++, count++)
            each(lb_json_item(items, i));
    }
    assert_true(count >= least);
    lb_json_free(vectors);
}

static void check_same(const struct lb_json *group)
{
    const struct lb_json *spellings = lb_json_member(group, "spellings");
    struct lb_str canonical = lb_json_string(lb_json_member(group, "canonical"));
    assert_true(lb_json_length(spellings) > 0);
    for (size_t i = 0; i < lb_json_length(spellings); i++)
        assert_canonical(lb_json_string(lb_json_item(spellings, i)), canonical);
}

static void check_different(const struct lb_json *pair)
{
    struct lb_identifier a, b;
    assert_null(lb_identifier_normalise(lb_json_string(lb_json_item(pair, 0)), &a));
    assert_null(lb_identifier_normalise(lb_json_string(lb_json_item(pair, 1)), &b));
    assert_string_not_equal(a.text, b.text);
}

static bool is_refused_where(const struct lb_json *refused, const char *where)
{
    const struct lb_json *places = lb_json_member(refused, "where");
    for (size_t i = 0; i < lb_json_length(places); i++)
        if (lb_str_equal(lb_json_string(lb_json_item(places, i)), lb_str(where)))
            return true;
    return false;
}

static void assert_holds(const char *reason, const struct lb_json *refused)
{
    struct lb_str value = lb_json_string(lb_json_member(refused, "value"));
    const struct lb_json *words = lb_json_member(refused, "reason_holds");
    assert_int_equal(lb_json_type(words), LB_JSON_ARRAY);
    for (size_t i = 0; i < lb_json_length(words); i++) {
        struct lb_str word = lb_json_string(lb_json_item(words, i));
        if (!memmem(reason, strlen(reason), word.ptr, word.len))
            fail_msg("\"%.*s\" %s (wanted: %.*s)", (int)value.len, value.ptr, reason, (int)word.len,
                     word.ptr);
    }
}

/* Those with "where" are names to the normaliser, and doubtful in some requests. */
static void check_refused(const struct lb_json *refused)
{
    struct lb_str value = lb_json_string(lb_json_member(refused, "value"));
    struct lb_identifier id;
    const char *reason = lb_identifier_normalise(value, &id);
    if (lb_json_type(lb_json_member(refused, "where")) == LB_JSON_MISSING) {
        if (!reason)
            fail_msg("\"%.*s\" became \"%s\"", (int)value.len, value.ptr, id.text);
        assert_holds(reason, refused);
        return;
    }
    assert_null(reason);
    assert_true(is_refused_where(refused, "block") && is_refused_where(refused, "lead"));
    reason = lb_identifier_doubt(&id, true);
    assert_non_null(reason);
    assert_holds(reason, refused);
    assert_int_equal(lb_identifier_doubt(&id, false) != NULL, is_refused_where(refused, "check"));
}

static void spellings_in_the_vectors_have_one_canonical_form(void **state)
{
    (void)state;
    for_vectors("same", 17, check_same);
}

static void pairs_in_the_vectors_stay_different(void **state)
{
    (void)state;
    for_vectors("different", 5, check_different);
}

static void refused_texts_in_the_vectors_are_refused(void **state)
{
    (void)state;
    for_vectors("refused", 60, check_refused);
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
    ASSERT_REFUSED("https://www.linkedin.com/sales/lead/ACwAAABBBB,NAME,x", "cut short");
    ASSERT_REFUSED("https://www.linkedin.com/sales/lead/john-doe,NAME,x", "no member id");
    ASSERT_REFUSED("https://www.linkedin.com/sales/lead/", "Sales Navigator");
    ASSERT_REFUSED("https://www.linkedin.com/sales/company/123", "Sales Navigator");
    ASSERT_REFUSED("https://www.linkedin.com/talent/profile/AEMAA" TEN TEN TEN, "Recruiter");
    ASSERT_REFUSED("AEMAA" TEN TEN TEN, "Recruiter");
    ASSERT_REFUSED("urn:li:member:476162262", "kind \"member\"");
    ASSERT_REFUSED("urn:li:" HUNDRED ":1", "kind \"" TEN TEN TEN TEN "\"");
    ASSERT_REFUSED("urn:li:\"<b>:1", "kind \"\"");
    ASSERT_REFUSED("urn:li:fsd_profile:", "no letter");
    ASSERT_REFUSED("urn:li:fsd_profile:john-doe", "no member id");
    ASSERT_REFUSED("urn:li:fsd_profile:ACoAAshort", "cut short");
    ASSERT_REFUSED("urn:li:fsd_profile:acoaa" TEN TEN TEN, "capital");
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
    ASSERT_REFUSED("jo\xe2\x80\x8bhn", "U+200B");
    ASSERT_REFUSED("john\xef\xbf\xbd", "U+FFFD");
    ASSERT_REFUSED("\xee\x80\x80", "U+E000");
    ASSERT_REFUSED("\xef\xbf\xbf", "U+FFFF");
    ASSERT_REFUSED("a\xe2\xa0\x80", "U+2800");
    ASSERT_REFUSED("a,b", "contains \",\"; LinkedIn names are letters, digits and hyphens");
    ASSERT_REFUSED("(a,b", "contains \"(\";");
    ASSERT_REFUSED("john-doe?trk=x", "contains \"?\";");
    ASSERT_REFUSED("john-doe/", "contains \"/\";");
    ASSERT_REFUSED("a\xc2\xa7", "contains \"\xc2\xa7\";");
    ASSERT_REFUSED("linkedin.com\\in\\john", "domain or e-mail");
    ASSERT_REFUSED("LinkedIn.com",
                   "contains \".\"; a domain or e-mail address is no LinkedIn name");
    ASSERT_REFUSED("..", "domain or e-mail");
    ASSERT_REFUSED("(https://linkedin.com/in/john", "contains \"(\"");
    ASSERT_REFUSED("{{$json.url}}/x", "contains \"{\"");
    ASSERT_REFUSED("https://https://linkedin.com/in/john", "two addresses, or more than one name");
    ASSERT_REFUSED("-_-", "no letter");
    ASSERT_REFUSED("\xe2\x80\x99\xcc\x81\xc2\xb7", "no letter");
}

/* Names of ASCII letters, digits, - and _ are looked at many bytes at a time. */
static void every_ascii_byte_counts_at_every_place(void **state)
{
    char raw[100], wanted[100];
    for (size_t len = 1; len <= sizeof raw; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int byte = 1; byte < 0x80; byte++) {
                bool upper = byte >= 'A' && byte <= 'Z';
                bool kept = upper || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
                            (len > 1 && (byte == '-' || byte == '_'));
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
    ASSERT_REFUSED("a b", "contains white space; give one name alone, without any");
    ASSERT_REFUSED("john\ndoe", "white space");
    ASSERT_REFUSED("john\xe2\x80\xa8"
                   "doe",
                   "white space");
    ASSERT_REFUSED("https://linkedin.com/in/a/ https://linkedin.com/in/b/", "white space");
}

static void percent_encoding_is_decoded_up_to_three_times(void **state)
{
    (void)state;
    ASSERT_CANONICAL("%6aohn", "john");
    ASSERT_CANONICAL("%256aohn", "john");
    ASSERT_CANONICAL("%25256aohn", "john");
    ASSERT_REFUSED("%2525256aohn", "contains \"%\"");
    ASSERT_REFUSED("john%25", "contains \"%\"");
    ASSERT_REFUSED("in%2Fjohn", "contains \"/\"");
    ASSERT_REFUSED("https%3A%2F%2Fwww.linkedin.com%2Fin%2Fjohn", "contains \":\"");
    ASSERT_CANONICAL("%20john%E2%80%8B%0A", "john");
    ASSERT_REFUSED("jo%20hn", "white space");
    ASSERT_REFUSED("%20%20", "empty");
    ASSERT_REFUSED("%6cinkedin.com", "domain");
    ASSERT_CANONICAL("linkedin.com/in/john?x=%zz", "john");
    ASSERT_CANONICAL("john\xef\xbc\x85\x32\x64\x31", "john-1"); /* a full-width % */
}

static void a_profile_url_gives_the_segment_after_in(void **state)
{
    (void)state;
    ASSERT_CANONICAL("linkedin.com./in/john", "john");
    ASSERT_CANONICAL("LINKEDIN.COM:8080/IN/John#x/y", "john");
    ASSERT_CANONICAL("comm/in/john", "john");
    ASSERT_CANONICAL("https://de.linkedin.com//in/J%C3%B6rg?trk=@x", "j\xc3\xb6rg");
    ASSERT_REFUSED("https://linkedin.com/in/..", "not of a profile");
    ASSERT_REFUSED("https://linkedin.com/in/../", "domain");
    ASSERT_CANONICAL("mwlite/in/john", "john");
    ASSERT_CANONICAL("https://linkedin.com/mwlite//profile/in/john/x", "john");
    ASSERT_REFUSED("https://linkedin.com/mwlite/me/in/john", "not of a profile");
    ASSERT_CANONICAL("http:/linkedin.com/in/john", "john");
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
    ASSERT_CANONICAL("ACoAA" TEN "\xe2\x80\x8d" TEN "Abcdefghij", "ACoAA" TEN TEN "Abcdefghij");
    ASSERT_CANONICAL("ACxAA" TEN TEN "Abcdefghij", "acxaa" TEN TEN "abcdefghij");
    ASSERT_REFUSED("ACoAA" HUNDRED, "longer than 100");
}

static void member_ids_that_can_match_nobody_are_refused(void **state)
{
    (void)state;
    ASSERT_REFUSED("ACoAA" TEN TEN "Abcdefghi", "cut short");
    ASSERT_REFUSED("ACwAA", "cut short");
    ASSERT_REFUSED("acoAA" TEN TEN "Abcdefghij", "capital");
    ASSERT_REFUSED("acwaa" TEN TEN TEN TEN, "capital");
    ASSERT_CANONICAL("acoaa" TEN TEN "abcdefghi", "acoaa" TEN TEN "abcdefghi");
    ASSERT_REFUSED("aemaa" TEN TEN TEN, "Recruiter");
    ASSERT_CANONICAL("AEMAA" TEN TEN "Abcdefghi", "aemaa" TEN TEN "abcdefghi");
    /* Folds to letters of a member id, but was not written as one. */
    ASSERT_CANONICAL("AC\xc5\x8c"
                     "AA" TEN TEN TEN,
                     "ac\xc5\x8d"
                     "aa" TEN TEN TEN);
    ASSERT_REFUSED("ACoAA" TEN TEN TEN "\xe2\x84\xaa", "capital");
}

static void an_empty_field_of_a_program_is_nobody(void **state)
{
    (void)state;
    ASSERT_REFUSED("Undefined", "undefined");
    ASSERT_REFUSED("https://linkedin.com/in/NULL/", "null");
    ASSERT_CANONICAL("nullmeier", "nullmeier");
    ASSERT_CANONICAL("undefined-1", "undefined-1");
    ASSERT_REFUSED("in/ME", "page");
    ASSERT_REFUSED("https://linkedin.com/in/edit/intro", "page");
    ASSERT_REFUSED("https://linkedin.com/in/in", "page");
    ASSERT_CANONICAL("me", "me");
}

static void assert_doubt(const char *raw, bool adds, const char *word)
{
    struct lb_identifier id;
    assert_null(lb_identifier_normalise(lb_str(raw), &id));
    const char *reason = lb_identifier_doubt(&id, adds);
    assert_int_equal(reason != NULL, word != NULL);
    if (word && !strstr(reason, word))
        fail_msg("\"%s\" %s (wanted: %s)", raw, reason, word);
}

static void bare_names_that_are_probably_something_else_are_doubtful(void **state)
{
    (void)state;
    assert_doubt("0123", true, "only digits");
    assert_doubt("\xef\xbc\x91\xef\xbc\x92", true, "only digits"); /* full-width */
    assert_doubt("0123", false, NULL);
    assert_doubt("in/0123", true, NULL);
    assert_doubt("0123a", true, NULL);
    assert_doubt("NaN", true, "\"nan\": an empty field");
    assert_doubt(" none ", false, "\"none\": an empty field");
    assert_doubt("https://linkedin.com/in/none", false, NULL);
    assert_doubt("nonet", true, NULL);
    assert_doubt("NAME_SEARCH", true, "Sales Navigator");
    assert_doubt("name_search", false, "Sales Navigator");
    assert_doubt("in/name_search", true, NULL);
    assert_doubt("name-search", true, NULL);
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

static void the_characters_of_the_canonical_form_count(void **state)
{
    (void)state;
    ASSERT_REFUSED("a\xcd\xbe", "contains \";\"");            /* U+037E composes to ; */
    ASSERT_CANONICAL("\xe2\x84\xaa", "k");                    /* the Kelvin sign */
    ASSERT_REFUSED("<\xcc\xb8", "contains \"\xe2\x89\xae\""); /* with a stroke: U+226E */
    ASSERT_CANONICAL("a\xef\xbc\xbf\xef\xbc\xa2", "a_b");     /* full-width */
    ASSERT_CANONICAL("a\xce\x87", "a\xc2\xb7");               /* U+0387 */
    ASSERT_CANONICAL("\xef\xb8\x8f\x31\xef\xb8\x8f\xe2\x83\xa3", "1\xe2\x83\xa3"); /* keycap */
    ASSERT_REFUSED("a\xef\xbc\x8f", "contains \"/\""); /* full-width / */
}

static void symbols_are_pictures_and_what_unicode_calls_other_symbols(void **state)
{
    (void)state;
    ASSERT_CANONICAL("a\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "a\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd");
    ASSERT_CANONICAL("\xe2\x86\x94\xef\xb8\x8f", "\xe2\x86\x94"); /* Sm, a picture */
    ASSERT_CANONICAL("\xe3\x80\xb0", "\xe3\x80\xb0");             /* Pd, a picture */
    ASSERT_CANONICAL("a\xf0\x9f\xab\xba", "a\xf0\x9f\xab\xba");   /* assigned later, maybe */
    ASSERT_REFUSED("a\xcd\xb8", "U+0378");                        /* unassigned elsewhere */
    ASSERT_REFUSED("a\xe2\x86\x92\xe2\x88\x91", "\xe2\x86\x92");  /* Sm, no picture */
    ASSERT_REFUSED("a\xe2\x82\xac", "\xe2\x82\xac");              /* Sc */
    ASSERT_REFUSED("a^", "^");                                    /* Sk */
    /* The flag of England is a black flag and tags. */
    ASSERT_CANONICAL("\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf", "\xf0\x9f\x8f\xb4");
    /* Mongolian and ideographic variation selectors. */
    ASSERT_CANONICAL("\xe1\xa0\xa0\xe1\xa0\x8f\xe9\x82\x8a\xf3\xa0\x84\x80-1",
                     "\xe1\xa0\xa0\xe9\x82\x8a-1");
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
        assert_int_equal(strcspn(id.text, "/\\?#%&<>\"'@,; .:()[]{}|*+=!$^`~"), id.len);
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

#define STYLED "\xef\xb8\x8f"

static void assert_held(const char *stored, const char *wanted)
{
    struct lb_identifier today;
    struct lb_str held = lb_identifier_held(lb_str(stored), &today);
    assert_int_equal(held.len, strlen(wanted));
    assert_memory_equal(held.ptr, wanted, held.len);
    assert_int_equal(held.ptr == stored, strcmp(stored, wanted) == 0);
}

static void a_stored_name_holds_under_the_form_of_today(void **state)
{
    (void)state;
    assert_held("john-doe", "john-doe");
    assert_held("jos\xc3\xa9", "jos\xc3\xa9");
    assert_held("a\xe2\x9d\xa4\xef\xb8\x8f-1", "a\xe2\x9d\xa4-1");
    assert_held("\xef\xbd\x81nn", "ann");  /* full-width */
    assert_held("ann\xe3\x85\xa4", "ann"); /* a Hangul filler */
    /* Refused today: as it is. */
    assert_held("john-doe.", "john-doe.");
    assert_held("undefined", "undefined");
    assert_held("kim.lee-\xe2\x9d\xa4" STYLED, "kim.lee-\xe2\x9d\xa4" STYLED);
    /* With a character of the ranges that are looked through, but nothing has changed. */
    assert_held("\xef\xbd\xb1", "\xef\xbd\xb1");
    assert_held("urn:li:fsd_profile:acoaa" TEN TEN TEN, "urn:li:fsd_profile:acoaa" TEN TEN TEN);
    assert_held("a\xe3\x85\xa4z", "a\xe3\x85\xa4z");
}

static void assert_before(const char *raw, const char *wanted)
{
    struct lb_identifier today, before;
    bool good = lb_identifier_normalise(lb_str(raw), &today) == NULL;
    bool other = lb_identifier_before(lb_str(raw), good ? &today : NULL, &before);
    assert_int_equal(other, wanted != NULL);
    if (wanted)
        assert_string_equal(before.text, wanted);
}

static void a_name_is_looked_for_in_the_form_that_it_had_before(void **state)
{
    (void)state;
    assert_before("John-Doe", NULL);
    assert_before("https://linkedin.com/in/john-doe/", NULL);
    assert_before("Jos\xc3\xa9", NULL);
    assert_before(" John-Doe. ", "john-doe.");
    assert_before("linkedin.com/in/john-doe.?x", "john-doe.");
    assert_before("https://linkedin.com/in/john-doe).", "john-doe).");
    assert_before("a\xe2\x9d\xa4\xef\xb8\x8f-1", NULL); /* which holds under the form of today */
    assert_before("in/ann\xe2\x80\x99", "ann\xe2\x80\x99");
    assert_before("in/a\xe2\x9d\xa4\xef\xb8\x8f\xe2\x80\x99", "a\xe2\x9d\xa4\xe2\x80\x99");
    assert_before("Undefined", "undefined");
    assert_before("urn:li:fsd_profile:ACoAA" TEN TEN TEN, "urn:li:fsd_profile:acoaa" TEN TEN TEN);
    assert_before("ACoAA" TEN TEN TEN, NULL);
    assert_before("in/ACoAA" TEN TEN TEN, NULL);
    assert_before("%41CoAA" TEN TEN TEN, NULL);
    assert_before("in/ACoAA" TEN TEN TEN ".", "acoaa" TEN TEN TEN ".");
    assert_before("ACoAA" TEN TEN TEN STYLED, "acoaa" TEN TEN TEN STYLED);
    assert_before("kim.lee-\xe2\x9d\xa4" STYLED, "kim.lee-\xe2\x9d\xa4" STYLED);
    assert_before(" \xe3\x85\xa4", "\xe3\x85\xa4"); /* a Hangul filler */
    assert_before("in/***", "***");
    assert_before("%252e", NULL); /* which was refused */
    assert_before("a@b.c", NULL);
    assert_before("linkedin.com/in/ann/,in/bob", NULL); /* two */
    assert_before("linkedin.com/in/ann./,", "ann.");
    assert_before("a b", NULL);
    assert_before("https://example.com/in/x", NULL);
    assert_before(HUNDRED "1.", NULL);
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
    out.len = 0;
    /* A zero width joiner alone is no empty term, which all names would match. */
    assert_true(lb_identifier_fold_term(LB_STR("\xe2\x80\x8d"), &out));
    assert_true(lb_str_equal(lb_buf_str(&out), LB_STR("\xe2\x80\x8d")));
    out.len = 0;
    /* A name that goes on as it was stored. */
    assert_true(lb_identifier_fold_term(LB_STR("\xe2\x9d\xa4" STYLED ".Kim"), &out));
    assert_true(lb_str_equal(lb_buf_str(&out), LB_STR("\xe2\x9d\xa4" STYLED ".kim")));
    out.len = 0;
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
        cmocka_unit_test(percent_encoding_is_decoded_up_to_three_times),
        cmocka_unit_test(a_profile_url_gives_the_segment_after_in),
        cmocka_unit_test(the_case_of_member_ids_is_kept_and_of_nothing_else),
        cmocka_unit_test(member_ids_that_can_match_nobody_are_refused),
        cmocka_unit_test(an_empty_field_of_a_program_is_nobody),
        cmocka_unit_test(bare_names_that_are_probably_something_else_are_doubtful),
        cmocka_unit_test(length_is_counted_in_code_points_of_the_canonical_form),
        cmocka_unit_test(hostile_lengths_are_refused_early),
        cmocka_unit_test(combining_marks_in_any_order_are_one_name),
        cmocka_unit_test(the_characters_of_the_canonical_form_count),
        cmocka_unit_test(symbols_are_pictures_and_what_unicode_calls_other_symbols),
        cmocka_unit_test(what_is_accepted_is_its_own_canonical_form),
        cmocka_unit_test(every_code_point_alone_is_refused_or_stable),
        cmocka_unit_test(a_stored_name_holds_under_the_form_of_today),
        cmocka_unit_test(a_name_is_looked_for_in_the_form_that_it_had_before),
        cmocka_unit_test(a_search_term_is_folded_without_the_other_rules),
    };
    return cmocka_run_group_tests_name("identifier", tests, NULL, NULL);
}
