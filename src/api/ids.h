/* Numbers as ids that clients see: blocks of a workspace bl_42_9k3vx0ts, changes of blocklists
 * ch_123_9k3vx0ts, leads ld_12_k3vx0t, steps st_7_t5mw2a, variants var_3_vq8z4e, activities
 * ac_12_k3vx0t_7_t5mw2a (lead and step): number and epoch, and without an epoch from an earlier
 * version. An id of another form is the number 0, which nothing has. Threads: stateless. */
#ifndef LB_API_IDS_H
#define LB_API_IDS_H

#include "base/buf.h"
#include "base/id.h"
#include "index/epochs.h"
#include "store/row_number.h"
#include "store/store.h"

#define LB_ENTRY_PREFIX    "bl_"
#define LB_CHANGE_PREFIX   "ch_"
#define LB_IMPORT_PREFIX   "im_" /* then random, unless the client has given an id */
#define LB_LEAD_PREFIX     "ld_"
#define LB_STEP_PREFIX     "st_"
#define LB_VARIANT_PREFIX  "var_"
#define LB_ACTIVITY_PREFIX "ac_"

#define LB_ID_EPOCH_CHARS 8 /* 5 bits each */

#define LB_ID_ROW_EPOCH_CHARS (LB_ROW_EPOCH_BITS / 5)

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

/* --- Leads, steps and variants ---------------------------------------------------------------- */

#define LB_ID_ROW_SIZE (LB_U64_DIGITS + 1 + LB_ID_ROW_EPOCH_CHARS + 1)

/* What follows the prefix, with a NUL; returns `out`. */
static inline const char *lb_id_write_row(char out[LB_ID_ROW_SIZE], uint64_t row)
{
    char digits[LB_U64_DIGITS];
    struct lb_public_id shown = lb_row_number_shown(row);
    struct lb_str number = lb_str_of_u64(shown.number, digits);
    memcpy(out, number.ptr, number.len);
    out[number.len] = '\0';
    if (shown.epoch) {
        out[number.len] = '_';
        lb_id_write_bits(out + number.len + 1, LB_ID_ROW_EPOCH_CHARS, shown.epoch);
    }
    return out;
}

static inline void lb_id_put_row(struct lb_buf *out, uint64_t row)
{
    char text[LB_ID_ROW_SIZE];
    lb_buf_append_str(out, lb_str(lb_id_write_row(text, row)));
}

/* Reads such an id at the beginning of `text`, and leaves in `text` what follows it. Of two that
 * begin there, the one with an epoch: epochs begin with a letter, numbers with a digit. 0, which is
 * no row's number, when `text` does not begin with an id. */
static inline uint64_t lb_id_take_row(struct lb_str *text)
{
    struct lb_public_id shown = {0};
    size_t digits = 0;
    while (digits < text->len && text->ptr[digits] >= '0' && text->ptr[digits] <= '9')
        digits++;
    struct lb_str number = {text->ptr, digits};
    struct lb_str rest = {text->ptr + digits, text->len - digits};
    if (rest.len > LB_ID_ROW_EPOCH_CHARS && rest.ptr[0] == '_' && rest.ptr[1] > '9') {
        struct lb_str epoch = {rest.ptr + 1, LB_ID_ROW_EPOCH_CHARS};
        if (!lb_id_read_bits(epoch, LB_ID_ROW_EPOCH_CHARS, &shown.epoch))
            return 0;
        rest.ptr += 1 + LB_ID_ROW_EPOCH_CHARS;
        rest.len -= 1 + LB_ID_ROW_EPOCH_CHARS;
    }
    *text = rest;
    return lb_str_to_id(number, LB_ROW_OLD_MAX, &shown.number) ? lb_row_number_of(shown) : 0;
}

static inline uint64_t lb_id_row(struct lb_str id, struct lb_str prefix)
{
    if (id.len < prefix.len || memcmp(id.ptr, prefix.ptr, prefix.len) != 0)
        return 0;
    struct lb_str rest = {id.ptr + prefix.len, id.len - prefix.len};
    uint64_t row = lb_id_take_row(&rest);
    return rest.len == 0 ? row : 0;
}

static inline uint64_t lb_id_lead(struct lb_str id)
{
    return lb_id_row(id, LB_STR(LB_LEAD_PREFIX));
}

static inline uint64_t lb_id_step(struct lb_str id)
{
    return lb_id_row(id, LB_STR(LB_STEP_PREFIX));
}

static inline uint64_t lb_id_variant(struct lb_str id)
{
    return lb_id_row(id, LB_STR(LB_VARIANT_PREFIX));
}

/* Both parts of an activity's id, or both 0. */
static inline void lb_id_activity(struct lb_str id, uint64_t *out_lead, uint64_t *out_step)
{
    size_t prefix = sizeof LB_ACTIVITY_PREFIX - 1;
    *out_lead = *out_step = 0;
    if (id.len < prefix || memcmp(id.ptr, LB_ACTIVITY_PREFIX, prefix) != 0)
        return;
    struct lb_str rest = {id.ptr + prefix, id.len - prefix};
    uint64_t lead = lb_id_take_row(&rest);
    if (!lead || rest.len == 0 || rest.ptr[0] != '_')
        return;
    rest = (struct lb_str){rest.ptr + 1, rest.len - 1};
    uint64_t step = lb_id_take_row(&rest);
    if (!step || rest.len != 0)
        return;
    *out_lead = lead;
    *out_step = step;
}

#endif
