/* Leads that are blocked by what is no LinkedIn name: e-mail address, phone, domain, company. */
#include "base/log.h"
#include "domain/outreach/exclusion.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/lead_keys.h"
#include "support/outreach.h"
#include "support/tsan.h"

#include <idn2.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define C       "c"
#define D       "d"
#define LEASE_S 3600

struct fixture {
    struct engine engine;
    struct engine_place place;
};

static lb_err make_campaign(struct engine *engine, const char *campaign)
{
    struct lb_step_row step = {.type = LB_STEP_VISIT_PROFILE};
    lb_err err = engine_make_campaign(engine, campaign);
    return err ? err : outreach_add_step(engine, campaign, step, 0, NULL);
}

static int setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof *fixture);
    return engine_begin(&fixture->engine, &fixture->place) || make_campaign(&fixture->engine, C) ||
           make_campaign(&fixture->engine, D);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    int failed = outreach_end(&fixture->engine, &fixture->place);
    free(fixture);
    return failed;
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

static bool memory_is_short; /* for the library that reads international host names */

int __real_idn2_lookup_u8(const uint8_t *name, uint8_t **out, int flags);
int __wrap_idn2_lookup_u8(const uint8_t *name, uint8_t **out, int flags);

/* The linker gives every call of the program's to this. */
int __wrap_idn2_lookup_u8(const uint8_t *name, uint8_t **out, int flags)
{
    return memory_is_short ? IDN2_MALLOC : __real_idn2_lookup_u8(name, out, flags);
}

static lb_err add_short_of_memory(void **state, const char *campaign,
                                  const struct lb_new_lead *lead)
{
    struct added added;
    memory_is_short = true;
    lb_err err = outreach_add(engine_of(state), campaign, lead, 1, &added);
    memory_is_short = false;
    return err;
}

static lb_err claim_short_of_memory(void **state, const char *campaign)
{
    struct claimed claimed[4];
    size_t count;
    memory_is_short = true;
    lb_err err = outreach_claim(engine_of(state), campaign, 4, LEASE_S, claimed, &count);
    memory_is_short = false;
    return err;
}

