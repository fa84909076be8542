/* When entries were recorded, and whether they have a reason: what a check of a blocked lead has to
 * tell, in memory, so that it needs no disk unless there is a reason to be read. Which rows of the
 * log belong to one change, so that the latest changes are found without looking for them. And the
 * numbers of entries by their ids and back, which no store has an index for.
 *
 * One row_time serves a whole row of the log (up to 50 entries): 12 bytes of memory.
 * Threads: one writer at a time; readers on any thread without locks, registered with base/rcu.h
 * and online. Order: a row_time that was published is found by every look-up that starts later. */
#ifndef LB_INDEX_ROW_TIMES_H
#define LB_INDEX_ROW_TIMES_H

#include <stdbool.h>
#include <stdint.h>

struct lb_row_times;

struct lb_row_time {
    int64_t at; /* milliseconds since 1970 UTC */
    bool has_reason;
    bool continues;  /* the row belongs to the same change as the one before */
    uint64_t number; /* of the first entry in its workspace; grows with the id */
};

/* A change: the first entry ids of its first and of its last row, and its number, which is that of
 * its first entry. */
struct lb_row_times_change {
    uint64_t first_row;
    uint64_t last_row;
    uint64_t number;
};

/* NULL when out of memory. */
struct lb_row_times *lb_row_times_create(void);

/* No other thread may use it any more. NULL is fine. */
void lb_row_times_destroy(struct lb_row_times *row_times);

/* Adds the row whose first entry is `first`, greater than all before; readers see it once it is
 * published, which takes no memory. False when out of memory, and then nothing changed. Writer. */
bool lb_row_times_add(struct lb_row_times *row_times, uint64_t first, struct lb_row_time row_time);

/* Shows what was added, or takes back what was added and not published. Writer. */
void lb_row_times_publish(struct lb_row_times *row_times);
void lb_row_times_forget(struct lb_row_times *row_times);

/* Adds a row and publishes it. Writer. */
bool lb_row_times_append(struct lb_row_times *row_times, uint64_t first,
                         struct lb_row_time row_time);

/* The time of the last row whose first entry is `id` or less. False without such a row. */
bool lb_row_times_find(const struct lb_row_times *row_times, uint64_t id, struct lb_row_time *out);

/* What the number, or the id, of an entry is, reckoned from the last row that does not begin after
 * it; 0 without such a row. Of an entry that does not exist it is some other number. Also rows that
 * are not published yet are known. Writer. */
uint64_t lb_row_times_number_of(const struct lb_row_times *row_times, uint64_t id);
uint64_t lb_row_times_id_of(const struct lb_row_times *row_times, uint64_t number);

/* As lb_row_times_id_of, of rows that are published. */
uint64_t lb_row_times_published_id_of(const struct lb_row_times *row_times, uint64_t number);

/* The last change whose number is below that one. False when there is none. */
bool lb_row_times_change_below(const struct lb_row_times *row_times, uint64_t number,
                               struct lb_row_times_change *out);

/* The change of that number. False when none has it. */
bool lb_row_times_change(const struct lb_row_times *row_times, uint64_t number,
                         struct lb_row_times_change *out);

/* The first entry of the first row that does not begin below `id`. False when there is none. */
bool lb_row_times_next(const struct lb_row_times *row_times, uint64_t id, uint64_t *out_first);

/* The number of the first entry of the first row that was recorded at `at` or later; 0 when there
 * is none. Published rows; where the clock was set back, one of those around that. */
uint64_t lb_row_times_number_since(const struct lb_row_times *row_times, int64_t at);

uint64_t lb_row_times_bytes(const struct lb_row_times *row_times);

#endif
