#include "support/caught_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    int saved;
    FILE *file;
    char text[1 << 16];
} caught;

void caught_log_begin(void)
{
    fflush(stderr);
    caught.saved = dup(STDERR_FILENO);
    caught.file = tmpfile();
    if (caught.saved < 0 || !caught.file || dup2(fileno(caught.file), STDERR_FILENO) < 0)
        abort();
}

const char *caught_log_end(void)
{
    fflush(stderr);
    dup2(caught.saved, STDERR_FILENO);
    close(caught.saved);
    rewind(caught.file);
    caught.text[fread(caught.text, 1, sizeof caught.text - 1, caught.file)] = '\0';
    fclose(caught.file);
    return caught.text;
}

size_t caught_log_count(const char *text, const char *words)
{
    size_t count = 0;
    for (; (text = strstr(text, words)) != NULL; text += strlen(words))
        count++;
    return count;
}
