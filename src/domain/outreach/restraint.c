#include "domain/outreach/restraint.h"

#include "base/array.h"
#include "domain/outreach/counts.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/lead_keys.h"

#include <stdlib.h>

/* --- Companies --- */

/* What a stopped company is found by: its page; the form of its name; and the same when whoever
 * replied has no page, so that it holds for leads that have one, too. */
enum company_key { BY_PAGE = 'p', BY_NAME = 'n', BY_NAME_ALONE = 'u' };

static struct lb_str company_key(enum company_key kind, struct lb_str form,
                                 char out[LB_KEY_SIZE + 1])
{
    if (form.len > LB_KEY_SIZE)
        return (struct lb_str){0};
    out[0] = (char)kind;
    memcpy(out + 1, form.ptr, form.len);
    return (struct lb_str){out, form.len + 1};
}

static void add_key(struct lb_reply_company *out, enum lb_name_type type, struct lb_str form)
{
    struct lb_str key = lb_key_make(type, form, out->text[2 + out->key_count]);
    if (key.ptr)
        out->keys[out->key_count++] = key;
}

static void add_stop(struct lb_reply_company *out, enum company_key kind, struct lb_str form)
{
    struct lb_str stop = company_key(kind, form, out->text[out->stop_count]);
    if (stop.ptr)
        out->stops[out->stop_count++] = stop;
}

/* The company by which a lead has colleagues, if it is one: not "n/a", which unrelated leads have.
 */
static void find_company(const struct lb_lead_row *lead, struct lb_lead_keys *out)
{
    lb_lead_keys(lead, out); /* what may be missing is not looked at here */
    if (out->page.ptr && lb_name_is_no_company(LB_NAME_COMPANY_PAGE, out->page))
        out->page = (struct lb_str){0};
    if (out->company.ptr && lb_name_is_no_company(LB_NAME_COMPANY, out->company))
        out->company = (struct lb_str){0};
}

void lb_reply_company_of(const struct lb_lead_row *lead, struct lb_reply_company *out)
{
    struct lb_lead_keys keys;
    find_company(lead, &keys);
    out->stop_count = out->key_count = 0;
    if (keys.page.ptr) {
        add_stop(out, BY_PAGE, keys.page);
        add_key(out, LB_NAME_COMPANY_PAGE, keys.page);
    }
    if (!keys.company.ptr)
        return;
    add_stop(out, BY_NAME, keys.company);
    if (!keys.page.ptr)
        add_stop(out, BY_NAME_ALONE, keys.company);
    add_key(out, LB_NAME_COMPANY, keys.company);
}

/* --- Looking many leads up at once --- */

/* Strings about some leads, copied. */
struct texts {
    struct lb_buf bytes;
    struct text {
        size_t at, len;
        size_t lead; /* its place */
    } * array;
    size_t count, capacity;
    struct lb_str *strings; /* of all of them, when they are complete */
};

