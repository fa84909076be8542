/* The names by which a person or a company can be blocked: a LinkedIn name or member id, an e-mail
 * address, a phone number, a domain, a company (its LinkedIn page, or its name). Each in one
 * canonical form of its type, so that one address is one entry in any spelling (docs/api.md,
 * section 2, "Names of other types").
 *
 * What every other module may rely on: a canonical form is valid UTF-8 of 1 to
 * LB_TYPED_NAME_SIZE - 1 bytes, without NUL and other control characters, without `,`, `;` and `\`,
 * which mean something in the log, and without white space but single blanks inside a company's
 * name. It is its own canonical form under its type. Two spellings are the same exactly when type
 * and canonical form are equal.
 *
 * The parts: typed_name.c (which type, LinkedIn), name_email.c, name_phone.c with
 * phone_countries.c, name_domain.c with mail_providers.c and shared_sites.c, name_company.c with
 * legal_forms.c and no_company.c, name_text.c (characters).
 *
 * Threads: stateless. Nothing here blocks; libidn2 allocates while it works on a host name that is
 * not plain ASCII, and libpsl while it judges one that would be added. */
#ifndef LB_DOMAIN_BLOCKLIST_TYPED_NAME_H
#define LB_DOMAIN_BLOCKLIST_TYPED_NAME_H

#include "base/str.h"

#define LB_TYPED_NAME_SIZE    801  /* bytes of the longest canonical form with its NUL */
#define LB_TYPED_NAME_RAW_MAX 8192 /* bytes of the longest spelling that is looked at */

/* The numbers are final: the log stores them. LinkedIn names and member ids are one space, as no
 * name is spelled like a member id: rows of the log hold both without a type. */
enum lb_name_type {
    LB_NAME_LINKEDIN = 0,
    LB_NAME_MEMBER_ID = 1,
    LB_NAME_EMAIL = 2,        /* local part @ host as an A-label */
    LB_NAME_PHONE = 3,        /* E.164: + and 7 to 15 digits */
    LB_NAME_DOMAIN = 4,       /* a host name in A-labels, without www. */
    LB_NAME_COMPANY_PAGE = 5, /* the part after linkedin.com/company/: a name or a number */
    LB_NAME_COMPANY = 6,      /* a company's name without its legal form */
    LB_NAME_TYPES,
};

/* The word of the API: publicIdentifier, memberId, email, phone, domain; company for both types of
 * companies. */
const char *lb_name_type_word(enum lb_name_type type);

/* False when it is the word of no type. `company` is LB_NAME_COMPANY, and `linkedinUrl` is
 * LB_NAME_LINKEDIN; what the value is decides in the end. */
bool lb_name_type_of_word(struct lb_str word, enum lb_name_type *out);

/* How a value is read. */
struct lb_name_rules {
    struct lb_str
        country; /* ISO 3166-1 alpha-2 in any case, of national phone numbers; may be empty */
    bool adds;   /* a person would be blocked by it: `doubt` is filled in */
};

/* What a value is that has no form. A lead's fields may hold anything: only what could be meant as
 * a name is worth an error, since a lead that has it must not be said not to be blocked. */
enum lb_name_refused {
    LB_NAME_MEANT,    /* holds a name in a way that cannot be read, or perhaps does */
    LB_NAME_ABSENT,   /* holds none: "n/a", "jane@acme", six digits; no LinkedIn name is */
    LB_NAME_NO_ENTRY, /* is one by which nothing can be blocked: a company's of one letter */
};

struct lb_typed_name {
    enum lb_name_type type;
    enum lb_name_refused refused; /* when it has no form */
    uint16_t len;                 /* bytes, without the NUL */
    /* The name has a form, and yet a request that adds it should be refused with this reason,
     * unless it is stored already: a LinkedIn name of digits alone, an e-mail address with a sign
     * of what stood around it, a public suffix, a provider of mail, a site of many people's pages,
     * a company called "n/a". NULL: none. In static storage. */
    const char *doubt;
    bool forceable; /* "force" in the request overrides it: providers of mail, sites, "n/a" */
    char text[LB_TYPED_NAME_SIZE];
};

static inline struct lb_str lb_typed_name_str(const struct lb_typed_name *name)
{
    return (struct lb_str){name->text, name->len};
}

/* Brings any spelling into its canonical form. `type` is what the value was given as; out->type is
 * what it is: a member id may come as LB_NAME_LINKEDIN, and a company's page as LB_NAME_COMPANY.
 * `raw` is any bytes and may not overlap `out`. NULL on success; else the reason, a sentence
 * without its subject, as lb_identifier_normalise gives it: in static storage or in `out`. */
const char *lb_typed_name_normalise(enum lb_name_type type, struct lb_str raw,
                                    const struct lb_name_rules *rules, struct lb_typed_name *out);

/* The reason when memory was short: whether the value is a name, and which, is not known, so that
 * nothing may be said or done that depends on it. */
extern const char lb_name_no_memory[];

/* The form under which a value may be stored because of the rules before these: a phone number that
 * begins with its country's calling code without + was read as a national one. False when it has
 * the same form today, or had none. LinkedIn names: lb_typed_name_person_before. */
bool lb_typed_name_before(enum lb_name_type type, struct lb_str raw,
                          const struct lb_name_rules *rules, struct lb_typed_name *out);

/* The same of a LinkedIn name or member id, also of one that is refused today
 * (lb_identifier_before). */
bool lb_typed_name_person_before(struct lb_str raw, struct lb_typed_name *out);

/* The form under which a canonical form holds that is stored: a part of it, where it is a company's
 * whose legal form an earlier version did not know, else itself. */
struct lb_str lb_name_held(enum lb_name_type type, struct lb_str stored);

/* The other way round: the form that such a version had for a company's name. False when it is that
 * of today, and for a page. */
bool lb_name_company_before(struct lb_str raw, struct lb_typed_name *out);

/* Reads a name that is to be freed: under the form of today, or one that it had or may have when
 * `is_stored` knows only that. What may be two phone numbers is the one that is stored; refused
 * when both are, or neither. Else as lb_typed_name_normalise. */
const char *lb_typed_name_stored(enum lb_name_type type, struct lb_str raw,
                                 const struct lb_name_rules *rules, void *context,
                                 bool (*is_stored)(void *context, const struct lb_typed_name *),
                                 struct lb_typed_name *out);

/* Which domains cover an address: those under which a domain's block is looked up. Takes the
 * canonical form of LB_NAME_DOMAIN or LB_NAME_EMAIL; the first call gives the host itself, each
 * further one its parent; false after the last, which has two labels.
 *
 *     struct lb_str at = email, domain;
 *     while (lb_name_next_domain(&at, &domain)) ...
 *
 * That is further up than the registrable domain where public suffixes have more labels: a look-up
 * more, but an entry holds also when a later list calls its domain a public suffix, and nodes whose
 * lists differ agree. */
bool lb_name_next_domain(struct lb_str *at, struct lb_str *out);

/* Is the canonical form of a company, or of its page, what unrelated leads have in its place:
 * "n/a", "Self-employed"? */
bool lb_name_is_no_company(enum lb_name_type type, struct lb_str form);

/* Is it a country of which national phone numbers can be read? */
bool lb_name_is_country(struct lb_str country);
/* The two capital letters of a country, in static storage; ptr NULL: no country has them. */
struct lb_str lb_name_country(struct lb_str country);

#endif