static void a_name_that_cannot_be_read_for_want_of_memory_is_not_taken_for_none(void **state)
{
    static const struct {
        enum lb_lead_field field;
        const char *value, *key;
    } names[] = {{LB_LEAD_EMAIL, "jane@m\u00fcller.example", "jane@xn--mller-kva.example;2"},
                 {LB_LEAD_EMAIL, "jane@m\u00fcller.example", "xn--mller-kva.example;4"},
                 {LB_LEAD_WEBSITE, "https://m\u00fcller.example/", "xn--mller-kva.example;4"},
                 {LB_LEAD_COMPANY_URL, "m\u00fcller.example", "xn--mller-kva.example;4"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct lb_new_lead lead = {.identifier = LB_STR("jane")};
        char campaign[24], free[24];
        snprintf(campaign, sizeof campaign, "c-%zu", i);
        snprintf(free, sizeof free, "free-%zu", i);
        lead.fields[names[i].field] = lb_str(names[i].value);
        assert_int_equal(make_campaign(engine_of(state), campaign), LB_OK);
        assert_int_equal(make_campaign(engine_of(state), free), LB_OK);
        block(state, campaign, names[i].key);
        assert_int_equal(add_short_of_memory(state, campaign, &lead), LB_ERR_STORAGE_UNAVAILABLE);
        assert_int_equal(add(state, campaign, lead).blocked, 1);
        assert_int_equal(claim(state, campaign), 0);
        assert_int_equal(add(state, free, lead).blocked, 0);
        assert_int_equal(outreach_activate(engine_of(state), free), LB_OK);
        assert_int_equal(claim_short_of_memory(state, free), LB_ERR_STORAGE_UNAVAILABLE);
        assert_int_equal(claim(state, free), 1);
    }
}

static void what_is_like_a_name_blocks_nobody(void **state)
{
    static const char *const OTHERS[] = {
        "joe@mail.acme.com;2", "+491701234568;3",
        "www.mail.acme.com;4", "cme.com;4",
        "acme.org;4",          "acme;5",
        "acme-inc;6",          "acme-inc",
        "acme.com;6",          "jane@mail.acme.com;4",
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        block(state, NULL, OTHERS[i]);
    assert_int_equal(add(state, C, jane("jane")).blocked, 0);
    assert_int_equal(claim(state, C), 1);
}

/* --- Setting aside ---------------------------------------------------------------------------- */

static int64_t sql(void **state, const char *text)
{
    int64_t value = outreach_sql(engine_of(state), text);
    assert_int_not_equal(value, -2);
    return value;
}

static int64_t count_set_aside(void **state)
{
    return sql(state, "SELECT sum(leads_set_aside) FROM campaign");
}

static void unblock(void **state, const char *campaign, const char *key)
{
    assert_int_equal(engine_unblock(engine_of(state), campaign, &key, 1, NULL), LB_OK);
}

static void a_block_sets_leads_aside_and_its_end_puts_them_back(void **state)
{
    add(state, C, jane("jane"));
    add(state, D, jane("jane"));
    struct lb_new_lead other = {.identifier = LB_STR("other")};
    other.fields[LB_LEAD_EMAIL] = LB_STR("jane@notacme.com");
    other.fields[LB_LEAD_COMPANY_NAME] = LB_STR("Acme Berlin");
    add(state, C, other);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        block(state, C, KEYS[i]);
        assert_int_equal(count_set_aside(state), 1);
        block(state, NULL, KEYS[i]);
        assert_int_equal(count_set_aside(state), 2);
        unblock(state, C, KEYS[i]);
        assert_int_equal(count_set_aside(state), 2);
        block(state, NULL, "jane"); /* two of its names */
        unblock(state, NULL, KEYS[i]);
        assert_int_equal(count_set_aside(state), 2);
        unblock(state, NULL, "jane");
        assert_int_equal(count_set_aside(state), 0);
    }
}

static uint64_t count_excluded(void **state, const char *campaign, const char *key)
{
    struct engine *engine = engine_of(state);
    struct lb_store_reader *reader;
    uint64_t count;
    assert_int_equal(engine->store->ops->reader_open(engine->store, &reader), LB_OK);
    struct lb_list list = engine_list(engine, campaign);
    struct lb_exclusion exclusion = {
        .blocklist = engine->blocklist,
        .workspace = lb_directory_workspace_no(engine->directory, list.workspace)};
    assert_int_equal(lb_exclusion_count(&exclusion, engine->directory, engine->store, reader, list,
                                        lb_str(key), &count),
                     LB_OK);
    engine->store->ops->reader_close(reader);
    return count;
}

static void leads_are_counted_by_any_name(void **state)
{
    add(state, C, jane("jane"));
    add(state, D, jane("jane"));
    add(state, D, jane("joe"));
    for (size_t i = 0; i < KEY_COUNT; i++) {
        assert_int_equal(count_excluded(state, NULL, KEYS[i]), 3);
        assert_int_equal(count_excluded(state, C, KEYS[i]), 1);
    }
    assert_int_equal(count_excluded(state, NULL, "jane"), 2);
    assert_int_equal(count_excluded(state, C, "joe"), 0);
    assert_int_equal(count_excluded(state, NULL, "com;4"), 2 + 1);
    assert_int_equal(count_excluded(state, NULL, "me.com;4"), 0);
    assert_int_equal(outreach_delete_campaign(engine_of(state), C), LB_OK);
    assert_int_equal(count_excluded(state, NULL, "acme.com;4"), 2);
    assert_int_equal(count_excluded(state, NULL, "jane"), 1);
}

enum { MANY = 700 };

static void add_many_called(void **state, const char *campaign, const char *stem)
{
    static char names[MANY][16];
    static struct lb_new_lead leads[MANY];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "%s-%zu", stem, i);
        leads[i] = jane(names[i]);
    }
    assert_int_equal(outreach_add(engine_of(state), campaign, leads, MANY, NULL), LB_OK);
}

static void add_many(void **state, const char *campaign)
{
    add_many_called(state, campaign, "lead");
}

