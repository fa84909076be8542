#include "cli/words.h"

static const struct {
    struct lb_str said;
    struct lb_str here;
} words[] = {
#define LB_WORD(said, here)                                                                        \
    {                                                                                              \
        {said, sizeof said - 1},                                                                   \
        {                                                                                          \
            here, sizeof here - 1                                                                  \
        }                                                                                          \
    }
    LB_WORD(" (see \"errors\")", ""),
    LB_WORD("send \"force\": true", "give --force"),
    LB_WORD("force=true", "--force"),
    LB_WORD("\"expiresAt\" lies", "--expires lies"),
    LB_WORD("expiresAt is", "--expires is"),
    LB_WORD("\"reason\" is invalid: the reason", "--reason"),
    LB_WORD("GET /v1/imports lists", "`leadblock imports` lists"),
    LB_WORD("Change ids come in the header X-Change-Id", "`leadblock export --audit` lists them"),
#undef LB_WORD
};

void lb_words_put(struct lb_buf *out, struct lb_str text)
{
    while (text.len) {
        const char *first = text.ptr + text.len;
        size_t which = 0;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            const char *at = memmem(text.ptr, text.len, words[i].said.ptr, words[i].said.len);
            if (at && at < first) {
                first = at;
                which = i;
            }
        }
        size_t before = (size_t)(first - text.ptr);
        lb_buf_append(out, text.ptr, before);
        text = lb_str_skip(text, before);
        if (!text.len)
            break;
        lb_buf_append_str(out, words[which].here);
        text = lb_str_skip(text, words[which].said.len);
    }
}
