/* Text in lines of a width, broken between words: what `leadblock help` and `doctor` show. A word
 * that is longer than a line, such as a path, stays whole. Threads: any. */
#ifndef LB_CLI_WRAP_H
#define LB_CLI_WRAP_H

#include <stddef.h>
#include <stdio.h>

#define LB_WRAP_COLUMNS 80 /* of help, and of a terminal that does not say */

/* Columns of the terminal that standard output is. */
size_t lb_wrap_terminal(void);

/* Prints words, and a line feed at the end. `column` is how far the first line has come, `indent`
 * is where the others begin. */
void lb_wrap_put(FILE *out, const char *text, size_t column, size_t indent, size_t columns);

/* Prints lines in which words are joined and wrapped anew, in columns of LB_WRAP_COLUMNS. Lines
 * that are empty or begin with a space, such as examples, stay as they are. */
void lb_wrap_put_lines(FILE *out, const char *lines);

#endif
