#include "domain/blocklist/typed_name.h"

#include "base/utf8.h"
#include "json/decode.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#ifndef LB_TEST_VECTORS
#define LB_TEST_VECTORS "tests/vectors"
#endif

static const struct lb_name_rules ADDS = {.adds = true};

/* --- What every form promises --- */

static void assert_canonical(const struct lb_typed_name *name)
{
    struct lb_typed_name again;
    struct lb_str form = lb_typed_name_str(name);
    assert_true(form.len > 0 && form.len < LB_TYPED_NAME_SIZE && name->text[form.len] == '\0');
    assert_true(lb_utf8_is_valid(form) && strlen(name->text) == form.len);
    for (size_t i = 0; i < form.len; i++)
        assert_true((unsigned char)name->text[i] >= ' ' && !strchr(",;\\\x7f", name->text[i]));
    assert_true(name->text[0] != ' ' && name->text[form.len - 1] != ' ' &&
                !strstr(name->text, "  "));
    const char *reason = lb_typed_name_normalise(name->type, form, &ADDS, &again);
    if (reason)
        fail_msg("the form \"%s\" %s", name->text, reason);
    assert_int_equal(again.type, name->type);
    assert_string_equal(again.text, name->text);
}

static void assert_reason(const char *reason)
{
    size_t len = strlen(reason);
    if (len < 10 || (reason[len - 1] == '.' && !strstr(reason, "...")) ||
        !lb_utf8_is_valid(lb_str(reason)))
        fail_msg("not a reason: %s", reason);
}

/* --- Vectors --- */