/* Beyond a thousand they are counted in another way, which is to have no gap and no overlap. */
static void more_than_a_thousand_are_counted_exactly(void **state)
{
    static const char *const WORDS[] = {"acme;6", "acme-inc;5", "acme.com;4"};
    struct lb_new_lead both = jane("of-both-hosts");
    both.fields[LB_LEAD_WEBSITE] = LB_STR("www.acme.com");
    add_many(state, C);
    assert_int_equal(count_excluded(state, NULL, "acme;6"), MANY);
    add_many(state, D);
    add_many_called(state, D, "other");
    add(state, D, both);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(count_excluded(state, NULL, WORDS[i]), 3 * MANY + 1);
        assert_int_equal(count_excluded(state, C, WORDS[i]), MANY);
        assert_int_equal(count_excluded(state, D, WORDS[i]), 2 * MANY + 1);
    }
    assert_int_equal(count_excluded(state, NULL, "org;4"), 3 * MANY);
    assert_int_equal(outreach_delete_campaign(engine_of(state), C), LB_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_excluded(state, NULL, WORDS[i]), 2 * MANY + 1);
}

static void await(void **state, const char *text, int64_t wanted)
{
    lb_rcu_offline();
    for (int i = 0; i < 3000 && sql(state, text) != wanted; i++)
        poll(NULL, 0, 10);
    lb_rcu_online();
    assert_int_equal(sql(state, text), wanted);
}

#define PENDING "SELECT count(*) FROM lead_pending"

static void await_set_aside(void **state, int64_t wanted)
{
    await(state, PENDING, 0);
    assert_int_equal(count_set_aside(state), wanted);
}

static size_t claim_again(void **state, const char *campaign)
{
    struct claimed claimed[64];
    size_t count;
    assert_int_equal(outreach_claim(engine_of(state), campaign, 64, LEASE_S, claimed, &count),
                     LB_OK);
    return count;
}

static void a_company_of_many_leads_is_blocked_at_once(void **state)
{
    static const char *const WORDS[] = {"acme;6", "acme.com;4", "example.org;4"};
    add_many(state, C);
    assert_int_equal(claim(state, C), 64);
    for (size_t i = 0; i < 3; i++) {
        block(state, NULL, WORDS[i]);
        assert_int_equal(claim_again(state, C), 0);
        await_set_aside(state, MANY);
        unblock(state, NULL, WORDS[i]);
        await_set_aside(state, 0);
    }
    assert_int_equal(claim(state, C), 64); /* the campaign was completed in between */
}

/* One name at a time, of those that take more than one write: the look at its leads goes on where
 * it was. */
static void workspaces_take_turns_at_what_follows(void **state)
{
    struct fixture *fixture = *state;
    const uint32_t own = fixture->engine.workspace->row.no;
    static const char *const KEYS_NOTED[] = {"acme.com;4", "acme;6", "example.org;4"};
    char text[160];
    add_many(state, C);
    sql(state, "CREATE TABLE turn (no INTEGER PRIMARY KEY, is_other INTEGER)");
    snprintf(text, sizeof text,
             "CREATE TRIGGER turns AFTER DELETE ON lead_pending BEGIN"
             " INSERT INTO turn (is_other) VALUES (old.workspace > %u); END",
             own);
    sql(state, text);
    for (uint32_t i = 0; i < 5; i++) {
        snprintf(text, sizeof text,
                 "INSERT INTO lead_pending (workspace, campaign, key, token)"
                 " VALUES (%u, 0, '%s', %u)",
                 own + i / 3, KEYS_NOTED[i % 3], i + 1);
        sql(state, text);
    }
    engine_restart(&fixture->engine, &fixture->place);
    await(state, PENDING, 0);
    assert_int_equal(sql(state, "SELECT 0 + group_concat(1 + is_other, '') FROM"
                                " (SELECT is_other FROM turn ORDER BY no)"),
                     12211);
}

static void what_changes_again_meanwhile_is_right_in_the_end(void **state)
{
    add_many(state, C);
    for (int i = 0; i < 6; i++) {
        block(state, C, "acme;6");
        unblock(state, C, "acme;6");
    }
    await_set_aside(state, 0);
    for (int i = 0; i < 6; i++) {
        block(state, C, "acme.com;4");
        unblock(state, C, "acme.com;4");
        block(state, NULL, "acme.com;4");
        if (i < 5)
            unblock(state, NULL, "acme.com;4");
    }
    await_set_aside(state, MANY);
}

static void reopen(void **state)
{
    struct fixture *fixture = *state;
    engine_restart(&fixture->engine, &fixture->place);
}

static void a_stop_in_between_loses_nothing(void **state)
{
    add_many(state, C);
    block(state, NULL, "acme;6");
    reopen(state);
    await_set_aside(state, MANY);
    unblock(state, NULL, "acme;6");
    assert_true(count_set_aside(state) > 0); /* or there is nothing to see */
    reopen(state);
    await_set_aside(state, 0);
}

