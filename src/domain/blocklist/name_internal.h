/* What the files of the typed names share; see typed_name.h. Stateless. A reason is NULL when all
 * is well, else in static storage or in `out`. */
#ifndef LB_DOMAIN_BLOCKLIST_NAME_INTERNAL_H
#define LB_DOMAIN_BLOCKLIST_NAME_INTERNAL_H

#include "domain/blocklist/identifier_internal.h"
#include "domain/blocklist/typed_name.h"

/* --- name_text.c: characters --- */

/* Copies `raw` to `text`, as what was meant: without invisible characters (but for U+200C and
 * U+200D, which some scripts need to spell a host name), full-width forms as ASCII, white space as
 * single blanks and none at both ends. `raw` and `text` hold LB_TYPED_NAME_RAW_MAX at most. */
const char *lb_name_tidy(struct lb_str raw, char *text, struct lb_str *out);

/* Takes opening punctuation off the start: < ( [ and quotes. */
void lb_name_trim_opening(struct lb_str *text);
/* Takes closing punctuation and blanks off the end (lb_identifier_trim_closing). */
void lb_name_trim_closing(struct lb_str *text);

/* Appends to the form; false when there is no room. */
bool lb_name_append(struct lb_typed_name *out, struct lb_str text);

bool lb_name_is_mark(int32_t point);

/* A reason with the code point in it: `before` "x" `after`, or `before` U+XXXX `after` when it
 * cannot be shown. */
const char *lb_name_refuse_point(struct lb_typed_name *out, const char *before, int32_t point,
                                 const char *after);

/* The length of what stands before the first of `stops`, or of all. */
static inline size_t lb_name_span(struct lb_str text, const char *stops)
{
    size_t n = 0;
    while (n < text.len && (!text.ptr[n] || !strchr(stops, text.ptr[n])))
        n++;
    return n;
}

/* "scheme://" or "//" at the start; its bytes, else 0. */
size_t lb_name_scheme(struct lb_str text);

/* Reasons that say more than that a value has no form. */
extern const char lb_name_few_letters[];
extern const char lb_name_ip_address[];

/* Could what was refused as a phone number be meant as one? */
bool lb_name_means_phone(struct lb_str text, const char *reason);

/* --- one type each: `text` is tidy and not empty --- */

const char *lb_name_email(struct lb_str text, struct lb_typed_name *out);
const char *lb_name_phone(struct lb_str text, struct lb_str country, struct lb_typed_name *out);
const char *lb_name_domain(struct lb_str text, bool adds, struct lb_typed_name *out);
const char *lb_name_company(struct lb_str text, struct lb_typed_name *out);
/* The same as versions before 0.17; false when it is no other form, or none. */
bool lb_name_company_earlier(struct lb_str text, struct lb_typed_name *out);
const char *lb_name_company_page(struct lb_str text, struct lb_typed_name *out);

/* lb_typed_name_before of a phone number. */
bool lb_name_phone_before(struct lb_str text, struct lb_str country, struct lb_typed_name *out);

/* For a number that is refused because it may be two: the reading that begins with its calling code
 * (lb_name_phone_before has the national one). False when the number is not refused for that. */
bool lb_name_phone_with_code(struct lb_str text, struct lb_str country, struct lb_typed_name *out);

/* Fills in the doubt of an e-mail address that would be added: of what was pasted with it. */
void lb_name_judge_email(struct lb_typed_name *out);

/* Fills in the doubt of a company's name or page that would be added and was written so. */
void lb_name_judge_company(struct lb_str text, struct lb_typed_name *out);

/* Is it the URL or the URN of a page of LinkedIn that is no person's? */
bool lb_name_is_company_page(struct lb_str text);

/* --- name_domain.c --- */

/* Appends a host name in A-labels to `out`; nothing is taken off it but a final dot. */
const char *lb_name_append_host(struct lb_str host, struct lb_typed_name *out);

/* --- tables --- */

/* mail_providers.c: are addresses there those of unrelated people? */
bool lb_name_is_mail_provider(const char *host);

/* shared_sites.c: are pages there those of unrelated people and companies? Also of the same site
 * for mobiles, or in a language: m.facebook.com, de.linkedin.com. */
bool lb_name_is_shared_site(const char *host);

/* legal_forms.c: takes the legal forms off a folded name; the bytes that are left. `text` holds
 * words with one blank between them, of two and more of which the last is never taken.
 * `as_earlier`: those alone that versions before 0.17 knew. */
struct lb_str lb_name_without_legal_forms(struct lb_str text, bool as_earlier);

/* no_company.c: is the form of a company, or of its page, an empty field? */
bool lb_name_is_empty_field(enum lb_name_type type, struct lb_str form);

/* phone_countries.c */
struct lb_phone_country {
    char iso[3];
    uint16_t code;      /* the calling code */
    char trunk[3];      /* before national numbers; "": none */
    char exit[5];       /* before international ones, besides 00; "": none */
    uint8_t max_digits; /* of a national number without the trunk prefix; 0: not known */
};

/* NULL: none with that code. */
const struct lb_phone_country *lb_phone_country(struct lb_str iso);

/* The country, of those that share a calling code the first, whose code the digits begin with;
 * NULL: no country's. */
const struct lb_phone_country *lb_phone_country_of(struct lb_str digits);

#endif
