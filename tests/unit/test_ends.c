/* When entries end, while memory is short: what is put back where it was needs none. */
#include "domain/blocklist/ends.h"
#include "support/starve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

static struct lb_due_entry due_of(uint64_t id)
{
    return (struct lb_due_entry){
        .end = (int64_t)(id % 7) + 1, .id = id, .fingerprint = {.high = id * id}};
}

static bool is_full(const struct lb_ends_shard *shard)
{
    return shard->capacity && (shard->count + 1) * 4 > shard->capacity * 3;
}

static const struct lb_ends_shard *full_shard(const struct lb_ends *ends)
{
    for (size_t i = 0; i < LB_ENDS_SHARDS; i++)
        if (is_full(&ends->shards[i]))
            return &ends->shards[i];
    return NULL;
}

/* Until one more entry would make a table grow. The first `*out` ids are there. */
static void fill(struct lb_ends *ends, uint64_t *out)
{
    for (*out = 0; !full_shard(ends); ++*out) {
        struct lb_due_entry due = due_of(*out + 1);
        assert_true(lb_ends_add(ends, &due));
    }
    lb_ends_commit(ends);
    assert_true(ends->count < ends->capacity);
}

/* An undo may have brought it back. */
static void an_entry_that_is_there_needs_no_more_room(void **state)
{
    struct lb_ends ends = {0};
    uint64_t count;
    fill(&ends, &count);
    struct lb_due_entry due = due_of(count); /* of the table that is full */
    const struct lb_ends_shard *shard = full_shard(&ends);
    size_t before = shard->count;
    starve_at(1, true);
    bool added = lb_ends_add(&ends, &due);
    starve_end();
    assert_true(added);
    lb_ends_commit(&ends);
    assert_int_equal(shard->count, before);
    assert_int_equal(ends.count, count + 1);
    lb_ends_fini(&ends);
    (void)state;
}

/* Of those there are twice as well. */
static void what_was_taken_out_can_be_put_back(void **state)
{
    struct lb_ends ends = {0};
    uint64_t count;
    static struct lb_due_entry out[1 << 14];
    fill(&ends, &count);
    struct lb_due_entry twice = due_of(count);
    assert_true(lb_ends_add(&ends, &twice));
    lb_ends_commit(&ends);
    count = ends.count;
    assert_in_range(count, 1, 1 << 14);
    starve_at(1, true);
    for (size_t i = 0; i < count; i++) {
        out[i] = *lb_ends_first(&ends);
        lb_ends_drop_first(&ends);
    }
    bool all = !lb_ends_first(&ends);
    for (size_t i = 0; i < count; i++)
        all = all && lb_ends_add(&ends, &out[i]);
    starve_end();
    assert_true(all);
    lb_ends_commit(&ends);
    for (uint64_t id = 1; id < count; id++) {
        struct lb_due_entry due = due_of(id);
        assert_true(lb_ends_of(&ends, due.fingerprint, id) == due.end);
    }
    lb_ends_fini(&ends);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_that_is_there_needs_no_more_room),
        cmocka_unit_test(what_was_taken_out_can_be_put_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