static void leads_of_earlier_versions_are_found_after_a_start(void **state)
{
    add_many(state, C);
    block(state, NULL, "acme.com;4");
    await_set_aside(state, MANY);
    sql(state, "UPDATE lead SET email_form = NULL, phone_form = NULL, page_form = NULL,"
               " company_form = NULL, mail_host = NULL, site_host = NULL, formed = 0,"
               " set_aside = 0");
    sql(state, "UPDATE campaign SET leads_set_aside = 0");
    reopen(state);
    await(state, "SELECT count(*) FROM lead WHERE formed = 0", 0);
    assert_int_equal(count_set_aside(state), MANY);
    unblock(state, NULL, "acme.com;4");
    await_set_aside(state, 0);
}

#define LONGER "acme kommanditgesellschaft"

/* As versions before 0.17 stored leads, between those of companies that are called so and more. */
static void store_longer(void **state)
{
    struct lb_new_lead other = {.identifier = LB_STR("bank")};
    other.fields[LB_LEAD_COMPANY_NAME] = LB_STR("Acme Bank");
    add(state, C, other);
    other.identifier = LB_STR("museum");
    other.fields[LB_LEAD_COMPANY_NAME] = LB_STR("Acme Museum AG");
    add(state, C, other);
    sql(state, "UPDATE lead SET company_form = '" LONGER "' WHERE company_form = 'acme'"
               " AND no % 2 = 1");
    sql(state, "UPDATE lead SET company_form = 'acme gmbh co kommanditgesellschaft'"
               " WHERE company_form = 'acme' AND no % 7 = 1");
}

static void leads_under_a_longer_name_are_found_by_a_block_and_its_end(void **state)
{
    add_many(state, C);
    store_longer(state);
    block(state, NULL, "acme;6");
    await_set_aside(state, MANY);
    assert_int_equal(count_excluded(state, NULL, "acme;6"), MANY);
    store_longer(state);
    unblock(state, NULL, "acme;6");
    await_set_aside(state, 0);
    assert_int_equal(sql(state, "SELECT count(*) FROM lead WHERE company_form LIKE 'acme %'"), 2);
}

static void a_company_that_is_stored_by_its_longer_name_holds_by_each(void **state)
{
    add_many(state, C);
    store_longer(state);
    block(state, NULL, LONGER ";6");
    reopen(state);
    await(state, "SELECT sum(leads_set_aside) FROM campaign", MANY);
    await_set_aside(state, MANY);
    unblock(state, NULL, "acme;6");
    await_set_aside(state, 0);
}

/* Its share of the writer's queue is not what the rest waits for. */
static void a_workspace_that_floods_the_writer_does_not_stop_the_rest(void **state)
{
    add_many(state, C);
    add_many(state, D);
    struct lb_writer_share *flooded = &engine_of(state)->workspace->writes;
    atomic_fetch_add(&flooded->queued.taken, UINT64_MAX / 2);
    block(state, NULL, "acme;6");
    await_set_aside(state, 2 * MANY);
    lb_quota_give(&flooded->queued, UINT64_MAX / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lead_has_all_its_names),
        cmocka_unit_test(the_longest_names_fit),
        TEST(each_of_its_names_blocks_a_lead),
        TEST(a_name_that_cannot_be_read_for_want_of_memory_is_not_taken_for_none),
        TEST(what_is_like_a_name_blocks_nobody),
        TEST(a_block_sets_leads_aside_and_its_end_puts_them_back),
        TEST(leads_are_counted_by_any_name),
        TEST(more_than_a_thousand_are_counted_exactly),
        TEST(a_company_of_many_leads_is_blocked_at_once),
        TEST(workspaces_take_turns_at_what_follows),
        TEST(what_changes_again_meanwhile_is_right_in_the_end),
        TEST(a_stop_in_between_loses_nothing),
        TEST(a_workspace_that_floods_the_writer_does_not_stop_the_rest),
        TEST(leads_of_earlier_versions_are_found_after_a_start),
        TEST(leads_under_a_longer_name_are_found_by_a_block_and_its_end),
        TEST(a_company_that_is_stored_by_its_longer_name_holds_by_each),
    };
    lb_log_set_level(LB_LOG_ERROR);
    return cmocka_run_group_tests_name("exclusion_types", tests, NULL, NULL);
}
