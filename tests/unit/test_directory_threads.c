/* Threads use keys while the writer adds and revokes them. */
#include "base/rcu.h"
#include "domain/access/directory.h"
#include "domain/access/key_text.h"
#include "support/tsan.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define NOW INT64_C(1800000000000)

enum { KEYS = 32, THREADS = 4 };

static struct {
    struct lb_directory *directory;
    char texts[KEYS][LB_KEY_TEXT_SIZE];
    _Atomic size_t added;   /* the first so many may be used */
    _Atomic size_t revoked; /* the first so many may not */
    _Atomic size_t passes;  /* of threads over all keys */
    _Atomic bool stop;
} shared;

/* How often a key was taken that is another, or was revoked before, or refused although it holds.
 */
static void *use_keys(void *unused)
{
    size_t wrong = 0;
    lb_rcu_thread_register();
    while (!atomic_load(&shared.stop)) {
        size_t revoked = atomic_load(&shared.revoked);
        size_t added = atomic_load(&shared.added);
        for (size_t i = 0; i < added; i++) {
            struct lb_key *found = NULL;
            lb_err err =
                lb_directory_authenticate(shared.directory, lb_str(shared.texts[i]), NOW, &found);
            bool refused_rightly = i < atomic_load(&shared.revoked) + 1; /* one is under way */
            wrong += err ? !refused_rightly : i < revoked || found->row.no != i + 1;
        }
        atomic_fetch_add(&shared.passes, 1);
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return (void *)wrong;
}

static void add_and_revoke(void)
{
    struct lb_key *keys[KEYS];
    for (size_t i = 0; i < KEYS; i++) {
        struct lb_key_row row = {.no = (uint32_t)i + 1, .workspace = 1};
        lb_key_generate(shared.texts[i], &row);
        keys[i] = lb_directory_add_key(shared.directory, &row);
        atomic_store(&shared.added, i + 1);
        for (size_t seen = atomic_load(&shared.passes) + THREADS;
             atomic_load(&shared.passes) < seen;)
            sched_yield();
        if (i < KEYS / 2)
            continue;
        lb_directory_revoke_key(keys[i - KEYS / 2], NOW);
        atomic_store(&shared.revoked, i - KEYS / 2 + 1);
    }
}

static void a_key_is_valid_from_when_it_was_added_until_it_was_revoked(void **state)
{
    pthread_t threads[THREADS];
    struct lb_workspace_row row = {.no = 1, .id = "ws_one", .plan = LB_PLAN_PRO};
    lb_rcu_thread_register();
    shared.directory = lb_directory_create();
    assert_non_null(lb_directory_add_workspace(shared.directory, &row));
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_keys, NULL), 0);
    add_and_revoke();
    atomic_store(&shared.stop, true);
    lb_rcu_offline();
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    lb_rcu_online();
    lb_directory_destroy(shared.directory);
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_valid_from_when_it_was_added_until_it_was_revoked),
    };
    return cmocka_run_group_tests_name("directory, threads", tests, NULL, NULL);
}
