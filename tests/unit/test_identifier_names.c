/* Many generated names: whatever clothes a name comes in, it is one name; and what is refused is
 * refused in all of them. LEADBLOCK_TEST_NAMES says how many, LEADBLOCK_SEED which. */
#include "domain/blocklist/identifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#include <cmocka.h>

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define NAMES_DEFAULT 1000000
#else
#define NAMES_DEFAULT 100000
#endif

#define RAW_MAX 4096

static uint64_t seed = 42;

/* xorshift64* (Vigna 2016), so that a failure can be repeated. */
static uint64_t next_random(uint64_t below)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (seed * 0x2545f4914f6cdd1du >> 20) % below;
}

struct text {
    size_t len;
    char bytes[RAW_MAX];
};

static struct lb_str str_of(const struct text *text)
{
    return (struct lb_str){text->bytes, text->len};
}

static void put(struct text *text, const char *bytes, size_t len)
{
    assert_true(text->len + len <= sizeof text->bytes);
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

static void put_text(struct text *text, const char *words)
{
    put(text, words, strlen(words));
}

static void put_point(struct text *text, int32_t point)
{
    char bytes[4];
    put(text, bytes, (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)bytes));
}

/* --- Names as people have them, and what comes in their place --- */

/* First and last code points from which letters are taken. */
static const struct {
    int32_t first, last;
} SCRIPTS[] = {
    {'a', 'z'},         {'a', 'z'},         {'a', 'z'},         {'A', 'Z'},
    {'0', '9'},         {0xc0, 0x24f},      {0x300, 0x36f},     {0x370, 0x3ff},
    {0x400, 0x52f},     {0x5d0, 0x5ea},     {0x620, 0x65f},     {0x900, 0x97f},
    {0x1100, 0x11ff},   {0x1e00, 0x1fff},   {0x2000, 0x206f},   {0x2100, 0x214f},
    {0x2190, 0x27bf},   {0x3041, 0x30ff},   {0x4e00, 0x9fff},   {0xac00, 0xd7a3},
    {0xfb00, 0xfb4f},   {0xfe00, 0xfe0f},   {0xff01, 0xffa0},   {0x10400, 0x1044f},
    {0x1d165, 0x1d172}, {0x1f000, 0x1ffff}, {0x1f300, 0x1f6ff}, {0xe0000, 0xe01ef},
    {0x20, 0x7e},
};

static void generate(struct text *out)
{
    static const char *const words[] = {
        "-",
        "-",
        "_",
        "\xe2\x80\x99",
        "\xc2\xb7",
        "%20",
        "%41",
        "%25",
        "%C3%9F",
        ".",
        "/",
        "in/",
        "https://linkedin.com/in/",
        "ACoAA",
        "acoaa",
        "AEMAA",
        "urn:li:fsd_profile:",
        "undefined",
        "null",
        "me",
        "nan",
        "aB3_-fGhIjKlMnOpQrStUvWxYz0123456789",
        "\xc4\xb0",
        "\xc3\x9f",
        "\xe1\xbe\x82",
        "\xcd\x85",
        "\xe2\x80\x8d",
        "\xef\xb8\x8f",
        ",",
        "\xe3\x80\x80",
    };
    out->len = 0;
    bool plain = next_random(3) == 0;
    for (uint64_t pieces = 1 + next_random(10); pieces > 0; pieces--) {
        size_t script = next_random(plain ? 5 : sizeof SCRIPTS / sizeof *SCRIPTS);
        if (next_random(plain ? 12 : 6) == 0) {
            put_text(out, words[next_random(sizeof words / sizeof *words)]);
            continue;
        }
        uint64_t points = 1 + next_random(3);
        int32_t span = SCRIPTS[script].last - SCRIPTS[script].first + 1;
        for (; points > 0; points--)
            put_point(out, SCRIPTS[script].first + (int32_t)next_random((uint64_t)span));
    }
}

/* --- Clothes: `name` is canonical --- */

static void put_encoded(struct text *out, struct lb_str name, int times)
{
    for (size_t i = 0; i < name.len; i++) {
        char encoded[16];
        unsigned char byte = (unsigned char)name.ptr[i];
        snprintf(encoded, sizeof encoded, times == 2 ? "%%25%02X" : "%%%02x", byte);
        put_text(out, encoded);
    }
}

static void each_point(struct text *out, struct lb_str name, void (*each)(struct text *, int32_t))
{
    while (name.len) {
        int32_t point;
        size_t n = (size_t)utf8proc_iterate((const utf8proc_uint8_t *)name.ptr,
                                            (utf8proc_ssize_t)name.len, &point);
        each(out, point);
        name.ptr += n;
        name.len -= n;
    }
}

static void put_wide(struct text *out, int32_t point)
{
    put_point(out, point > 0x20 && point < 0x7f ? point - '!' + 0xff01 : point);
}

static void put_styled(struct text *out, int32_t point)
{
    static const int32_t styles[] = {0x200c,  0x200d,  0xfe0e,  0xfe0f,
                                     0xe0020, 0xe007f, 0xe0100, 0x180b};
    put_point(out, point);
    if (next_random(2))
        put_point(out, styles[next_random(sizeof styles / sizeof *styles)]);
}

static void put_upper(struct text *out, int32_t point)
{
    put_point(out, point >= 'a' && point <= 'z' ? point - 0x20 : point);
}

