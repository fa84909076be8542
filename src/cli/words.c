#include "cli/words.h"

static const struct {
    struct lb_str said;
    struct lb_str here;
} words[] = {
    {LB_STR(" (see \"errors\")"), LB_STR("")},
    {LB_STR("send \"force\": true"), LB_STR("give --force")},
    {LB_STR("force=true"), LB_STR("--force")},
    {LB_STR("\"expiresAt\" lies"), LB_STR("--expires lies")},
    {LB_STR("expiresAt is"), LB_STR("--expires is")},
    {LB_STR("give defaultCountry"), LB_STR("give --country")},
    {LB_STR("defaultCountry is"), LB_STR("--country is")},
    {LB_STR("\"defaultCountry\" must"), LB_STR("--country must")},
    {LB_STR("The parameter 'defaultCountry' must"), LB_STR("--country must")},
    {LB_STR("The parameter 'type' must be publicIdentifier"),
     LB_STR("--columns must be columns, such as 2:domain, or one type for all: publicIdentifier")},
    {LB_STR("give columns="), LB_STR("give --columns ")},
    {LB_STR("such as columns="), LB_STR("such as --columns ")},
    {LB_STR("type=publicIdentifier, type=company or type=phone"),
     LB_STR("--columns publicIdentifier, company or phone")},
    {LB_STR("\"reason\" is invalid: the reason"), LB_STR("--reason")},
    {LB_STR("GET /v1/imports lists"), LB_STR("`leadblock imports` lists")},
    {LB_STR("Change ids come in the header X-Change-Id"),
     LB_STR("`leadblock export --audit` lists them")},
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
