/* Leads that are blocked by what is no LinkedIn name: e-mail address, phone, domain, company. */
#include "base/log.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/lead_keys.h"
#include "support/outreach.h"
#include "support/tsan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define C       "c"
#define D       "d"
#define LEASE_S 3600

struct fixture {
    struct engine engine;
    char folder[64];
    char path[96];
};

static struct engine *engine_of(void **state)
{
    return &((struct fixture *)*state)->engine;
}

static lb_err make_campaign(struct engine *engine, const char *campaign)
{
    struct lb_step_row step = {.type = LB_STEP_VISIT_PROFILE};
    lb_err err = engine_make_campaign(engine, campaign);
    return err ? err : outreach_add_step(engine, campaign, step, 0, NULL);
}

static int setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof *fixture);
    lb_rcu_thread_register();
    strcpy(fixture->folder, "/tmp/leadblock-exclusion-XXXXXX");
    if (!mkdtemp(fixture->folder))
        return -1;
    snprintf(fixture->path, sizeof fixture->path, "%s/db", fixture->folder);
    return engine_open(&fixture->engine, fixture->path, NULL) ||
           engine_make_workspace(&fixture->engine) || make_campaign(&fixture->engine, C) ||
           make_campaign(&fixture->engine, D);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char command[128];
    const char *why;
    bool good = outreach_consistent(fixture->path, NULL, &why);
    if (!good)
        print_error("the file disagrees about %s\n", why);
    engine_close(&fixture->engine);
    lb_rcu_thread_unregister();
    snprintf(command, sizeof command, "rm -r %s", fixture->folder);
    free(fixture);
    return system(command) || !good;
}

static void block(void **state, const char *campaign, const char *key)
{
    assert_int_equal(engine_block(engine_of(state), campaign, &key, 1, NULL, NULL), LB_OK);
}

static struct lb_new_lead jane(const char *identifier)
{
    struct lb_new_lead lead = {.identifier = lb_str(identifier)};
    lead.fields[LB_LEAD_EMAIL] = LB_STR("Jane@Mail.Acme.com");
    lead.fields[LB_LEAD_PHONE] = LB_STR("+49 (0)170 1234567");
    lead.fields[LB_LEAD_WEBSITE] = LB_STR("https://www.acme.example.org/about");
    lead.fields[LB_LEAD_COMPANY_URL] = LB_STR("https://www.linkedin.com/company/Acme-Inc/");
    lead.fields[LB_LEAD_COMPANY_NAME] = LB_STR("ACME GmbH & Co. KG");
    return lead;
}

static struct added add(void **state, const char *campaign, struct lb_new_lead lead)
{
    struct added added;
    assert_int_equal(outreach_add(engine_of(state), campaign, &lead, 1, &added), LB_OK);
    return added;
}

static size_t claim(void **state, const char *campaign)
{
    struct claimed claimed[64];
    size_t count;
    assert_int_equal(outreach_activate(engine_of(state), campaign), LB_OK);
    assert_int_equal(outreach_claim(engine_of(state), campaign, 64, LEASE_S, claimed, &count),
                     LB_OK);
    return count;
}

/* The keys under which the lead of `jane` is blocked. */
static const char *const KEYS[] = {
    "jane@mail.acme.com;2", "+491701234567;3", "mail.acme.com;4", "acme.com;4",
    "acme.example.org;4",   "example.org;4",   "acme-inc;5",      "acme;6",
};
#define KEY_COUNT (sizeof KEYS / sizeof *KEYS)

static void a_lead_has_all_its_names(void **state)
{
    struct lb_new_lead given = jane("jane");
    struct lb_lead_row row = {.identifier = given.identifier};
    struct lb_lead_keys keys;
    memcpy(row.fields, given.fields, sizeof row.fields);
    lb_lead_keys(&row, &keys);
    assert_int_equal(keys.count, KEY_COUNT);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        bool found = false;
        for (size_t k = 0; k < keys.count; k++)
            found |= lb_str_equal(keys.keys[k], lb_str(KEYS[i]));
        assert_true(found);
    }
    row = (struct lb_lead_row){.identifier = LB_STR("jane")};
    lb_lead_keys(&row, &keys);
    assert_int_equal(keys.count, 0);
    /* What is no name is none. */
    row.fields[LB_LEAD_EMAIL] = LB_STR("n/a");
    row.fields[LB_LEAD_PHONE] = LB_STR("0170 1234567");
    row.fields[LB_LEAD_WEBSITE] = LB_STR("none");
    row.fields[LB_LEAD_COMPANY_URL] = LB_STR("-");
    row.fields[LB_LEAD_COMPANY_NAME] = LB_STR("X");
    lb_lead_keys(&row, &keys);
    assert_int_equal(keys.count, 0);
    /* The company's URL stands for a website. */
    row.fields[LB_LEAD_COMPANY_URL] = LB_STR("https://www.acme.com");
    lb_lead_keys(&row, &keys);
    assert_int_equal(keys.count, 1);
    assert_true(lb_str_equal(keys.keys[0], LB_STR("acme.com;4")));
    assert_true(lb_str_equal(keys.site_host, LB_STR("acme.com")));
}