static void put_decomposed(struct text *out, int32_t point)
{
    int32_t parts[8];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(point, parts, 8, UTF8PROC_DECOMPOSE, &boundary);
    assert_in_range(n, 1, 8);
    for (utf8proc_ssize_t i = 0; i < n; i++)
        put_point(out, parts[i]);
}

static void put_framed(struct text *out, const char *before, struct lb_str name, const char *after)
{
    put_text(out, before);
    put(out, name.ptr, name.len);
    put_text(out, after);
}

enum { BARE_CLOTHES = 7, ADDRESSES = 7 };

/* A name alone. */
static void dress(unsigned which, struct lb_str name, struct text *out)
{
    bool member_id = lb_identifier_is_member_id(name);
    out->len = 0;
    switch (which) {
    case 0:
        put_framed(out, " \t", name, "\xe2\x80\x83\r\n");
        break;
    case 1:
        put_framed(out, "\xef\xbb\xbf\xe2\x80\x8e", name, "\xe2\x80\x8b\xc2\xad");
        break;
    case 2:
        put_encoded(out, name, 1);
        break;
    case 3:
        put_encoded(out, name, 2);
        break;
    case 4:
        each_point(out, name, put_wide);
        break;
    case 5:
        each_point(out, name, put_styled);
        break;
    default:
        each_point(out, name, member_id ? put_styled : next_random(2) ? put_upper : put_decomposed);
        break;
    }
}

static void dress_as_address(unsigned which, struct lb_str name, struct text *out)
{
    out->len = 0;
    switch (which) {
    case 0:
        put_framed(out, "https://www.linkedin.com/in/", name, "/");
        break;
    case 1:
        put_framed(out, "HTTP://De.LinkedIn.Com:443//comm//in/", name, "/de-DE?trk=a,b;c#d).");
        break;
    case 2:
        put_framed(out, "//m.linkedin.com/mwlite/profile/in/", name, "?x=1");
        break;
    case 3:
        put_framed(out, "/in/", name, "/).\xe2\x80\x9d");
        break;
    case 4:
        put_text(out, "linkedin.com/in/");
        put_encoded(out, name, 1);
        put_text(out, ").");
        break;
    case 5:
        put_framed(out, "m.linkedin.com/in/", name, "/\xe2\x80\x9c\xe3\x80\x8d\xd8\x9f");
        break;
    default:
        put_text(out, "www.linkedin.com/mwlite/in/");
        put_encoded(out, name, 2);
        put_text(out, "/details/skills/");
        break;
    }
}

static bool is_page(struct lb_str name)
{
    return lb_str_equal(name, LB_STR("me")) || lb_str_equal(name, LB_STR("in")) ||
           lb_str_equal(name, LB_STR("edit")) || lb_str_equal(name, LB_STR("unavailable"));
}

static void assert_same(struct lb_str raw, const struct lb_identifier *wanted)
{
    struct lb_identifier id;
    const char *reason = lb_identifier_normalise(raw, &id);
    if (reason)
        fail_msg("\"%.*s\" of \"%s\" %s", (int)raw.len, raw.ptr, wanted->text, reason);
    if (id.len != wanted->len || memcmp(id.text, wanted->text, id.len) != 0)
        fail_msg("\"%.*s\" became \"%s\", not \"%s\"", (int)raw.len, raw.ptr, id.text,
                 wanted->text);
}

static void assert_one_name(const struct lb_identifier *id)
{
    struct lb_str name = {id->text, id->len};
    struct text dressed;
    assert_same(name, id);
    dress((unsigned)next_random(BARE_CLOTHES), name, &dressed);
    assert_same(str_of(&dressed), id);
    if (is_page(name))
        return;
    dress_as_address((unsigned)next_random(ADDRESSES), name, &dressed);
    assert_same(str_of(&dressed), id);
}

/* What is refused is refused in any white space; and encoded, unless it is encoded in part. */
static void assert_refused(struct lb_str raw, const char *reason)
{
    struct lb_identifier id;
    struct text dressed;
    assert_true(strlen(reason) > 10);
    dress((unsigned)next_random(memchr(raw.ptr, '%', raw.len) ? 2 : 4), raw, &dressed);
    if (!lb_identifier_normalise(str_of(&dressed), &id))
        fail_msg("\"%.*s\" became \"%s\", and \"%.*s\" %s", (int)dressed.len, dressed.bytes,
                 id.text, (int)raw.len, raw.ptr, reason);
}

static void a_name_is_one_name_in_all_clothes(void **state)
{
    (void)state;
    const char *wanted = getenv("LEADBLOCK_TEST_NAMES"), *start = getenv("LEADBLOCK_SEED");
    unsigned long names = wanted ? strtoul(wanted, NULL, 10) : NAMES_DEFAULT;
    unsigned long accepted = 0;
    if (start)
        seed = strtoull(start, NULL, 10) | 1;
    for (unsigned long i = 0; i < names; i++) {
        struct text raw;
        struct lb_identifier id;
        generate(&raw);
        const char *reason = lb_identifier_normalise(str_of(&raw), &id);
        accepted += !reason;
        if (reason)
            assert_refused(str_of(&raw), reason);
        else
            assert_one_name(&id);
    }
    assert_true(accepted > names / 4 && accepted < names);
    print_message("%lu of %lu names accepted\n", accepted, names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_name_is_one_name_in_all_clothes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