static struct lb_json *load_vectors(void)
{
    static char bytes[1 << 18];
    FILE *file = fopen(LB_TEST_VECTORS "/names_of_types.json", "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(len > 0 && len < sizeof bytes);
    struct lb_json *tree;
    assert_int_equal(lb_json_parse((struct lb_str){bytes, len}, 8, &tree, NULL), LB_OK);
    return tree;
}

static int faults;

static void expect(bool holds, struct lb_str value, const char *got, struct lb_str wanted)
{
    if (holds)
        return;
    print_error("\"%.*s\": %s (wanted: %.*s)\n", (int)value.len, value.ptr, got, (int)wanted.len,
                wanted.ptr);
    faults++;
}

static bool holds(const char *text, struct lb_str word)
{
    return text && memmem(text, strlen(text), word.ptr, word.len);
}

/* What is no name must not hold a check up, and what may be one must. */
static void check_refused(const struct lb_json *item, const struct lb_typed_name *name)
{
    struct lb_str value = lb_json_string(lb_json_member(item, "value"));
    bool meant = true;
    if (lb_json_bool(lb_json_member(item, "meant"), &meant))
        expect(meant == (name->refused == LB_NAME_MEANT), value, meant ? "dropped" : "meant",
               LB_STR("the other"));
}

/* The form under the rules before these, where it was another one. */
static void check_before(const struct lb_json *item, enum lb_name_type type,
                         const struct lb_name_rules *rules)
{
    struct lb_str value = lb_json_string(lb_json_member(item, "value"));
    struct lb_str wanted = lb_json_string(lb_json_member(item, "before"));
    struct lb_typed_name name;
    bool found = lb_typed_name_before(type, value, rules, &name);
    expect(found ? wanted.ptr && lb_str_equal(lb_typed_name_str(&name), wanted) : !wanted.ptr,
           value, found ? name.text : "no form before", wanted);
    if (found)
        assert_canonical(&name);
}

/* The form that versions before 0.17 stored of a company's name, and that it holds under the one of
 * today. */
static void check_held(struct lb_str value, struct lb_str wanted, const struct lb_typed_name *today)
{
    struct lb_typed_name earlier;
    bool found = lb_name_company_before(value, &earlier);
    expect(found ? wanted.ptr && lb_str_equal(lb_typed_name_str(&earlier), wanted) : !wanted.ptr,
           value, found ? earlier.text : "no other form earlier", wanted);
    if (found)
        expect(lb_str_equal(lb_name_held(LB_NAME_COMPANY, lb_typed_name_str(&earlier)),
                            lb_typed_name_str(today)),
               value, "held under another form", lb_typed_name_str(today));
}

static void check_vector(const struct lb_json *item, enum lb_name_type type)
{
    struct lb_str value = lb_json_string(lb_json_member(item, "value"));
    struct lb_str refused = lb_json_string(lb_json_member(item, "refused"));
    struct lb_str form = lb_json_string(lb_json_member(item, "form"));
    struct lb_str page = lb_json_string(lb_json_member(item, "page"));
    struct lb_str doubt = lb_json_string(lb_json_member(item, "doubt"));
    struct lb_name_rules rules = {.country = lb_json_string(lb_json_member(item, "country")),
                                  .adds = true};
    struct lb_typed_name name;
    const char *reason = lb_typed_name_normalise(type, value, &rules, &name);
    if (reason)
        assert_reason(reason);
    check_before(item, type, &rules);
    if (refused.ptr) {
        check_refused(item, &name);
        expect(holds(reason, refused), value, reason ? reason : name.text, refused);
        return;
    }
    if (page.ptr) {
        form = page;
        type = LB_NAME_COMPANY_PAGE;
    }
    expect(!reason && lb_str_equal(lb_typed_name_str(&name), form) && name.type == type, value,
           reason ? reason : name.text, form);
    if (reason)
        return;
    assert_canonical(&name);
    if (type == LB_NAME_COMPANY)
        check_held(value, lb_json_string(lb_json_member(item, "earlier")), &name);
    expect(doubt.ptr ? holds(name.doubt, doubt) : !name.doubt, value,
           name.doubt ? name.doubt : "no doubt", doubt);
    expect(name.forceable == ((lb_json_type(lb_json_member(item, "force")) == LB_JSON_BOOL)), value,
           "force", doubt);
    rules.adds = false; /* a look-up doubts nothing */
    assert_null(lb_typed_name_normalise(type, value, &rules, &name));
    assert_true(lb_str_equal(lb_typed_name_str(&name), form) && !name.doubt && !name.forceable);
}

static void check_vectors(const char *word, enum lb_name_type type)
{
    struct lb_json *vectors = load_vectors();
    const struct lb_json *items = lb_json_member(vectors, word);
    assert_true(lb_json_length(items) > 100);
    faults = 0;
    for (size_t i = 0; i < lb_json_length(items); i++)
        check_vector(lb_json_item(items, i), type);
    lb_json_free(vectors);
    assert_int_equal(faults, 0);
}

static void e_mails_as_people_write_them(void **state)
{
    check_vectors("email", LB_NAME_EMAIL);
}

static void phone_numbers_as_people_write_them(void **state)
{
    check_vectors("phone", LB_NAME_PHONE);
}

static void domains_as_people_write_them(void **state)
{
    check_vectors("domain", LB_NAME_DOMAIN);
}

static void companies_as_people_write_them(void **state)
{
    check_vectors("company", LB_NAME_COMPANY);
}

/* --- Types --- */

static void the_numbers_of_the_types_are_those_of_the_log(void **state)
{
    assert_int_equal(LB_NAME_LINKEDIN, 0);
    assert_int_equal(LB_NAME_MEMBER_ID, 1);
    assert_int_equal(LB_NAME_EMAIL, 2);
    assert_int_equal(LB_NAME_PHONE, 3);
    assert_int_equal(LB_NAME_DOMAIN, 4);
    assert_int_equal(LB_NAME_COMPANY_PAGE, 5);
    assert_int_equal(LB_NAME_COMPANY, 6);
}

static void words_name_types(void **state)
{
    enum lb_name_type type = LB_NAME_TYPES;
    for (int i = 0; i < LB_NAME_TYPES; i++) {
        assert_true(lb_name_type_of_word(lb_str(lb_name_type_word((enum lb_name_type)i)), &type));
        assert_int_equal(type, i == LB_NAME_COMPANY_PAGE ? LB_NAME_COMPANY : i);
    }
    assert_true(lb_name_type_of_word(LB_STR("linkedinUrl"), &type));
    assert_int_equal(type, LB_NAME_LINKEDIN);
    assert_false(lb_name_type_of_word(LB_STR("Email"), &type));
    assert_false(lb_name_type_of_word(LB_STR(""), &type));
}

#define MEMBER "ACoAAABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"

static void linkedin_names_keep_their_own_rules(void **state)
{
    struct lb_typed_name name;
    struct lb_str url = LB_STR("https://www.linkedin.com/in/Jane-Doe");
    assert_null(lb_typed_name_normalise(LB_NAME_LINKEDIN, url, &ADDS, &name));
    assert_int_equal(name.type, LB_NAME_LINKEDIN);
    assert_string_equal(name.text, "jane-doe");
    assert_null(name.doubt);
    assert_null(lb_typed_name_normalise(LB_NAME_LINKEDIN, LB_STR(MEMBER), &ADDS, &name));
    assert_int_equal(name.type, LB_NAME_MEMBER_ID);
    assert_string_equal(name.text, MEMBER);
    assert_null(lb_typed_name_normalise(LB_NAME_MEMBER_ID, LB_STR(MEMBER), &ADDS, &name));
    assert_int_equal(name.type, LB_NAME_MEMBER_ID);
    assert_non_null(strstr(lb_typed_name_normalise(LB_NAME_MEMBER_ID, url, &ADDS, &name), "ACoAA"));
    assert_null(lb_typed_name_normalise(LB_NAME_LINKEDIN, LB_STR("12345"), &ADDS, &name));
    assert_non_null(strstr(name.doubt, "only digits"));
    assert_false(name.forceable);
    const char *reason = lb_typed_name_normalise(LB_NAME_LINKEDIN, LB_STR("a$b"), &ADDS, &name);
    assert_non_null(strstr(reason, "\"$\""));
}

static void countries_have_two_letters(void **state)
{
    assert_true(lb_name_is_country(LB_STR("DE")) && lb_name_is_country(LB_STR("us")));
    assert_false(lb_name_is_country(LB_STR("XX")) || lb_name_is_country(LB_STR("DEU")) ||
                 lb_name_is_country(LB_STR("")) || lb_name_is_country(LB_STR("D")));
}

/* --- Domains over a host --- */

static void assert_domains(struct lb_str at, const char *const *wanted)
{
    struct lb_str domain;
    while (lb_name_next_domain(&at, &domain)) {
        assert_non_null(*wanted);
        assert_true(lb_str_equal(domain, lb_str(*wanted++)));
    }
    assert_null(*wanted);
}

static void a_domain_covers_what_is_under_it(void **state)
{
    assert_domains(
        LB_STR("mail.eu.acme.co.uk"),
        (const char *[]){"mail.eu.acme.co.uk", "eu.acme.co.uk", "acme.co.uk", "co.uk", NULL});
    assert_domains(LB_STR("jane@eu.acme.com"), (const char *[]){"eu.acme.com", "acme.com", NULL});
    assert_domains(LB_STR("acme.com"), (const char *[]){"acme.com", NULL});
    assert_domains(LB_STR(""), (const char *[]){NULL});
}

/* --- Anything --- */

static uint64_t seed = RANDOM_SEED;

static uint32_t draw(uint32_t below)
{
    return (uint32_t)(random_next(&seed) >> 32) % below;
}

/* Pieces that the rules look at, in any order, around a name of that type. */
static size_t make_up(enum lb_name_type type, char *out)
{
    static const char *const NAMES[LB_NAME_TYPES] = {
        "jane", "ACoAAA", "jane@acme.com", "+49 89 12345", "acme.com", "company/acme", "acme"};
    static const char *const PIECES[] = {
        "a",
        "jane",
        "@",
        ".",
        "acme",
        "com",
        "www.",
        "https://",
        "//",
        "mailto:",
        "<",
        ">",
        "(",
        ")",
        "(0)",
        "+",
        "00",
        "0",
        "49",
        "1",
        "39",
        "170 12",
        "34567",
        "ext",
        "-",
        " ",
        "_",
        ",",
        ";",
        "\\",
        "'",
        "\"",
        "%2c",
        "%",
        "%25",
        "GmbH",
        "& Co",
        "KG",
        "S.p.A.",
        " Kommanditgesellschaft",
        " soci\u00e9t\u00e9 anonyme",
        " societe",
        " Sp\u00f3\u0142ka z",
        " spolecnost s r o",
        " sociedad de responsabilidad limitada",
        "Ltd",
        "\u00fc",
        "\u0308",
        "\u200d",
        "\u200b",
        "\u00df",
        "\u0130",
        "\u03a3",
        "\u2122",
        "\u2019",
        "\u00b4",
        "\uff0e",
        "\u3002",
        "\u65e5",
        "\u682a",
        "\u3231",
        "\ufb01",
        "\u0645",
        "\u1100",
        "\u1161",
        "\xff",
        "",
        "company/",
        "urn:li:",
        "?",
        "#",
        "/",
        ":",
        "8",
        "linkedin.com/company/",
        "xn--mller-kva",
        "\u0345",
        "\u05d0",
        "\u0669",
        "\U0001f680",
        "\u00a0",
        "\ufeff",
        "&",
        "tel:",
        "株式会社",
        "ооо",
        "\u0301",
        "in/",
        "e",
        "E+",
        "*",
        "[",
    };
    size_t len = 0;
    uint32_t count = 1 + draw(6), middle = draw(2 * count);
    for (uint32_t n = 0; n < count; n++) {
        const char *piece = PIECES[draw(sizeof PIECES / sizeof *PIECES)];
        piece = n == middle ? NAMES[type] : piece;
        size_t bytes = *piece ? strlen(piece) : 1; /* a NUL */
        memcpy(out + len, piece, bytes);
        len += bytes;
    }
    return len;
}

/* What earlier versions stored holds under the form of today. */
static void assert_held(const struct lb_typed_name *earlier, const struct lb_typed_name *today)
{
    struct lb_str held = lb_name_held(LB_NAME_COMPANY, lb_typed_name_str(earlier));
    assert_true(lb_str_equal(held, lb_typed_name_str(today)));
}

static void the_form_of_a_form_is_itself(void **state)
{
    static const char *const COUNTRIES[] = {"", "DE", "IT", "US", "HU", "RU", "XX", "ci"};
    size_t formed[LB_NAME_TYPES] = {0};
    for (int round = 0; round < 300000; round++) {
        char raw[512];
        enum lb_name_type type = (enum lb_name_type)draw(LB_NAME_TYPES);
        struct lb_str text = {raw, make_up(type, raw)};
        struct lb_name_rules rules = {.country = lb_str(COUNTRIES[draw(8)]), .adds = draw(2)};
        struct lb_typed_name name;
        if (lb_typed_name_before(type, text, &rules, &name))
            assert_canonical(&name);
        const char *reason = lb_typed_name_normalise(type, text, &rules, &name);
        if (reason) {
            assert_reason(reason);
            continue;
        }
        formed[name.type]++;
        assert_canonical(&name);
        struct lb_typed_name earlier;
        if (name.type == LB_NAME_COMPANY && lb_name_company_before(text, &earlier))
            assert_held(&earlier, &name);
    }
    for (int type = 0; type < LB_NAME_TYPES; type++)
        if (type != LB_NAME_MEMBER_ID)
            assert_true(formed[type] > 100);
}

static void what_is_long_is_bounded(void **state)
{
    static char raw[LB_TYPED_NAME_RAW_MAX + 1];
    static const char *const FILL[] = {"a",       "1",      " ",      "a.",     "\u0301",
                                       "a\u0301", "\uac00", "\ufdfa", "\u00fc", "\u0345\u0301",
                                       "a,",      "%2c"};
    static const size_t LENGTHS[] = {200, 201, 400, 801, 2000, 8192, 8193};
    for (size_t f = 0; f < sizeof FILL / sizeof *FILL; f++)
        for (size_t l = 0; l < sizeof LENGTHS / sizeof *LENGTHS; l++)
            for (int type = 0; type < LB_NAME_TYPES; type++) {
                struct lb_typed_name name;
                size_t len = 0, step = strlen(FILL[f]);
                for (; len + step <= LENGTHS[l]; len += step)
                    memcpy(raw + len, FILL[f], step);
                const char *reason = lb_typed_name_normalise(
                    (enum lb_name_type)type, (struct lb_str){raw, len}, &ADDS, &name);
                if (reason)
                    assert_reason(reason);
                else
                    assert_canonical(&name);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(e_mails_as_people_write_them),
        cmocka_unit_test(phone_numbers_as_people_write_them),
        cmocka_unit_test(domains_as_people_write_them),
        cmocka_unit_test(companies_as_people_write_them),
        cmocka_unit_test(the_numbers_of_the_types_are_those_of_the_log),
        cmocka_unit_test(words_name_types),
        cmocka_unit_test(linkedin_names_keep_their_own_rules),
        cmocka_unit_test(countries_have_two_letters),
        cmocka_unit_test(a_domain_covers_what_is_under_it),
        cmocka_unit_test(the_form_of_a_form_is_itself),
        cmocka_unit_test(what_is_long_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
