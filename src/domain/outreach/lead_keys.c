#include "domain/outreach/lead_keys.h"

#include <stddef.h>
#include <strings.h>

/* Writes the key of a name after the others. */
static struct lb_str put(struct lb_lead_keys *out, enum lb_name_type type, struct lb_str form)
{
    char key[LB_KEY_SIZE];
    struct lb_str made = lb_key_make(type, form, key);
    struct lb_str kept = {out->text + out->len, made.len};
    if (made.len > sizeof out->text - out->len)
        return (struct lb_str){0}; /* there is room for all that there can be */
    memcpy(out->text + out->len, made.ptr, made.len);
    out->len += made.len;
    return kept;
}

/* The key of a domain over a host is the end of the host's own. */
static void add_domains(struct lb_lead_keys *out, struct lb_str host)
{
    if (out->mail_host.ptr && lb_str_equal(out->mail_host, host))
        return;
    struct lb_str key = put(out, LB_NAME_DOMAIN, host);
    struct lb_str at = {key.ptr, key.ptr ? host.len : 0}, domain;
    while (lb_name_next_domain(&at, &domain) && out->count < LB_LEAD_KEYS_MAX) {
        size_t skipped = (size_t)(domain.ptr - key.ptr);
        out->keys[out->count++] = (struct lb_str){domain.ptr, key.len - skipped};
    }
}

static const struct lb_name_rules LOOKS_UP = {0};

static bool read(struct lb_lead_keys *out, enum lb_name_type type, struct lb_str field,
                 struct lb_typed_name *name)
{
    if (!field.ptr)
        return false;
    const char *wrong = lb_typed_name_normalise(type, field, &LOOKS_UP, name);
    out->incomplete |= wrong == lb_name_no_memory;
    return !wrong;
}

static struct lb_str add(struct lb_lead_keys *out, const struct lb_typed_name *name)
{
    struct lb_str key = put(out, name->type, lb_typed_name_str(name));
    if (!key.ptr)
        return key;
    out->keys[out->count++] = key;
    return lb_key_value(key);
}

static void add_email(struct lb_lead_keys *out, struct lb_str field)
{
    struct lb_typed_name name;
    if (!read(out, LB_NAME_EMAIL, field, &name))
        return;
    out->email = add(out, &name);
    if (!out->email.ptr)
        return;
    const char *at = memchr(out->email.ptr, '@', out->email.len);
    struct lb_str host = {at + 1, (size_t)(out->email.ptr + out->email.len - at - 1)};
    add_domains(out, host);
    out->mail_host = host;
}

static void add_site(struct lb_lead_keys *out, struct lb_str field)
{
    struct lb_typed_name name;
    if (out->site_host.ptr || !read(out, LB_NAME_DOMAIN, field, &name))
        return;
    struct lb_str host = {out->text + out->len, name.len};
    add_domains(out, lb_typed_name_str(&name));
    out->site_host = out->text + out->len > host.ptr ? host : out->mail_host;
}

/* A company's page on LinkedIn, or in its place another site. */
static void add_company_url(struct lb_lead_keys *out, struct lb_str field)
{
    struct lb_typed_name name;
    if (read(out, LB_NAME_COMPANY, field, &name) && name.type == LB_NAME_COMPANY_PAGE)
        out->page = add(out, &name);
    else
        add_site(out, field);
}

/* A page that stands in another field than companyUrl. */
static void add_page(struct lb_lead_keys *out, const struct lb_typed_name *name)
{
    if (out->page.ptr || name->type != LB_NAME_COMPANY_PAGE)
        return;
    out->page = add(out, name);
    out->page_elsewhere = true;
}

/* Of a website that is LinkedIn's: a company's page, in the place of its own site. */
static void add_page_as_site(struct lb_lead_keys *out, struct lb_str field)
{
    struct lb_str host = out->site_host, linkedin = LB_STR("linkedin.com");
    struct lb_typed_name name;
    if (!host.ptr || host.len < linkedin.len ||
        !lb_str_equal(lb_str_skip(host, host.len - linkedin.len), linkedin))
        return;
    if (!out->page.ptr && read(out, LB_NAME_COMPANY, field, &name))
        add_page(out, &name);
}

bool lb_lead_keys(const struct lb_lead_row *lead, struct lb_lead_keys *out)
{
    struct lb_typed_name name;
    memset(out, 0, offsetof(struct lb_lead_keys, keys));
    add_email(out, lead->fields[LB_LEAD_EMAIL]);
    if (read(out, LB_NAME_PHONE, lead->fields[LB_LEAD_PHONE], &name))
        out->phone = add(out, &name);
    add_site(out, lead->fields[LB_LEAD_WEBSITE]);
    add_company_url(out, lead->fields[LB_LEAD_COMPANY_URL]);
    add_page_as_site(out, lead->fields[LB_LEAD_WEBSITE]);
    if (read(out, LB_NAME_COMPANY, lead->fields[LB_LEAD_COMPANY_NAME], &name)) {
        add_page(out, &name);
        if (name.type == LB_NAME_COMPANY)
            out->company = add(out, &name);
    }
    return !out->incomplete;
}

