/* Templates: what is refused and where, and what a lead is sent. */
#include "domain/outreach/template.h"
#include "domain/outreach/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void expect_good(struct lb_str text)
{
    struct lb_reason reason = {""};
    if (lb_template_check(text, &reason) != LB_OK)
        fail_msg("'%.*s': %s", (int)text.len, text.ptr, reason.text);
}

static void expect_refused(const char *text, size_t at, const char *words)
{
    struct lb_reason reason = {""};
    char place[64];
    snprintf(place, sizeof place, "{{ at byte %zu ", at);
    if (lb_template_check(lb_str(text), &reason) != LB_ERR_INVALID_TEMPLATE)
        fail_msg("'%s' was accepted", text);
    if (!strstr(reason.text, place) || !strstr(reason.text, words))
        fail_msg("'%s': %s", text, reason.text);
}

/* --- What is a template ----------------------------------------------------------------------- */

static void texts_and_placeholders_are_templates(void **state)
{
    static const char *const texts[] = {
        "",
        "Hi there",
        "{{firstName}}",
        "Hi {{firstName}}, {{ lastName }}!",
        "{{a|b}}",
        "{{a|}}",
        "{{ a | one | two }}",
        "{{A-Z_a.z-09}}",
        "{{\n\tfirstName\n}}",
        "{ {a} }",
        "a }} b",
        "{{a}}}}",
        "{{a|{b}}",
        "{",
        "}",
        "{{a}}{",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        expect_good(lb_str(texts[i]));
    assert_int_equal(lb_template_check((struct lb_str){NULL, 0}, NULL), LB_OK);
    expect_good(LB_STR("nul \0 {{a}}"));
}

static void what_does_not_close_is_refused_with_its_place(void **state)
{
    expect_refused("{{", 1, "has no }}");
    expect_refused("Hi {{", 4, "has no }}");
    expect_refused("Hi {{firstName", 4, "has no }}");
    expect_refused("Hi {{firstName}", 4, "has no }}");
    expect_refused("{{a}} and {{b} }", 11, "has no }}");
    expect_refused("{{a}}{{", 6, "has no }}");
    /* One that begins inside of another. */
    expect_refused("Hi {{a {{b}}", 4, "has no }}");
    expect_refused("{{{{a}}", 1, "has no }}");
    expect_refused("{{a|{{b}}", 1, "has no }}");
    /* Bytes, not characters: what editors count from the start of a file. */
    expect_refused("\xc3\xa4{{", 3, "has no }}");
}

static void a_bad_name_is_refused_with_its_place(void **state)
{
    char name[80];
    expect_refused("{{}}", 1, "a name of 1 to 64");
    expect_refused("x {{ }}", 3, "a name of 1 to 64");
    expect_refused("{{|there}}", 1, "a name of 1 to 64");
    expect_refused("{{first name}}", 1, "a name of 1 to 64");
    expect_refused("{{a}} {{na\xc3\xafve}}", 7, "a name of 1 to 64");
    expect_refused("{{{a}}", 1, "a name of 1 to 64");
    expect_refused("{{a/b|c}}", 1, "a name of 1 to 64");
    snprintf(name, sizeof name, "{{%064d}}", 1);
    expect_good(lb_str(name));
    snprintf(name, sizeof name, "{{%065d}}", 1);
    expect_refused(name, 1, "a name of 1 to 64");
}

/* --- Filling in ------------------------------------------------------------------------------- */

struct filled {
    struct lb_buf own, campaign, out;
    struct lb_lead_row lead;
    struct lb_str missing;
    enum lb_rendering rendering;
};

static int make(void **state)
{
    struct filled *filled = *state = calloc(1, sizeof *filled);
    lb_variables_pack(&filled->own, LB_STR("topic"), LB_STR("boats"));
    lb_variables_pack(&filled->own, LB_STR("blank"), LB_STR(" \t\n"));
    lb_variables_pack(&filled->own, LB_STR("companyName"), LB_STR("Own & Co"));
    lb_variables_pack(&filled->campaign, LB_STR("topic"), LB_STR("cars"));
    lb_variables_pack(&filled->campaign, LB_STR("blank"), LB_STR("not blank"));
    lb_variables_pack(&filled->campaign, LB_STR("sender"), LB_STR("two\nlines \\ tab\t."));
    lb_variables_pack(&filled->campaign, LB_STR("firstName"), LB_STR("Campaign"));
    filled->lead = (struct lb_lead_row){.identifier = LB_STR("ada-l"),
                                        .fields[LB_LEAD_FIRST_NAME] = LB_STR("Ada"),
                                        .fields[LB_LEAD_LAST_NAME] = LB_STR("  "),
                                        .variables = lb_buf_str(&filled->own)};
    return 0;
}

static int release(void **state)
{
    struct filled *filled = *state;
    lb_buf_fini(&filled->own);
    lb_buf_fini(&filled->campaign);
    lb_buf_fini(&filled->out);
    free(filled);
    return 0;
}

static bool render(struct filled *filled, struct lb_str text)
{
    filled->out.len = 0;
    filled->missing = (struct lb_str){0};
    expect_good(text);
    filled->rendering = lb_template_render(text, &filled->lead, lb_buf_str(&filled->campaign),
                                           &filled->out, &filled->missing);
    return filled->rendering == LB_RENDERED;
}

static void expect_text(struct filled *filled, const char *text, const char *wanted)
{
    if (!render(filled, lb_str(text)))
        fail_msg("'%s': '%.*s' is missing", text, (int)filled->missing.len, filled->missing.ptr);
    if (!lb_str_equal(lb_buf_str(&filled->out), lb_str(wanted)))
        fail_msg("'%s' became '%.*s'", text, (int)filled->out.len, filled->out.ptr);
}

static void expect_missing(struct filled *filled, const char *text, const char *name)
{
    if (render(filled, lb_str(text)) || filled->rendering != LB_RENDER_MISSING)
        fail_msg("'%s' became '%.*s'", text, (int)filled->out.len, filled->out.ptr);
    assert_true(lb_str_equal(filled->missing, lb_str(name)));
}

static void texts_around_placeholders_stay_as_they_are(void **state)
{
    expect_text(*state, "", "");
    expect_text(*state, "plain }} text {", "plain }} text {");
    expect_text(*state, "Hi {{firstName}}!", "Hi Ada!");
    expect_text(*state, "{{firstName}}", "Ada");
    expect_text(*state, "{{firstName}}{{firstName}}", "AdaAda");
    expect_text(*state, " {{firstName}}\n{{ topic }} ", " Ada\nboats ");
    expect_text(*state, "{{firstName}}}} {", "Ada}} {");
    expect_text(*state, "\xe2\x82\xac {{firstName}} \xf0\x9f\x98\x80",
                "\xe2\x82\xac Ada \xf0\x9f\x98\x80");
}

static void a_field_comes_before_a_variable_and_that_before_the_campaigns(void **state)
{
    struct filled *filled = *state;
    expect_text(filled, "{{firstName}}", "Ada");
    expect_text(filled, "{{publicIdentifier}}", "ada-l");
    expect_text(filled, "{{companyName}}", "Own & Co"); /* the field is none */
    expect_text(filled, "{{topic}}", "boats");
    expect_text(filled, "{{sender}}", "two\nlines \\ tab\t.");
    filled->lead.fields[LB_LEAD_FIRST_NAME] = (struct lb_str){0};
    expect_text(filled, "{{firstName}}", "Campaign");
    filled->lead.variables = (struct lb_str){0};
    expect_text(filled, "{{topic}}", "cars");
    expect_missing(filled, "{{companyName}}", "companyName");
    filled->lead.fields[LB_LEAD_COMPANY_NAME] = LB_STR("Field & Co");
    filled->lead.variables = lb_buf_str(&filled->own);
    expect_text(filled, "{{companyName}}", "Field & Co");
    expect_text(filled, "{{companyname|names are exact}}", "names are exact");
}

static void what_is_missing_or_blank_gets_the_fallback_or_is_told(void **state)
{
    struct filled *filled = *state;
    expect_text(filled, "{{nobody|there}}", "there");
    expect_text(filled, "Hi {{lastName|there}}!", "Hi there!");
    expect_missing(filled, "Hi {{lastName}}!", "lastName");
    expect_missing(filled, "{{firstName}} {{ nobody }}", "nobody");
    expect_text(filled, "{{blank}}", "not blank"); /* the campaign's: its own is a hole */
    expect_text(filled, "{{firstName|not this}}", "Ada");
    expect_text(filled, "[{{nobody|}}]", "[]"); /* asked for */
    expect_text(filled, "[{{nobody|  \n}}]", "[]");
}

static void white_space_around_name_and_fallback_does_not_count(void **state)
{
    expect_text(*state, "{{ \t\nfirstName\n }}", "Ada");
    expect_text(*state, "{{ nobody |\t dear  friend \n}}", "dear  friend");
    expect_text(*state, "{{nobody| one | two }}", "one | two");
    expect_text(*state, "{{\r\nfirstName\r\n}}", "Ada");
    expect_text(*state, "{{nobody|\r\nfriend\r\n}}", "friend");
    struct filled *filled = *state;
    filled->lead.fields[LB_LEAD_LAST_NAME] = LB_STR(" \r\n");
    expect_missing(filled, "{{lastName}}", "lastName");
}

static void what_is_filled_in_is_not_looked_at_again(void **state)
{
    struct filled *filled = *state;
    filled->lead.fields[LB_LEAD_FIRST_NAME] = LB_STR("{{topic}}");
    expect_text(filled, "{{firstName}}", "{{topic}}");
    filled->lead.fields[LB_LEAD_FIRST_NAME] = LB_STR("{{");
    expect_text(filled, "{{firstName}}topic}}", "{{topic}}");
    expect_text(filled, "{{nobody|{topic}}}", "{topic}");
}

static void names_of_all_scripts_and_nul_bytes_pass(void **state)
{
    struct filled *filled = *state;
    filled->lead.fields[LB_LEAD_FIRST_NAME] = LB_STR("Zo\xc3\xab \xe6\x9d\x8e");
    expect_text(filled, "{{firstName}} \xc2\xbfs\xc3\xad?",
                "Zo\xc3\xab \xe6\x9d\x8e \xc2\xbfs\xc3\xad?");
    expect_text(filled, "{{nobody|\xe4\xbd\xa0\xe5\xa5\xbd}}", "\xe4\xbd\xa0\xe5\xa5\xbd");
    assert_true(render(filled, LB_STR("a\0b{{topic}}\0")));
    assert_true(lb_str_equal(lb_buf_str(&filled->out), LB_STR("a\0bboats\0")));
}

static void very_long_texts_are_filled_in(void **state)
{
    enum { TIMES = 5000 };
    struct filled *filled = *state;
    struct lb_buf text = {0};
    for (int i = 0; i < TIMES; i++)
        lb_buf_append_lit(&text, "{{firstName}} ");
    assert_true(render(filled, lb_buf_str(&text)));
    assert_int_equal(filled->out.len, TIMES * 4);
    for (int i = 0; i < TIMES; i++)
        assert_memory_equal(filled->out.ptr + (size_t)i * 4, "Ada ", 4);
    text.len = 0;
    for (int i = 0; i < TIMES; i++)
        lb_buf_append_lit(&text, "{");
    struct lb_reason reason;
    assert_int_equal(lb_template_check(lb_buf_str(&text), &reason), LB_ERR_INVALID_TEMPLATE);
    lb_buf_fini(&text);
}

static void a_text_that_grows_beyond_its_bound_is_none(void **state)
{
    struct filled *filled = *state;
    struct lb_buf name = {0};
    while (name.len < LB_MESSAGE_BYTES_MAX / 2)
        lb_buf_append_lit(&name, "x");
    filled->lead.fields[LB_LEAD_FIRST_NAME] = lb_buf_str(&name);
    assert_true(render(filled, LB_STR("{{firstName}}{{firstName}}")));
    assert_false(render(filled, LB_STR("{{firstName}}{{firstName}}!")));
    assert_int_equal(filled->rendering, LB_RENDER_TOO_LONG);
    lb_buf_fini(&name);
}

#define FILLED(name) cmocka_unit_test_setup_teardown(name, make, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_placeholders_are_templates),
        cmocka_unit_test(what_does_not_close_is_refused_with_its_place),
        cmocka_unit_test(a_bad_name_is_refused_with_its_place),
        FILLED(texts_around_placeholders_stay_as_they_are),
        FILLED(a_field_comes_before_a_variable_and_that_before_the_campaigns),
        FILLED(what_is_missing_or_blank_gets_the_fallback_or_is_told),
        FILLED(white_space_around_name_and_fallback_does_not_count),
        FILLED(what_is_filled_in_is_not_looked_at_again),
        FILLED(a_text_that_grows_beyond_its_bound_is_none),
        FILLED(names_of_all_scripts_and_nul_bytes_pass),
        FILLED(very_long_texts_are_filled_in),
    };
    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
