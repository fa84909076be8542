#include "api/blocklist/entry_json.h"

#include "domain/blocklist/erased.h"
#include "json/encode.h"

void lb_entry_json_put_name(struct lb_buf *body, struct lb_str key)
{
    lb_buf_printf(body, "\"type\":\"%s\",\"value\":", lb_name_type_word(lb_key_type(key)));
    if (lb_erased_is_key(key))
        lb_buf_append_lit(body, "null,\"erased\":true");
    else
        lb_json_put_string(body, lb_key_value(key));
}

void lb_entry_json_put_linkedin(struct lb_buf *body, struct lb_str key)
{
    lb_buf_append_lit(body, "\"publicIdentifier\":");
    if (lb_erased_is_key(key))
        lb_buf_append_lit(body, "null,\"erased\":true");
    else
        lb_json_put_string_or_null(body, key);
}

void lb_entry_json_put_who(struct lb_buf *body, struct lb_str key)
{
    bool typed = key.ptr && !lb_key_is_linkedin(key);
    if (!typed) {
        lb_entry_json_put_linkedin(body, key);
        return;
    }
    lb_buf_append_lit(body, "\"publicIdentifier\":null,");
    lb_entry_json_put_name(body, key);
}

void lb_entry_json_put_kind(struct lb_buf *body, uint32_t kind, int64_t end)
{
    const char *word = lb_block_kind_name((enum lb_block_kind)kind);
    lb_buf_append_lit(body, "\"kind\":");
    lb_json_put_string_or_null(body, word ? lb_str(word) : (struct lb_str){0});
    lb_buf_append_lit(body, ",\"expiresAt\":");
    lb_json_put_time_or_null(body, end);
}
