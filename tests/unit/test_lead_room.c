/* How many leads a workspace may still have, with and without other nodes, over a store that knows
 * nothing but their number. */
#include "domain/outreach/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define MAX UINT64_C(20000000)

struct fixture {
    struct lb_store store;
    struct lb_store_shared shared;
    struct lb_store_ops ops;
    uint64_t total; /* leads in the store */
    unsigned asked; /* how often for their number */
    struct lb_outreach outreach;
    struct lb_workspace workspace;
    struct lb_reason reason;
};

static struct fixture *one; /* the readers of this store are no more than this */

static struct lb_store_reader *writer_reader(struct lb_store *store)
{
    (void)store;
    return NULL;
}

static lb_err leads_total(struct lb_store_reader *reader, uint32_t workspace, uint64_t *out)
{
    (void)reader;
    (void)workspace;
    one->asked++;
    *out = one->total;
    return LB_OK;
}

static int setup(void **state)
{
    struct fixture *fixture = *state = one = calloc(1, sizeof *fixture);
    fixture->ops =
        (struct lb_store_ops){.writer_reader = writer_reader, .leads_total = leads_total};
    fixture->store.ops = &fixture->ops;
    fixture->outreach.settings.store = &fixture->store;
    fixture->outreach.settings.max_workspace_leads = MAX;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static lb_err take(struct fixture *fixture, uint64_t count)
{
    return lb_outreach_take_room(&fixture->outreach, &fixture->workspace, count, &fixture->reason);
}

static void a_node_alone_asks_once(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(take(fixture, MAX / 20), LB_OK);
    assert_int_equal(fixture->asked, 1);
}

/* Another one fills the workspace: this one may add no more than what it holds. */
static void one_of_several_nodes_holds_little(void **state)
{
    struct fixture *fixture = *state;
    uint64_t added = 0;
    fixture->store.shared = &fixture->shared;
    assert_int_equal(take(fixture, 1), LB_OK);
    fixture->total = MAX;
    while (take(fixture, 1) == LB_OK)
        added++;
    assert_in_range(added, 1000, 10000);
}

static void one_of_several_nodes_holds_an_eighth_of_what_is_left(void **state)
{
    struct fixture *fixture = *state;
    uint64_t added = 0;
    fixture->store.shared = &fixture->shared;
    fixture->total = MAX - 801;
    assert_int_equal(take(fixture, 1), LB_OK);
    fixture->total = MAX;
    while (take(fixture, 1) == LB_OK)
        added++;
    assert_int_equal(added, 100);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_node_alone_asks_once),
        TEST(one_of_several_nodes_holds_little),
        TEST(one_of_several_nodes_holds_an_eighth_of_what_is_left),
    };
    return cmocka_run_group_tests_name("lead_room", tests, NULL, NULL);
}
