/* What the heading of a column says about what is in it. The words are in heading_words.h.
 * Stateless. */
#ifndef LB_IMPORT_HEADINGS_H
#define LB_IMPORT_HEADINGS_H

#include "base/str.h"
#include "import/guess.h"

#define LB_IMPORT_HEADING_MAX 96 /* bytes; what is longer is no heading that we know */

enum lb_import_heading {
    LB_HEADING_UNKNOWN,
    LB_HEADING_ORDINARY, /* of a column that is not looked at */
    LB_HEADING_STATUS,   /* whether the person wants mail */
    LB_HEADING_REASON,
    LB_HEADING_OTHER,      /* of another person or thing */
    LB_HEADING_PROFILE,    /* a profile, an address, a link */
    LB_HEADING_LINKEDIN,   /* the same, and LinkedIn */
    LB_HEADING_IDENTIFIER, /* names of LinkedIn's */
};

enum lb_import_heading lb_import_heading(struct lb_str cell);

/* Is it known to be a heading, wherever it stands? "Removed by request" may be one, or a cell. */
bool lb_import_is_known_heading(struct lb_str cell);

/* Is it the heading of profiles of LinkedIn's, and not of titles, followers and the like? */
bool lb_import_is_linkedin_profile(struct lb_str cell);

/* Is it nothing but words of headings? In a list of names, a first line that only holds one may be
 * a name. */
bool lb_import_is_heading(struct lb_str cell);

/* Is it the heading of a list of towns, products and the like? */
bool lb_import_is_heading_of_things(struct lb_str cell);

/* Is it a sentence, as forms have them, of which words in a table do not say what it means? It may
 * be cut. */
bool lb_import_is_question(struct lb_str cell);

/* Does it end with words that say that an example follows? */
bool lb_import_says_example(struct lb_str cell);

/* Has it a question mark, as far as it is not cut? */
bool lb_import_asks(struct lb_str cell);

/* Does it say that the people are not to be contacted, to be removed and the like? */
bool lb_import_heading_says_stop(struct lb_str cell);

/* What a column of a lead's file is. */
enum lb_import_field {
    LB_FIELD_OTHER,
    LB_FIELD_FIRST_NAME,
    LB_FIELD_LAST_NAME,
    LB_FIELD_COMPANY,
    LB_FIELD_EMAIL,
    LB_FIELD_PHONE,
    LB_FIELD_MEMBER_ID,
    LB_FIELD_FIRST_OR_FULL_NAME, /* the first one when another column has the last */
    LB_FIELD_LAST_OR_FULL_NAME   /* the last one when another column has the first */
};

enum lb_import_field lb_import_field(struct lb_str heading);

/* The type of the names in a column that is called so; LB_TYPE_NONE: it does not say. Of columns
 * with names of LinkedIn's, those of member ids alone: see lb_import_heading for the others. */
enum lb_import_type lb_import_type_of_heading(struct lb_str heading);

/* Does it say that the names are LinkedIn's? "Username" is any system's. */
bool lb_import_is_linkedin_name(struct lb_str heading);

/* Whose names are in a column, for whether a list is of people or of companies. */
enum lb_import_role {
    LB_ROLE_OTHER,
    LB_ROLE_PERSON,   /* first, last or full names, contacts */
    LB_ROLE_NAME,     /* "Name": a person's beside a column of companies */
    LB_ROLE_CUSTOMER, /* companies that are what the list is about: "Kunde", "Account" */
    LB_ROLE_COMPANY   /* companies, maybe those where people work */
};
enum lb_import_role lb_import_role(struct lb_str heading);

/* What a column says beside names: as a list that was exported has it. */
enum lb_import_detail {
    LB_DETAIL_NONE,
    LB_DETAIL_TYPE, /* of the name in the column `value` */
    LB_DETAIL_VALUE,
    LB_DETAIL_KIND,
    LB_DETAIL_END
};
enum lb_import_detail lb_import_detail_of_heading(struct lb_str heading);

/* How good a heading of reasons is: 1 the best, 0 none. */
size_t lb_import_reason_rank(struct lb_str cell);

/* Do two headings say the same, but for case, white space and punctuation? */
bool lb_import_heading_equal(struct lb_str a, struct lb_str b);

/* Does a cell say whether the person wants mail? */
bool lb_import_is_status(struct lb_str cell);

#endif