static bool holds(struct lb_str text, struct lb_str part)
{
    for (; text.len >= part.len; text = lb_str_skip(text, 1))
        if (strncasecmp(text.ptr, part.ptr, part.len) == 0)
            return true;
    return false;
}

bool lb_lead_has_page_elsewhere(const struct lb_lead_row *lead)
{
    struct lb_str site = lead->fields[LB_LEAD_WEBSITE];
    struct lb_str company = lead->fields[LB_LEAD_COMPANY_NAME];
    struct lb_lead_keys keys;
    bool perhaps = (site.ptr && holds(site, LB_STR("linkedin.com"))) ||
                   (company.ptr && (memchr(company.ptr, '/', company.len) ||
                                    memchr(company.ptr, ':', company.len)));
    if (!perhaps)
        return false;
    lb_lead_keys(lead, &keys); /* the page does not depend on memory */
    return keys.page_elsewhere;
}

void lb_lead_read_phone(struct lb_lead_row *lead, struct lb_str country,
                        char room[LB_LEAD_PHONE_SIZE])
{
    const struct lb_name_rules rules = {.country = country};
    struct lb_str *phone = &lead->fields[LB_LEAD_PHONE];
    struct lb_typed_name name;
    if (!country.len || !phone->ptr ||
        !lb_typed_name_normalise(LB_NAME_PHONE, *phone, &LOOKS_UP, &name) ||
        lb_typed_name_normalise(LB_NAME_PHONE, *phone, &rules, &name) ||
        !lb_str_copy(lb_typed_name_str(&name), room, LB_LEAD_PHONE_SIZE))
        return;
    *phone = (struct lb_str){room, name.len};
}

/* mail.acme.com becomes com.acme.mail. */
static struct lb_str reverse(struct lb_str host, char out[LB_LEAD_HOST_SIZE])
{
    size_t len = 0, end = host.len;
    if (!host.ptr || host.len + 2 > LB_LEAD_HOST_SIZE)
        return (struct lb_str){0};
    for (size_t at = host.len + 1; at-- > 0;) {
        if (at && host.ptr[at - 1] != '.')
            continue;
        memcpy(out + len, host.ptr + at, end - at);
        len += end - at;
        out[len++] = '.';
        end = at ? at - 1 : 0;
    }
    return (struct lb_str){out, len};
}

bool lb_lead_fill_forms(struct lb_lead_row *row, struct lb_lead_keys *keys,
                        char hosts[2][LB_LEAD_HOST_SIZE])
{
    bool all = lb_lead_keys(row, keys);
    row->forms[LB_LEAD_FORM_EMAIL] = keys->email;
    row->forms[LB_LEAD_FORM_PHONE] = keys->phone;
    row->forms[LB_LEAD_FORM_PAGE] = keys->page;
    row->forms[LB_LEAD_FORM_COMPANY] = keys->company;
    row->forms[LB_LEAD_FORM_MAIL_HOST] = reverse(keys->mail_host, hosts[0]);
    row->forms[LB_LEAD_FORM_SITE_HOST] = reverse(keys->site_host, hosts[1]);
    return all;
}

void lb_lead_range_of(struct lb_str key, struct lb_lead_range *out)
{
    static const enum lb_lead_form FORMS[LB_NAME_TYPES] = {
        [LB_NAME_EMAIL] = LB_LEAD_FORM_EMAIL,      [LB_NAME_PHONE] = LB_LEAD_FORM_PHONE,
        [LB_NAME_DOMAIN] = LB_LEAD_FORM_MAIL_HOST, [LB_NAME_COMPANY_PAGE] = LB_LEAD_FORM_PAGE,
        [LB_NAME_COMPANY] = LB_LEAD_FORM_COMPANY,
    };
    out->form = FORMS[lb_key_type(key)];
    out->first = out->last = lb_key_value(key);
    if (out->form != LB_LEAD_FORM_MAIL_HOST)
        return;
    out->first = reverse(lb_key_value(key), out->text[0]);
    if (!out->first.ptr)
        return;
    memcpy(out->text[1], out->text[0], out->first.len);
    out->text[1][out->first.len] = '~'; /* above all that host names are made of */
    out->last = (struct lb_str){out->text[1], out->first.len + 1};
}
