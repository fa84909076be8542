#include "domain/access/email.h"

#include "base/array.h"

#include <stdlib.h>
#include <utf8proc.h>

#define RAW_MAX (4 * LB_EMAIL_SIZE) /* bytes: what is longer has no form that fits */
#define POINTS  (4 * RAW_MAX)
#define FOLD    (UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

/* Folding once need not be a fixed point for every sequence of combining marks. */
#define ROUNDS_MAX 4

struct spelling {
    char form[LB_EMAIL_SIZE]; /* the one spelling */
    char stored[LB_EMAIL_SIZE];
};

struct lb_old_emails {
    struct spelling *rows; /* in the order in which the users were made */
    size_t count, capacity;
};

/* --- Spelling --- */

static bool is_white_space(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return (point >= '\t' && point <= '\r') || point == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/* Folds what was decomposed once; the length of its UTF-8 at the start of `points`, or 0. */
static size_t fold_once(struct lb_str text, int32_t points[POINTS + 1])
{
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)text.ptr, (utf8proc_ssize_t)text.len, points,
                           POINTS, (utf8proc_option_t)FOLD);
    if (count <= 0 || count > POINTS)
        return 0;
    utf8proc_ssize_t first = 0;
    while (first < count && is_white_space(points[first]))
        first++;
    while (count > first && is_white_space(points[count - 1]))
        count--;
    memmove(points, points + first, (size_t)(count - first) * sizeof *points);
    utf8proc_ssize_t len = utf8proc_reencode(points, count - first, (utf8proc_option_t)FOLD);
    return len > 0 ? (size_t)len : 0;
}

/* One @ with something on both sides, and nothing that is no part of an address. */
static bool has_form(struct lb_str text)
{
    size_t ats = 0;
    utf8proc_ssize_t bytes;
    for (size_t i = 0; i < text.len; i += (size_t)bytes) {
        int32_t point;
        bytes = utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + i,
                                 (utf8proc_ssize_t)(text.len - i), &point);
        if (bytes <= 0 || is_white_space(point) || utf8proc_category(point) == UTF8PROC_CATEGORY_CC)
            return false;
        ats += point == '@';
    }
    return ats == 1 && text.ptr[0] != '@' && text.ptr[text.len - 1] != '@';
}

bool lb_email_normalise(struct lb_str raw, char out[LB_EMAIL_SIZE])
{
    int32_t points[POINTS + 1];
    if (!raw.ptr || raw.len > RAW_MAX)
        return false;
    struct lb_str form = raw;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        size_t len = fold_once(form, points);
        if (len == 0 || len >= LB_EMAIL_SIZE)
            return false;
        bool same = form.len == len && memcmp(form.ptr, points, len) == 0;
        memcpy(out, points, len);
        out[len] = '\0';
        form = (struct lb_str){out, len};
        if (same)
            return has_form(form);
    }
    return false;
}

/* As earlier versions stored it. */
static bool spell_as_before(struct lb_str raw, char out[LB_EMAIL_SIZE])
{
    while (raw.len && raw.ptr[0] == ' ') {
        raw.ptr++;
        raw.len--;
    }
    while (raw.len && raw.ptr[raw.len - 1] == ' ')
        raw.len--;
    if (!lb_str_copy(raw, out, LB_EMAIL_SIZE))
        return false;
    for (size_t i = 0; i < raw.len; i++)
        if (out[i] >= 'A' && out[i] <= 'Z')
            out[i] = (char)(out[i] + 32);
    return true;
}

/* --- Old spellings --- */

static lb_err take_old(void *context, const struct lb_user_row *row)
{
    struct lb_old_emails *old = context;
    char form[LB_EMAIL_SIZE];
    if (!lb_email_normalise(lb_str(row->email), form) || strcmp(form, row->email) == 0)
        return LB_OK;
    if (!lb_array_grow(&old->rows, &old->capacity, old->count + 1, sizeof *old->rows))
        return LB_ERR_INTERNAL;
    struct spelling *spelling = &old->rows[old->count++];
    memcpy(spelling->form, form, sizeof form);
    memcpy(spelling->stored, row->email, sizeof spelling->stored);
    return LB_OK;
}

lb_err lb_old_emails_load(struct lb_store *store, struct lb_old_emails **out)
{
    struct lb_store_reader *reader;
    struct lb_old_emails *old = calloc(1, sizeof *old);
    if (!old)
        return LB_ERR_INTERNAL;
    lb_err err = store->ops->reader_open(store, &reader);
    if (!err) {
        err = store->ops->users(reader, false, old, take_old);
        store->ops->reader_close(reader);
    }
    if (err)
        lb_old_emails_destroy(old);
    else
        *out = old;
    return err;
}

void lb_old_emails_destroy(struct lb_old_emails *old)
{
    if (!old)
        return;
    free(old->rows);
    free(old);
}

lb_err lb_email_find_user(const struct lb_old_emails *old, const struct lb_store_ops *ops,
                          struct lb_store_reader *reader, struct lb_str raw,
                          struct lb_user_row *out)
{
    char form[LB_EMAIL_SIZE];
    char before[LB_EMAIL_SIZE];
    if (!lb_email_normalise(raw, form))
        return LB_ERR_NOT_FOUND;
    lb_err err = LB_ERR_NOT_FOUND;
    if (spell_as_before(raw, before) && strcmp(before, form) != 0)
        err = ops->user_by_email(reader, lb_str(before), out);
    if (err == LB_ERR_NOT_FOUND)
        err = ops->user_by_email(reader, lb_str(form), out);
    for (size_t i = 0; err == LB_ERR_NOT_FOUND && old && i < old->count; i++)
        if (strcmp(old->rows[i].form, form) == 0)
            err = ops->user_by_email(reader, lb_str(old->rows[i].stored), out);
    return err;
}
