/* Which queues of a campaign no lead waits in. They are noted one by one and asked for together by
 * the first look into one of them; of one campaign at a time, which bounds what is kept. */
#include "store/postgres/internal.h"

#include <stdlib.h>

/* Noted at a time: a campaign has 250 steps at most, with those that were deleted. */
#define PLACES_MAX 1024

/* As the statements have it: three numbers, one after the other. */
struct place {
    uint64_t queue;
    uint64_t step;
    uint64_t since;
};
#define PLACE_NUMBERS (sizeof(struct place) / sizeof(uint64_t))
/* In the place of the queue: a lead waits there, or may by now. */
#define ASK UINT64_MAX

struct lb_pg_queues {
    struct looked_into {
        uint32_t workspace; /* LB_WORKSPACE_NONE: of none */
        uint32_t campaign;
        bool asked;
        size_t count;
        struct place places[PLACES_MAX];
    } sides[2]; /* due, ahead */
};

/* Of each of many queues whether it has such leads, as LEADS_DUE and LEADS_AHEAD find them
 * (lead.c): the answer is where it stands in $3. */
#define QUEUES(compared, order)                                                                    \
    "SELECT place.at FROM generate_series(1, cardinality($3::bigint[]), 3) AS place (at)"          \
    " CROSS JOIN LATERAL (SELECT FROM leadblock.lead WHERE NOT set_aside AND status <= 1"          \
    " AND workspace_id = $1 AND campaign = $2 AND queue = ($3::bigint[])[place.at]"                \
    " AND step = ($3::bigint[])[place.at + 1]"                                                     \
    " AND since " compared " ($3::bigint[])[place.at + 2] ORDER BY " order " LIMIT 1) AS lead"

LB_PG_STATEMENT(QUEUES_DUE, ONE, "nnN", QUEUES("<=", "since, no"));
LB_PG_STATEMENT(QUEUES_AHEAD, ONE, "nnN", QUEUES(">", "since DESC, no DESC"));

static void empty(struct looked_into *side)
{
    side->workspace = LB_WORKSPACE_NONE;
    side->count = 0;
    side->asked = false;
}

void lb_pg_queues_clear(struct lb_store_reader *reader)
{
    for (int i = 0; reader->queues && i < 2; i++)
        empty(&reader->queues->sides[i]);
}

void lb_pg_queues_destroy(struct lb_store_reader *reader)
{
    free(reader->queues);
    reader->queues = NULL;
}

static bool is_about(const struct looked_into *side, uint32_t workspace, uint32_t campaign)
{
    return side->count && side->workspace == workspace && side->campaign == campaign;
}

/* One that is not noted is asked for when it is looked into. */
void lb_pg_prefetch_queue(struct lb_store_reader *reader, const struct lb_pg_queue *queue)
{
    if (!reader->queues)
        reader->queues = calloc(1, sizeof *reader->queues);
    struct looked_into *side = reader->queues ? &reader->queues->sides[queue->ahead] : NULL;
    if (!side)
        return;
    if (side->asked || !is_about(side, queue->workspace, queue->campaign))
        empty(side);
    side->workspace = queue->workspace;
    side->campaign = queue->campaign;
    if (side->count < PLACES_MAX)
        side->places[side->count++] = (struct place){queue->queue, queue->step,
                                                     queue->since > 0 ? (uint64_t)queue->since : 0};
}

static lb_err ask(struct lb_store_reader *reader, bool ahead, const struct looked_into *side,
                  PGresult **out)
{
    struct lb_pg_params params = {0};
    struct lb_buf array = {0};
    lb_pg_array_of_numbers(&array, &side->places[0].queue, side->count * PLACE_NUMBERS);
    lb_pg_add_number(&params, side->workspace);
    lb_pg_add_number(&params, side->campaign);
    lb_pg_add_array(&params, &array);
    *out = NULL;
    enum lb_pg_statement statement = ahead ? PG_QUEUES_AHEAD : PG_QUEUES_DUE;
    lb_err err =
        array.failed ? LB_ERR_INTERNAL : lb_pg_query_in_order(reader, statement, &params, out);
    lb_buf_fini(&array);
    return err;
}

/* After a failure each queue is asked for when it is looked into. */
static void ask_once(struct lb_store_reader *reader, bool ahead, struct looked_into *side)
{
    PGresult *result;
    if (side->asked)
        return;
    lb_err err = ask(reader, ahead, side, &result);
    side->asked = true;
    for (int i = 0; !err && i < PQntuples(result); i++) {
        size_t place = (size_t)(lb_pg_number(result, i, 0) - 1) / PLACE_NUMBERS;
        if (place < side->count)
            side->places[place].queue = ASK;
    }
    PQclear(result);
    if (err)
        empty(side);
}

bool lb_pg_cached_none(struct lb_store_reader *reader, const struct lb_pg_queue *queue)
{
    struct looked_into *side = reader->queues ? &reader->queues->sides[queue->ahead] : NULL;
    if (!side || !is_about(side, queue->workspace, queue->campaign))
        return false;
    ask_once(reader, queue->ahead, side);
    for (size_t i = 0; i < side->count; i++) {
        const struct place *place = &side->places[i];
        int64_t since = (int64_t)place->since;
        if (place->queue == queue->queue && place->step == queue->step)
            return queue->ahead ? queue->since >= since : queue->since <= since;
    }
    return false;
}

void lb_pg_forget_queue(struct lb_store_reader *reader, const struct lb_lead_row *lead)
{
    for (int i = 0; reader->queues && i < 2; i++) {
        struct looked_into *side = &reader->queues->sides[i];
        /* What is only noted will be asked for after the write. */
        if (!side->asked || !is_about(side, lead->workspace, lead->campaign))
            continue;
        for (size_t j = 0; j < side->count; j++)
            if (side->places[j].queue == lead->queue && side->places[j].step == lead->step)
                side->places[j].queue = ASK;
    }
}
