#include "api/blocklist/named.h"

#include "api/blocklist/entry_json.h"
#include "api/country.h"
#include "api/query.h"
#include "json/encode.h"

#define COMPANY_PAGE "https://www.linkedin.com/company/"

bool lb_named_read(struct lb_call *call, enum lb_name_type type, struct lb_str value,
                   struct lb_asked *out)
{
    struct lb_name_rules rules = {0};
    struct lb_kept kept = {0};
    char room[LB_KEY_SIZE];
    if (!lb_country_read_query(call, &rules.country))
        return false;
    if (type == LB_NAME_LINKEDIN || type == LB_NAME_MEMBER_ID)
        return lb_identifiers_read_one(call, value, out);
    struct lb_typed_name *name = lb_call_alloc(call, sizeof *name);
    struct lb_typed_name before;
    if (!name)
        return false;
    rules.country = lb_country_meant(call, rules.country);
    *out = (struct lb_asked){.raw = value};
    out->wrong = lb_typed_name_normalise(type, value, &rules, name);
    if (out->wrong == lb_name_no_memory)
        return lb_call_no_memory(call);
    if (out->wrong) { /* also what may be two numbers: neither tells of the other */
        lb_identifiers_refuse(call, out);
        return false;
    }
    if (lb_typed_name_before(type, value, &rules, &before)) {
        out->before = lb_key_make(before.type, lb_typed_name_str(&before), room);
        if (!lb_keep(call, &kept, &out->before))
            return lb_call_no_memory(call);
    }
    out->identifier = lb_key_make(name->type, lb_typed_name_str(name), room);
    return lb_keep(call, &kept, &out->identifier) || lb_call_no_memory(call);
}

/* A name whose type is a word that stands there. False when the reply is set. */
static bool read_of_word(struct lb_call *call, const char *where, struct lb_str word,
                         struct lb_str value, struct lb_asked *out)
{
    enum lb_name_type type;
    if (!lb_name_type_of_word(word, &type)) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The %s must be publicIdentifier, memberId, linkedinUrl, email, phone, "
                       "domain or company.",
                       where);
        return false;
    }
    return lb_named_read(call, type, value, out);
}

bool lb_named_read_path(struct lb_call *call, struct lb_asked *out)
{
    return read_of_word(call, "type in the path", call->req->params[0], call->req->params[1], out);
}

bool lb_named_read_query(struct lb_call *call, struct lb_asked *out, bool *out_given)
{
    struct lb_str person, word, value;
    if (!lb_query_text(call, "publicIdentifier", &person) || !lb_query_text(call, "type", &word) ||
        !lb_query_text(call, "value", &value))
        return false;
    *out_given = person.ptr || word.ptr || value.ptr;
    if (!word.ptr && !value.ptr)
        return !person.ptr || lb_identifiers_read_one(call, person, out);
    if (!person.ptr && word.ptr && value.ptr)
        return read_of_word(call, "parameter 'type'", word, value, out);
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "Give one name: 'publicIdentifier', or 'type' and 'value', which belong "
                   "together.");
    return false;
}

void lb_named_put_page(struct lb_buf *body, struct lb_str key)
{
    struct lb_buf url = {0};
    if (lb_key_type(key) != LB_NAME_COMPANY_PAGE)
        return;
    lb_buf_append_lit(&url, COMPANY_PAGE);
    lb_buf_append_str(&url, lb_key_value(key));
    lb_buf_append_lit(body, ",\"companyUrl\":");
    lb_json_put_string(body, lb_buf_str(&url));
    body->failed |= url.failed;
    lb_buf_fini(&url);
}

void lb_named_put(const struct lb_call *call, struct lb_buf *body, struct lb_str key)
{
    if (call->req->params[1].ptr) {
        lb_entry_json_put_name(body, key);
        lb_named_put_page(body, key);
        return;
    }
    lb_buf_append_lit(body, "\"publicIdentifier\":");
    lb_json_put_string(body, key);
}
