#include "cli/wrap.h"

#include "base/str.h"

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

/* Of UTF-8: bytes that go on with a character take no column. */
static size_t columns_of(const char *text, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n';
}

static void put_words(FILE *out, struct lb_str text, size_t column, size_t indent, size_t columns)
{
    const char *end = text.ptr + text.len;
    bool begins = true; /* the line, or the text: no space before the word */
    for (const char *word = text.ptr; word < end;) {
        size_t len = 0;
        while (word + len < end && !is_space(word[len]))
            len++;
        size_t width = columns_of(word, len);
        if (len && column > indent && column + !begins + width > columns) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            begins = true;
        }
        if (len) {
            fprintf(out, "%s%.*s", begins ? "" : " ", (int)len, word);
            column += width + !begins;
            begins = false;
        }
        word += len + 1;
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
