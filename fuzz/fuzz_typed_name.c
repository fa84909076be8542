/* libFuzzer entry: whatever is accepted as a name of a type keeps the promises of
 * domain/blocklist/typed_name.h. The first byte chooses the type, the second the country. */
#include "domain/blocklist/typed_name.h"

#include "base/utf8.h"

#include <stdlib.h>

static void check(bool promise)
{
    if (!promise)
        abort();
}

static void check_canonical(const struct lb_typed_name *name)
{
    struct lb_str form = lb_typed_name_str(name);
    check(form.len > 0 && form.len < LB_TYPED_NAME_SIZE && name->text[form.len] == '\0');
    check(lb_utf8_is_valid(form) && strlen(name->text) == form.len);
    for (size_t i = 0; i < form.len; i++)
        check((unsigned char)name->text[i] >= ' ' && !strchr(",;\\\x7f", name->text[i]));
    check(name->text[0] != ' ' && name->text[form.len - 1] != ' ');
    check(name->type == LB_NAME_COMPANY || !strchr(name->text, ' '));
}

static void check_again(const struct lb_typed_name *name, const struct lb_name_rules *rules)
{
    struct lb_typed_name again;
    check(lb_typed_name_normalise(name->type, lb_typed_name_str(name), rules, &again) == NULL);
    check(again.type == name->type && strcmp(again.text, name->text) == 0);
}

/* Each domain over a host is a domain itself, but for www. */
static void check_domains(struct lb_str at)
{
    struct lb_str domain;
    size_t count = 0;
    while (lb_name_next_domain(&at, &domain)) {
        check(memchr(domain.ptr, '.', domain.len) != NULL && domain.ptr[0] != '.');
        count++;
    }
    check(count > 0 && count < 128);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const COUNTRIES[] = {"", "DE", "IT", "US", "HU", "RU", "BY", "CI", "??"};
    if (size < 2)
        return 0;
    enum lb_name_type type = (enum lb_name_type)(data[0] % LB_NAME_TYPES);
    const char *country = COUNTRIES[data[1] % (sizeof COUNTRIES / sizeof *COUNTRIES)];
    struct lb_name_rules rules = {.country = lb_str(country), .adds = data[0] & 0x80};
    struct lb_typed_name name;
    const char *reason = lb_typed_name_normalise(
        type, (struct lb_str){(const char *)data + 2, size - 2}, &rules, &name);
    if (reason) {
        check(strlen(reason) > 10 && lb_utf8_is_valid(lb_str(reason)));
        return 0;
    }
    check_canonical(&name);
    check_again(&name, &rules);
    struct lb_typed_name earlier;
    struct lb_str raw = {(const char *)data + 2, size - 2};
    if (name.type == LB_NAME_COMPANY && lb_name_company_before(raw, &earlier))
        check(lb_str_equal(lb_name_held(LB_NAME_COMPANY, lb_typed_name_str(&earlier)),
                           lb_typed_name_str(&name)));
    if (name.type == LB_NAME_DOMAIN || name.type == LB_NAME_EMAIL)
        check_domains(lb_typed_name_str(&name));
    return 0;
}
