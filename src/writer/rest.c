#include "writer/rest.h"

#include "base/clock.h"

#include <time.h>

#define REST_SHARE  20 /* one in so many may have to wait for longer than LB_REST_BRIEF_NS */
#define REST_TIMES  3  /* it rests at most so many times as long as the batch took */
#define REST_MAX_NS (UINT64_C(3000) * 1000000)
#define LATELY_NS   (UINT64_C(10000) * 1000000)
/* Of light writes of one workspace: what they may take at once, and what is remembered at most. */
#define USED_NS     (UINT64_C(20) * 1000000)
#define USED_MAX_NS (UINT64_C(100) * 1000000)
/* A write that is the only one of its workspace in its batch counts when it takes longer. */
#define ALONE_NS (LB_REST_BRIEF_NS / 2)

static void note_one(struct lb_rest *rest, const struct lb_writer_share *share, uint64_t until_ns)
{
    struct lb_lately *first = &rest->lately[0], *second = &rest->lately[1];
    if (atomic_load(&first->until_ns) && atomic_load(&first->share) != share) {
        atomic_store(&second->share, atomic_load(&first->share));
        atomic_store(&second->until_ns, atomic_load(&first->until_ns));
    }
    atomic_store(&first->share, share);
    atomic_store(&first->until_ns, until_ns);
}

void lb_rest_note(struct lb_rest *rest, const struct lb_write *first)
{
    const struct lb_writer_share *noted = NULL;
    uint64_t until_ns = lb_clock_mono_ns() + LATELY_NS;
    for (int i = 0; i < 2; i++) {
        while (first && (!first->share || first->share == noted))
            first = first->next;
        if (!first)
            return;
        noted = first->share;
        note_one(rest, noted, until_ns);
    }
}

bool lb_rest_has_others(const struct lb_rest *rest, const struct lb_writer_share *share)
{
    uint64_t now = lb_clock_mono_ns();
    for (size_t i = 0; i < 2; i++)
        if (now < atomic_load(&rest->lately[i].until_ns) &&
            atomic_load(&rest->lately[i].share) != share)
            return true;
    return false;
}

/* It forgets what was used as fast as more may be used. */
static uint64_t used_now(const struct lb_writer_share *share, uint64_t now)
{
    uint64_t forgotten = (now - share->used_at_ns) / REST_SHARE;
    return share->used_ns > forgotten ? share->used_ns - forgotten : 0;
}

static uint64_t thread_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void lb_rest_batch_begins(struct lb_rest *rest)
{
    rest->thread_ns = thread_ns();
}

/* What a write that took so long has had of the processor, or what came before it in the batch:
 * that the machine is busy is not its fault. 0: not much. */
static uint64_t own_time(struct lb_rest *rest, uint64_t took_ns)
{
    if (took_ns <= ALONE_NS)
        return 0;
    uint64_t before = rest->thread_ns;
    rest->thread_ns = thread_ns();
    uint64_t had = rest->thread_ns - before;
    return had <= ALONE_NS ? 0 : had < took_ns ? had : took_ns;
}

void lb_rest_charge(struct lb_rest *rest, struct lb_writer_share *share, uint64_t took_ns)
{
    if (share->in_batch < 2)
        took_ns = own_time(rest, took_ns);
    if (!took_ns)
        return;
    uint64_t now = lb_clock_mono_ns();
    uint64_t used = used_now(share, now) + took_ns;
    share->used_ns = used < USED_MAX_NS ? used : USED_MAX_NS;
    share->used_at_ns = now;
}

bool lb_rest_is_busy(const struct lb_rest *rest, const struct lb_writer_share *share)
{
    return share->used_ns > USED_NS && used_now(share, lb_clock_mono_ns()) > USED_NS &&
           lb_rest_has_others(rest, share);
}

bool lb_rest_is_on(const struct lb_rest *rest)
{
    return rest->until_ns && lb_clock_mono_ns() < rest->until_ns;
}

const struct lb_write *lb_rest_without_others(const struct lb_rest *rest,
                                              const struct lb_write *first)
{
    for (size_t i = 0; first && i < LB_REST_AMONG_MAX; i++, first = first->next)
        if (!lb_rest_has_others(rest, first->share))
            return first;
    return NULL;
}

/* How long it has to rest after a batch that took so long. Of writes that come evenly, the share of
 * those that meet the batch is took / (took + rest), and of these (took - BRIEF) / took wait for
 * longer than BRIEF. On a slow disk each batch takes longer than that: heavy ones have a quarter of
 * the time all the same. */
static uint64_t rest_after(uint64_t took)
{
    uint64_t rest = took;
    if (took > LB_REST_BRIEF_NS && (took - LB_REST_BRIEF_NS) * REST_SHARE > 2 * took)
        rest = (took - LB_REST_BRIEF_NS) * REST_SHARE - took;
    if (rest > REST_TIMES * took)
        rest = REST_TIMES * took;
    return rest < REST_MAX_NS ? rest : REST_MAX_NS;
}

void lb_rest_begin(struct lb_rest *rest, const struct lb_writer_share *share, uint64_t begun_ns)
{
    uint64_t now = lb_clock_mono_ns();
    if (lb_rest_has_others(rest, share))
        rest->until_ns = now + rest_after(now - begun_ns);
}
