/* Addresses in a cell or a text: where one begins and ends, and whom it names. Stateless. */
#ifndef LB_IMPORT_ADDRESSES_H
#define LB_IMPORT_ADDRESSES_H

#include "domain/blocklist/identifier.h"

/* What an address names. Those that a person recognises come first. */
enum lb_import_name_kind { LB_IMPORT_NAME, LB_IMPORT_MEMBER_ID, LB_IMPORT_SALES_ID };
#define LB_IMPORT_NAME_KINDS 3

/* The next address, of any site, in `*rest`, which is then what comes after it. It begins at http:
 * or https:, or at linkedin.com with its sub-domains and a path; it ends before white space, a
 * bracket, a quotation mark, a | or the next http: or https:. False when there is none. */
bool lb_import_next_address(struct lb_str *rest, struct lb_str *out);

/* Is it an address of LinkedIn's, of whatever page? */
bool lb_import_is_linkedin(struct lb_str address);

/* Whom the address of a profile names. NULL, or why it names no person: static, or in `out`. */
const char *lb_import_person(struct lb_str address, struct lb_identifier *out,
                             enum lb_import_name_kind *out_kind);

#endif
