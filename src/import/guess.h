/* What a string looks like, of the types of names that a blocklist has. Stateless. */
#ifndef LB_IMPORT_GUESS_H
#define LB_IMPORT_GUESS_H

#include "domain/blocklist/identifier.h"
#include "domain/blocklist/typed_name.h"

/* What is in a column; LB_TYPE_COMPANY also for names. */
enum lb_import_type {
    LB_TYPE_NONE,
    LB_TYPE_PERSON, /* a profile, a name or a member id of LinkedIn's */
    LB_TYPE_EMAIL,
    LB_TYPE_PHONE,
    LB_TYPE_DOMAIN,
    LB_TYPE_COMPANY
};
#define LB_IMPORT_TYPES 6

/* The words of the API: publicIdentifier (memberId and linkedinUrl, too), email, phone, domain,
 * company. False for others. */
bool lb_import_type_parse(struct lb_str word, enum lb_import_type *out);
const char *lb_import_type_word(enum lb_import_type type);
enum lb_name_type lb_import_type_of_name(enum lb_import_type type);

/* LB_TYPE_COMPANY only of a company's page: words may be anything, and are LB_TYPE_NONE. */
enum lb_import_type lb_import_guess(struct lb_str text);

/* Is it written as profile names mostly are, "ann-doe"? Other words may be words, as "Coca-Cola"
 * and "Jean-Luc" are. `name` is work space, and then the name. */
bool lb_import_looks_like_name(struct lb_str part, struct lb_identifier *name);

#endif
