/* What the server says to programs, in the words of the command line: its members and paths are
 * not on the screen of a person who runs a command, options and commands are. Threads: any. */
#ifndef LB_CLI_WORDS_H
#define LB_CLI_WORDS_H

#include "base/buf.h"

/* Appends the text of a message or of a reason. */
void lb_words_put(struct lb_buf *out, struct lb_str text);

#endif