static lb_err add_text(struct texts *texts, size_t lead, struct lb_str text)
{
    if (!lb_array_reserve(texts->array, texts->capacity, texts->count + 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    texts->array[texts->count++] = (struct text){texts->bytes.len, text.len, lead};
    lb_buf_append_str(&texts->bytes, text);
    return texts->bytes.failed ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

static lb_err complete(struct texts *texts)
{
    texts->strings = malloc((texts->count + 1) * sizeof *texts->strings);
    for (size_t i = 0; texts->strings && i < texts->count; i++)
        texts->strings[i] =
            (struct lb_str){texts->bytes.ptr + texts->array[i].at, texts->array[i].len};
    return texts->strings ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
}

static void texts_fini(struct texts *texts)
{
    lb_buf_fini(&texts->bytes);
    free(texts->array);
    free(texts->strings);
}

/* --- Who was contacted --- */

/* A name as it is today, and as leads may be stored under it. */
static lb_err add_name(const struct lb_restraint_question *question, struct texts *texts,
                       size_t lead, struct lb_str name)
{
    struct lb_str stored;
    size_t cursor = 0;
    lb_err err = add_text(texts, lead, name);
    while (!err && lb_old_names_next(&question->outreach->old_names, question->list.workspace, name,
                                     &cursor, &stored))
        err = add_text(texts, lead, stored);
    return err;
}

static lb_err add_names(const struct lb_restraint_question *question, struct texts *texts,
                        size_t place, const struct lb_lead_row *lead)
{
    struct lb_exclusion_names own;
    struct lb_other_names names;
    lb_err err = LB_OK;
    lb_exclusion_all_names(&question->exclusion, lead, &own, &names);
    for (size_t i = 0; !err && i < names.count; i++)
        err = add_name(question, texts, place, names.names[i]);
    return err;
}

/* Looks names up, those of the first lead and others until the look-ups are used up. */
static lb_err look_up(const struct lb_restraint_question *question, const struct texts *names,
                      struct lb_contact *out, size_t *out_done)
{
    const struct lb_store_ops *ops = question->outreach->settings.store->ops;
    int64_t since = question->now - lb_skip_contacted_ms(&question->settings);
    size_t left = question->look_ups_max, done = 0, more = 0;
    lb_err err = LB_OK;
    while (!err && done < names->count && (left || !names->array[done].lead)) {
        err = ops->contacts(question->reader, question->list, since, names->strings + done,
                            names->count - done, &left, out + done, &more);
        done += more;
    }
    if (question->asked)
        *question->asked += question->look_ups_max - left;
    *out_done = done;
    return err;
}

static lb_err find_contacts(const struct lb_restraint_question *question, struct texts *names,
                            struct lb_restraint *out, size_t *known)
{
    struct lb_contact *contacts = malloc((names->count + 1) * sizeof *contacts);
    size_t done = 0;
    lb_err err = contacts ? complete(names) : LB_ERR_STORAGE_UNAVAILABLE;
    if (!err)
        err = look_up(question, names, contacts, &done);
    if (!err && done < names->count)
        *known = names->array[done].lead; /* one of its names is not known */
    for (size_t i = 0; !err && i < done; i++) {
        struct lb_restraint *restraint = &out[names->array[i].lead];
        if (contacts[i].at > restraint->contact.at)
            restraint->contact = contacts[i];
    }
    free(contacts);
    return err;
}

/* --- Whose colleague has replied --- */

static lb_err add_company(struct texts *texts, size_t place, const struct lb_lead_row *lead)
{
    struct lb_lead_keys keys;
    struct lb_typed_name before;
    char text[LB_KEY_SIZE + 1];
    lb_err err = LB_OK;
    if (lead->marks & LB_MARK_REPLIED) /* who has replied is no colleague */
        return LB_OK;
    find_company(lead, &keys);
    if (keys.page.ptr)
        err = add_text(texts, place, company_key(BY_PAGE, keys.page, text));
    enum company_key by_name = keys.page.ptr ? BY_NAME_ALONE : BY_NAME;
    if (!err && keys.company.ptr)
        err = add_text(texts, place, company_key(by_name, keys.company, text));
    if (!err && keys.company.ptr &&
        lb_name_company_before(lead->fields[LB_LEAD_COMPANY_NAME], &before)) /* was noted so */
        err = add_text(texts, place, company_key(by_name, lb_typed_name_str(&before), text));
    return err;
}

static lb_err find_colleagues(const struct lb_restraint_question *question, struct texts *companies,
                              const uint64_t *leads, struct lb_restraint *out)
{
    const struct lb_store_ops *ops = question->outreach->settings.store->ops;
    uint64_t *found = malloc((companies->count + 1) * sizeof *found);
    lb_err err = found ? complete(companies) : LB_ERR_STORAGE_UNAVAILABLE;
    if (!err)
        err = ops->stopped_companies(question->reader, question->list, companies->strings,
                                     companies->count, found);
    for (size_t i = 0; !err && i < companies->count; i++) {
        size_t place = companies->array[i].lead;
        if (found[i] && found[i] != leads[place])
            out[place].colleague = found[i];
    }
    free(found);
    return err;
}

/* --- Both --- */

lb_err lb_restraints_find(const struct lb_restraint_question *question, const uint64_t *leads,
                          size_t count, struct lb_restraint *out, size_t *out_known)
{
    const struct lb_store_ops *ops = question->outreach->settings.store->ops;
    const struct lb_campaign_settings *settings = &question->settings;
    struct texts names = {0}, companies = {0};
    lb_err err = LB_OK;
    memset(out, 0, count * sizeof *out);
    *out_known = count;
    for (size_t i = 0; !err && i < count; i++) {
        struct lb_lead_row lead;
        err = ops->lead(question->reader, question->list.workspace, leads[i], &lead);
        if (!err && settings->stop_colleagues)
            err = add_company(&companies, i, &lead);
        if (!err && settings->skip_contacted_days)
            err = add_names(question, &names, i, &lead);
    }
    if (!err && names.count)
        err = find_contacts(question, &names, out, out_known);
    if (!err && companies.count)
        err = find_colleagues(question, &companies, leads, out);
    texts_fini(&names);
    texts_fini(&companies);
    return err;
}

/* --- Colleagues in the background --- */

lb_err lb_colleagues_end(struct lb_outreach *outreach, struct lb_list list, const uint64_t *leads,
                         size_t count)
{
    const struct lb_store_ops *ops = outreach->settings.store->ops;
    struct lb_restraint_question question = {.outreach = outreach,
                                             .reader = lb_outreach_reader(outreach),
                                             .list = list,
                                             .exclusion =
                                                 lb_outreach_exclusion(outreach, list.workspace)};
    struct lb_restraint restraints[LB_COLLEAGUES_MAX];
    struct lb_campaign_state state;
    struct lb_counts counts = {0};
    size_t known = 0;
    lb_err err = ops->campaign_state(question.reader, list.workspace, list.campaign, &state);
    if (err || !state.settings.stop_colleagues || !count)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    question.settings.stop_colleagues = true;
    err = lb_restraints_find(&question, leads, count, restraints, &known);
    for (size_t i = 0; !err && i < known; i++) {
        struct lb_lead_row before, lead;
        if (!restraints[i].colleague)
            continue;
        err = ops->lead(question.reader, list.workspace, leads[i], &before);
        lead = before;
        lead.status = LB_LEAD_COMPLETED;
        if (!err && (lb_lead_open(before.status) || before.status == LB_LEAD_ERROR))
            err = lb_outreach_move(outreach, &before, &lead, &counts);
    }
    return err ? err : lb_outreach_count(outreach, list, &counts);
}
