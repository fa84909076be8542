#include "base/suggest.h"

#include <string.h>

#define WORD_MAX 64 /* longer words are not looked at */

/* Edits that turn one word into the other: insert, remove or replace a character. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t len = strlen(b);
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            size_t inserted = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < inserted ? replaced : inserted;
        }
    }
    return row[len];
}

const char *lb_suggest(const char *word, const char *const *candidates, size_t count)
{
    size_t len = strlen(word);
    size_t nearest = len / 3 + 1; /* a third of the letters may be wrong */
    const char *found = NULL;
    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > WORD_MAX)
            continue;
        size_t far = distance(word, candidates[i]);
        if (far < nearest || (far == nearest && !found)) {
            nearest = far;
            found = candidates[i];
        }
    }
    return found;
}
