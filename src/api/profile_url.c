#include "api/profile_url.h"

#include "api/query.h"
#include "domain/blocklist/identifier.h"

#define PROFILE_PREFIX "https://www.linkedin.com/in/"

bool lb_profile_url_put(struct lb_buf *out, struct lb_str name)
{
    size_t begin = out->len;
    struct lb_identifier person;
    lb_buf_append_lit(out, PROFILE_PREFIX);
    lb_query_put_escaped(out, name);
    lb_buf_append_lit(out, "/");
    struct lb_str url = {out->ptr + begin, out->len - begin};
    if (!out->failed && lb_identifier_normalise(url, &person) == NULL &&
        lb_str_equal(name, (struct lb_str){person.text, person.len}))
        return true;
    out->len = begin;
    return false;
}
