/* Numbers of leads, steps, variants and rows of the audit log, which ids outside are made of
 * (api/ids.h). A number counts in its workspace, so it tells nothing of others, and ends in an
 * epoch: random bits, drawn anew for each row. When a store goes back to an earlier state, counts
 * come again, but not with the same epoch; so an id that was given out for a row which is lost
 * never names another one, nor does that of another workspace. One number holds both: the count,
 * then the epoch, with a bit above that no number of a version before 0.16 has. Those counted in
 * the whole installation, and go on for the rows that they name; all of them are smaller.
 *
 * Threads: any. */
#ifndef LB_STORE_ROW_NUMBER_H
#define LB_STORE_ROW_NUMBER_H

#include "store/rows.h"

#define LB_ROW_EPOCH_BITS 30
#define LB_ROW_COUNT_MAX  UINT32_MAX
#define LB_ROW_OLD_MAX    ((UINT64_C(1) << 53) - 1) /* the greatest number before 0.16 */

/* The highest bit of an epoch is set in each, so that its first character is a letter. */
#define LB_ROW_EPOCH_MARK (UINT64_C(1) << (LB_ROW_EPOCH_BITS - 1))

/* A new epoch. */
uint64_t lb_row_epoch(void);

static inline bool lb_row_number_is_old(uint64_t number)
{
    return number >> 62 == 0;
}

/* What an id shows of it. */
static inline struct lb_public_id lb_row_number_shown(uint64_t number)
{
    if (lb_row_number_is_old(number))
        return (struct lb_public_id){.number = number};
    return (struct lb_public_id){.number = number >> LB_ROW_EPOCH_BITS & LB_ROW_COUNT_MAX,
                                 .epoch = number & ((UINT64_C(1) << LB_ROW_EPOCH_BITS) - 1)};
}

/* And back; 0, which nothing has, when no row can have that id. */
static inline uint64_t lb_row_number_of(struct lb_public_id shown)
{
    if (!shown.epoch)
        return shown.number <= LB_ROW_OLD_MAX ? shown.number : 0;
    if (!shown.number || shown.number > LB_ROW_COUNT_MAX || shown.epoch >> LB_ROW_EPOCH_BITS ||
        !(shown.epoch & LB_ROW_EPOCH_MARK))
        return 0;
    return UINT64_C(1) << 62 | shown.number << LB_ROW_EPOCH_BITS | shown.epoch;
}

/* The number of the row that is counted next, where so many were; which it counts. 0: there were
 * as many as can be. */
static inline uint64_t lb_row_number_next(uint64_t *count)
{
    if (*count >= LB_ROW_COUNT_MAX)
        return 0;
    return lb_row_number_of((struct lb_public_id){.number = ++*count, .epoch = lb_row_epoch()});
}

/* Of a row that is only listed, in the order of time, and not counted: the milliseconds since 1970,
 * then random bits. Those of one process grow, unless its clock is set back. */
uint64_t lb_row_number_of_time(int64_t at);

#endif
