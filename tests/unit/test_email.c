#include "domain/access/email.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

static void addresses_are_trimmed_folded_and_looked_at_for_their_form_alone(void **state)
{
    static const struct {
        struct lb_str raw;
        const char *expected; /* NULL: refused */
    } cases[] = {
        {LB_STR("a@b"), "a@b"},
        {LB_STR("  Ada.Lovelace+x@Example.COM  "), "ada.lovelace+x@example.com"},
        {LB_STR("\"<b>'@x"), "\"<b>'@x"},
        {LB_STR(""), NULL},
        {LB_STR("   "), NULL},
        {LB_STR("@"), NULL},
        {LB_STR("a@"), NULL},
        {LB_STR("@b"), NULL},
        {LB_STR("a@b@c"), NULL},
        {LB_STR("a b@c"), NULL},
        {LB_STR("a@b\tc"), NULL},
        {LB_STR("a@b\r\nX: 1"), NULL},
        {LB_STR("a@b\x7f"), NULL},
        {LB_STR("\t\u00a0a@b\r\n"), "a@b"},
        {LB_STR("\u00c4d\u00c4@\u00dcber.example"), "\u00e4d\u00e4@\u00fcber.example"},
        {LB_STR("A\u0308d\u00e4@x"), "\u00e4d\u00e4@x"},
        {LB_STR("stra\u00dfe@x"), "strasse@x"},
        {LB_STR("a\u200bd\u00ada\ufeff@x"), "ada@x"},
        {LB_STR("\u200b@x"), NULL},
        {LB_STR("a\u2003b@x"), NULL},
        {LB_STR("a\xc2\x85"
                "b@x"),
         NULL},
        {LB_STR("a\x80@x"), NULL},
        {LB_STR("a\0@b"), NULL},
        {LB_STR("a@b\0"), NULL},
    };
    char out[LB_EMAIL_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool good = lb_email_normalise(cases[i].raw, out);
        assert_int_equal(good, cases[i].expected != NULL);
        if (good)
            assert_string_equal(out, cases[i].expected);
    }
}

static void addresses_have_at_most_254_bytes(void **state)
{
    char raw[LB_EMAIL_SIZE + 1];
    char out[LB_EMAIL_SIZE];
    memset(raw, 'x', sizeof raw);
    raw[1] = '@';
    assert_true(lb_email_normalise((struct lb_str){raw, LB_EMAIL_SIZE - 1}, out));
    assert_int_equal(strlen(out), LB_EMAIL_SIZE - 1);
    assert_false(lb_email_normalise((struct lb_str){raw, LB_EMAIL_SIZE}, out));
    assert_false(lb_email_normalise((struct lb_str){raw, LB_EMAIL_SIZE + 1}, out));
}

static void what_was_normalised_stays_as_it_is(void **state)
{
    static const struct lb_str raws[] = {LB_STR("\u0130@x"), LB_STR("\u1e9e\u0345\u0301@x"),
                                         LB_STR("\u03a3\u0345@x"), LB_STR("A\u0323\u0302@x")};
    for (size_t i = 0; i < sizeof raws / sizeof *raws; i++) {
        char once[LB_EMAIL_SIZE], twice[LB_EMAIL_SIZE];
        assert_true(lb_email_normalise(raws[i], once));
        assert_true(lb_email_normalise(lb_str(once), twice));
        assert_string_equal(once, twice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_trimmed_folded_and_looked_at_for_their_form_alone),
        cmocka_unit_test(addresses_have_at_most_254_bytes),
        cmocka_unit_test(what_was_normalised_stays_as_it_is),
    };
    return cmocka_run_group_tests_name("email", tests, NULL, NULL);
}
