/* Where a person is on LinkedIn. Threads: stateless. */
#ifndef LB_API_PROFILE_URL_H
#define LB_API_PROFILE_URL_H

#include "base/buf.h"

/* Appends the address of the profile of that canonical name. False, with nothing appended, for the
 * few names that can be no address there: an address that means another person, or none, is worse.
 */
bool lb_profile_url_put(struct lb_buf *out, struct lb_str name);

#endif
