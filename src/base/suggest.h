/* Which word of a list may have been meant by one that is not in it. Threads: stateless. */
#ifndef LB_BASE_SUGGEST_H
#define LB_BASE_SUGGEST_H

#include <stddef.h>

/* Of the candidates, the one that `word` may have meant; NULL when none is near. */
const char *lb_suggest(const char *word, const char *const *candidates, size_t count);

#endif
