/* Mails as they are pasted, when no address is in them: "Thanks" and "Anna" in lines of their own
 * are no names of LinkedIn's there. Stateless. */
#ifndef LB_IMPORT_MAIL_H
#define LB_IMPORT_MAIL_H

#include "domain/blocklist/identifier.h"

/* Is this the first line of a mail: a line of its head ("Subject: ...") or a greeting ("Hi Ann,")?
 */
bool lb_import_begins_mail(struct lb_str line);

/* May the part of a line of a mail, which could be this name, be a word of the mail: of greetings
 * and thanks, or one with capitals and without a hyphen or digit, as people sign? */
bool lb_import_is_word_of_mail(struct lb_str part, const struct lb_identifier *name);

/* The reason why it is bad. */
extern const char lb_import_word_of_mail[];

#endif