static void the_longest_names_fit(void **state)
{
    static char host[254], email[400], name[801], page[600], website[300];
    struct lb_lead_row row = {.identifier = LB_STR("jane")};
    struct lb_lead_keys keys;
    for (size_t i = 0; i < 253; i++)
        host[i] = i % 2 ? '.' : 'a';
    memcpy(host + 250, "com", 4);
    host[249] = '.';
    snprintf(email, sizeof email, "%064d@%s", 0, host);
    snprintf(website, sizeof website, "b%s", host + 1);
    for (size_t i = 0; i < 200; i++)
        memcpy(name + 4 * i, "\U00020000", 5);
    strcpy(page, "linkedin.com/company/");
    for (size_t i = 0; i < 100; i++)
        strcat(page, "\U00020000");
    row.fields[LB_LEAD_EMAIL] = lb_str(email);
    row.fields[LB_LEAD_WEBSITE] = lb_str(website);
    row.fields[LB_LEAD_COMPANY_NAME] = lb_str(name);
    row.fields[LB_LEAD_COMPANY_URL] = lb_str(page);
    row.fields[LB_LEAD_PHONE] = LB_STR("+123456789012345"); /* of no country */
    lb_lead_keys(&row, &keys);
    assert_true(keys.email.ptr && keys.page.ptr && keys.company.ptr && keys.site_host.ptr);
    assert_int_equal(keys.count, 3 + 2 * 125);
}

static void each_of_its_names_blocks_a_lead(void **state)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        char campaign[24], free[24];
        snprintf(campaign, sizeof campaign, "c-%zu", i);
        snprintf(free, sizeof free, "free-%zu", i);
        assert_int_equal(make_campaign(engine_of(state), campaign), LB_OK);
        assert_int_equal(make_campaign(engine_of(state), free), LB_OK);
        add(state, campaign, jane("jane")); /* before the block */
        add(state, free, jane("jane"));
        block(state, campaign, KEYS[i]);
        struct added added = add(state, campaign, jane("joe")); /* and after it */
        assert_int_equal(added.blocked, 1);
        assert_int_equal(claim(state, campaign), 0);
        assert_int_equal(claim(state, free), 1);
    }
}

static void what_is_like_a_name_blocks_nobody(void **state)
{
    static const char *const OTHERS[] = {
        "joe@mail.acme.com;2",
        "+491701234568;3",
        "www.mail.acme.com;4",
        "cme.com;4",
        "com;4",
        "acme;5",
        "acme-inc;6",
        "acme-inc",
        "acme.com;6",
        "jane@mail.acme.com;4",
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        block(state, NULL, OTHERS[i]);
    assert_int_equal(add(state, C, jane("jane")).blocked, 0);
    assert_int_equal(claim(state, C), 1);
}

static void a_company_of_many_leads_is_blocked_at_once(void **state)
{
    enum { MANY = 300 };
    static char names[MANY][16];
    static struct lb_new_lead leads[MANY];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "lead-%zu", i);
        leads[i] = jane(names[i]);
    }
    assert_int_equal(outreach_add(engine_of(state), C, leads, MANY, NULL), LB_OK);
    assert_int_equal(claim(state, C), 64);
    block(state, NULL, "acme;6");
    struct claimed claimed[64];
    size_t count;
    assert_int_equal(outreach_claim(engine_of(state), C, 64, LEASE_S, claimed, &count), LB_OK);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lead_has_all_its_names),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test_setup_teardown(each_of_its_names_blocks_a_lead, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_like_a_name_blocks_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(a_company_of_many_leads_is_blocked_at_once, setup,
                                        teardown),
    };
    lb_log_set_level(LB_LOG_ERROR);
    return cmocka_run_group_tests_name("exclusion_types", tests, NULL, NULL);
}
