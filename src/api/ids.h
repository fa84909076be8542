/* Numbers as ids that clients see: blocks of a workspace bl_42_9k3vx0ts, changes of blocklists
 * ch_123_9k3vx0ts (number and epoch; without an epoch they are from an earlier version), leads
 * ld_12, steps st_7, variants var_3, activities ac_12_7. An id of another form is the number 0,
 * which nothing has.
 */
#ifndef LB_API_IDS_H
#define LB_API_IDS_H

#include "base/buf.h"
#include "base/id.h"
#include "index/epochs.h"
#include "store/store.h"

#define LB_ENTRY_PREFIX    "bl_"
#define LB_CHANGE_PREFIX   "ch_"
#define LB_IMPORT_PREFIX   "im_" /* then random, unless the client has given an id */
#define LB_LEAD_PREFIX     "ld_"
#define LB_STEP_PREFIX     "st_"
#define LB_VARIANT_PREFIX  "var_"
#define LB_ACTIVITY_PREFIX "ac_"

#define LB_ID_EPOCH_CHARS 8 /* 5 bits each */

#define LB_ID_NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/* The number after the prefix; 0 when the id is invalid. */
static inline uint64_t lb_id_number(struct lb_str id, struct lb_str prefix, uint64_t max)
{
    uint64_t number = 0;
    if (id.len > prefix.len && memcmp(id.ptr, prefix.ptr, prefix.len) == 0)
        lb_str_to_id((struct lb_str){id.ptr + prefix.len, id.len - prefix.len}, max, &number);
    return number;
}

/* An entry or a change. */
static inline struct lb_public_id lb_id_record(struct lb_str id, struct lb_str prefix)
{
    struct lb_public_id record = {0};
    const char *split =
        id.len > prefix.len ? memchr(id.ptr + prefix.len, '_', id.len - prefix.len) : NULL;
    size_t head = split ? (size_t)(split - id.ptr) : id.len;
    struct lb_str epoch = {split ? split + 1 : NULL, split ? id.len - head - 1 : 0};
    if (!split || (lb_id_read_bits(epoch, LB_ID_EPOCH_CHARS, &record.epoch) && record.epoch))
        record.number = lb_id_number((struct lb_str){id.ptr, head}, prefix, LB_ENTRY_ID_MAX);
    return record;
}

#define LB_ID_RECORD_SIZE (sizeof LB_CHANGE_PREFIX + LB_U64_DIGITS + 1 + LB_ID_EPOCH_CHARS)

/* With a NUL; returns the length. */
static inline size_t lb_id_write_record(char out[LB_ID_RECORD_SIZE], struct lb_str prefix,
                                        struct lb_public_id record)
{
    char digits[LB_U64_DIGITS];
    struct lb_str number = lb_str_of_u64(record.number, digits);
    size_t len = prefix.len + number.len;
    memcpy(out, prefix.ptr, prefix.len);
    memcpy(out + prefix.len, number.ptr, number.len);
    out[len] = '\0';
    if (record.epoch) {
        out[len++] = '_';
        lb_id_write_bits(out + len, LB_ID_EPOCH_CHARS, record.epoch);
        len += LB_ID_EPOCH_CHARS;
    }
    return len;
}

/* The id of that number, with the epoch that it has. */
static inline void lb_id_put_record(struct lb_buf *out, struct lb_str prefix,
                                    const struct lb_epochs *epochs, uint64_t number)
{
    char id[LB_ID_RECORD_SIZE];
    struct lb_public_id record = {number, lb_epochs_of(epochs, number)};
    lb_buf_append(out, id, lb_id_write_record(id, prefix, record));
}

static inline uint64_t lb_id_lead(struct lb_str id)
{
    return lb_id_number(id, LB_STR(LB_LEAD_PREFIX), LB_ID_NUMBER_MAX);
}

static inline uint32_t lb_id_step(struct lb_str id)
{
    return (uint32_t)lb_id_number(id, LB_STR(LB_STEP_PREFIX), UINT32_MAX);
}

static inline uint32_t lb_id_variant(struct lb_str id)
{
    return (uint32_t)lb_id_number(id, LB_STR(LB_VARIANT_PREFIX), UINT32_MAX);
}

/* Both parts of an activity's id, or both 0. */
static inline void lb_id_activity(struct lb_str id, uint64_t *out_lead, uint32_t *out_step)
{
    size_t prefix = sizeof LB_ACTIVITY_PREFIX - 1;
    const char *split = id.len > prefix ? memchr(id.ptr + prefix, '_', id.len - prefix) : NULL;
    size_t head = split ? (size_t)(split - id.ptr) : 0;
    struct lb_str rest = {split ? split + 1 : NULL, split ? id.len - head - 1 : 0};
    uint64_t step = 0;
    *out_lead =
        lb_id_number((struct lb_str){id.ptr, head}, LB_STR(LB_ACTIVITY_PREFIX), LB_ID_NUMBER_MAX);
    if (!*out_lead || !lb_str_to_id(rest, UINT32_MAX, &step))
        *out_lead = step = 0;
    *out_step = (uint32_t)step;
}

#endif
