/* The names of stored enumerations: they are in the API, in the databases of users, and in the
 * CHECK constraints of the migrations. */
#include "store/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Each name gives its value, and the value its name; nothing else parses. */
#define ASSERT_NAMES(what, type, ...)                                                              \
    do {                                                                                           \
        static const char *const names[] = {__VA_ARGS__};                                          \
        type value;                                                                                \
        for (size_t i = 0; i < COUNT(names); i++) {                                                \
            assert_string_equal(lb_##what##_name((type)i), names[i]);                              \
            assert_true(lb_##what##_parse(lb_str(names[i]), &value));                              \
            assert_int_equal(value, i);                                                            \
        }                                                                                          \
        assert_false(lb_##what##_parse(LB_STR(""), &value));                                       \
        assert_false(lb_##what##_parse(LB_STR("Pro"), &value));                                    \
        assert_false(lb_##what##_parse(LB_STR("activ"), &value));                                  \
        assert_false(lb_##what##_parse((struct lb_str){0}, &value));                               \
    } while (0)

static void names_go_both_ways(void **state)
{
    ASSERT_NAMES(plan, enum lb_plan, "starter", "pro", "agency");
    ASSERT_NAMES(campaign_status, enum lb_campaign_status, "draft", "active", "paused", "completed",
                 "error");
    ASSERT_NAMES(step_type, enum lb_step_type, "visit_profile", "invitation", "message");
    ASSERT_NAMES(lead_status, enum lb_lead_status, "waiting", "active", "paused", "completed",
                 "error");
    ASSERT_NAMES(role, enum lb_role, "operator", "member", "viewer");
}

static void activities_have_the_names_of_the_api(void **state)
{
    static const char *const names[] = {"scheduled", "claimed", "done", "replied", "failed"};
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(lb_activity_state_name((enum lb_activity_state)i), names[i]);
}

static void an_unknown_stored_name_allows_least(void **state)
{
    struct lb_str unknown = LB_STR("from the future");
    assert_int_equal(lb_plan_stored(unknown), LB_PLAN_STARTER);
    assert_int_equal(lb_plan_stored(LB_STR("agency")), LB_PLAN_AGENCY);
    assert_int_equal(lb_campaign_status_stored(unknown), LB_CAMPAIGN_ERROR);
    assert_int_equal(lb_campaign_status_stored(LB_STR("active")), LB_CAMPAIGN_ACTIVE);
    assert_int_equal(lb_step_type_stored(unknown), LB_STEP_VISIT_PROFILE);
    assert_int_equal(lb_step_type_stored(LB_STR("message")), LB_STEP_MESSAGE);
    assert_int_equal(lb_role_stored(unknown), LB_ROLE_VIEWER);
    assert_int_equal(lb_role_stored(LB_STR("operator")), LB_ROLE_OPERATOR);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(activities_have_the_names_of_the_api),
        cmocka_unit_test(an_unknown_stored_name_allows_least),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
