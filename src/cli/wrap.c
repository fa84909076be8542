#include "cli/wrap.h"

#include "cli/terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INDENT_SHARE 2 /* at most this part of a terminal is indent */

size_t lb_wrap_terminal(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    return LB_WRAP_COLUMNS;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n';
}

/* The blanks between two words of a line stay as many, as a path may have them. */
static void put_words(FILE *out, struct lb_str text, size_t column, size_t indent, size_t columns)
{
    const char *end = text.ptr + text.len;
    const char *word = text.ptr;
    bool begins = true; /* the line, or the text: no blank before the word */
    while (word < end) {
        size_t blanks = 0;
        size_t len = 0;
        while (word < end && is_space(*word)) {
            blanks++;
            word++;
        }
        while (word + len < end && !is_space(word[len]))
            len++;
        if (!len)
            break;
        size_t width = lb_terminal_columns((struct lb_str){word, len});
        if (begins)
            blanks = 0;
        if (column > indent && column + blanks + width > columns) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            blanks = 0;
        }
        fprintf(out, "%*s%.*s", (int)blanks, "", (int)len, word);
        column += blanks + width;
        begins = false;
        word += len;
    }
    putc('\n', out);
}

void lb_wrap_put(FILE *out, const char *text, size_t column, size_t indent, size_t columns)
{
    if (indent > columns / INDENT_SHARE)
        indent = columns / INDENT_SHARE;
    put_words(out, lb_str(text), column, indent, columns);
}

/* Where the paragraph ends: after its line feed, before a line that stays as it is. */
static const char *end_of_paragraph(const char *text)
{
    do {
        text += strcspn(text, "\n");
        text += *text == '\n';
    } while (*text && *text != '\n' && *text != ' ');
    return text;
}

void lb_wrap_put_lines(FILE *out, const char *lines)
{
    while (*lines) {
        const char *end = lines + strcspn(lines, "\n");
        if (*lines == ' ' || *lines == '\n') {
            end += *end == '\n';
            fwrite(lines, 1, (size_t)(end - lines), out);
        } else {
            end = end_of_paragraph(lines);
            put_words(out, (struct lb_str){lines, (size_t)(end - lines)}, 0, 0, LB_WRAP_COLUMNS);
        }
        lines = end;
    }
}
