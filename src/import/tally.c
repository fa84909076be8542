#include "import/tally.h"

#include <stdlib.h>

#define PIECE 8192 /* hashes that are read at a time */
/* The hashes of a pass fill half of the memory on average, so that chance does not fill it. */
#define PASS_SHARE 2

/* A hash whose lowest bit is the mark: of those of one person the marked one is sorted last. */

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Keeps one hash of each person, sorted. */
static void fold(struct lb_tally *tally)
{
    uint64_t *held = tally->held;
    size_t kept = 0;
    if (tally->count)
        qsort(held, tally->count, sizeof *held, compare);
    for (size_t i = 0; i < tally->count; i++) {
        kept -= kept && held[kept - 1] >> 1 == held[i] >> 1;
        held[kept++] = held[i];
    }
    tally->count = kept;
}

static lb_err hold(struct lb_tally *tally, uint64_t value)
{
    if (!tally->held && !(tally->held = malloc(LB_TALLY_HELD * sizeof *tally->held)))
        return LB_ERR_OVERLOADED;
    tally->held[tally->count++] = value;
    return LB_OK;
}

static lb_err spill(struct lb_tally *tally)
{
    struct lb_str bytes = {(const char *)tally->held, tally->count * sizeof *tally->held};
    tally->count = 0;
    return lb_spool_append(&tally->spool, bytes);
}

lb_err lb_tally_add(struct lb_tally *tally, uint64_t hash, bool marked)
{
    lb_err err = LB_OK;
    if (tally->count == LB_TALLY_HELD) {
        fold(tally);
        if (tally->count > LB_TALLY_HELD / 2)
            err = spill(tally);
    }
    return err ? err : hold(tally, (hash & ~UINT64_C(1)) | marked);
}

static void count_held(struct lb_tally *tally, uint64_t *different, uint64_t *marked)
{
    fold(tally);
    *different += tally->count;
    for (size_t i = 0; i < tally->count; i++)
        *marked += tally->held[i] & 1;
    tally->count = 0;
}

/* Holds those of the hashes that belong to the pass. */
static lb_err hold_some(struct lb_tally *tally, const uint64_t *values, size_t count, uint64_t pass,
                        uint64_t passes)
{
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < count; i++) {
        if ((values[i] >> 32) * passes >> 32 != pass)
            continue;
        if (tally->count == LB_TALLY_HELD)
            fold(tally);
        err = tally->count == LB_TALLY_HELD ? LB_ERR_OVERLOADED : hold(tally, values[i]);
    }
    return err;
}

static lb_err run_pass(struct lb_tally *tally, uint64_t *piece, uint64_t pass, uint64_t passes)
{
    lb_err err = LB_OK;
    for (uint64_t at = 0; !err && at < tally->spool.size;) {
        ssize_t n = lb_spool_read(&tally->spool, at, piece, PIECE * sizeof *piece);
        if (n < (ssize_t)sizeof *piece)
            return LB_ERR_STORAGE_UNAVAILABLE;
        size_t count = (size_t)n / sizeof *piece;
        at += count * sizeof *piece;
        err = hold_some(tally, piece, count, pass, passes);
    }
    return err;
}

lb_err lb_tally_count(struct lb_tally *tally, uint64_t *out_different, uint64_t *out_marked)
{
    *out_different = *out_marked = 0;
    if (!tally->spool.size) {
        count_held(tally, out_different, out_marked);
        return LB_OK;
    }
    lb_err err = spill(tally);
    uint64_t *piece = err ? NULL : malloc(PIECE * sizeof *piece);
    if (!piece)
        return err ? err : LB_ERR_OVERLOADED;
    uint64_t passes = tally->spool.size / sizeof *piece * PASS_SHARE / LB_TALLY_HELD + 1;
    for (uint64_t pass = 0; !err && pass < passes; pass++) {
        err = run_pass(tally, piece, pass, passes);
        count_held(tally, out_different, out_marked);
    }
    free(piece);
    return err;
}

void lb_tally_fini(struct lb_tally *tally)
{
    free(tally->held);
    lb_spool_close(&tally->spool);
    tally->held = NULL;
}
