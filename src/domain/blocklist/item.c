#include "domain/blocklist/item.h"

#include "store/chain.h"
#include "store/log_items.h"

static const char *const kinds[] = {[LB_BLOCK_OPT_OUT] = "opt_out",
                                    [LB_BLOCK_CLIENT] = "client",
                                    [LB_BLOCK_COMPETITOR] = "competitor",
                                    [LB_BLOCK_PARTNER] = "partner",
                                    [LB_BLOCK_BOUNCED] = "bounced",
                                    [LB_BLOCK_LEGAL] = "legal",
                                    [LB_BLOCK_OTHER] = "other"};

const char *lb_block_kind_name(enum lb_block_kind kind)
{
    return (size_t)kind < sizeof kinds / sizeof *kinds ? kinds[kind] : NULL;
}

bool lb_block_kind_parse(struct lb_str word, enum lb_block_kind *out)
{
    for (size_t i = LB_BLOCK_OPT_OUT; i < sizeof kinds / sizeof *kinds; i++) {
        if (!lb_str_equal(word, lb_str(kinds[i])))
            continue;
        *out = (enum lb_block_kind)i;
        return true;
    }
    return false;
}

enum lb_name_type lb_key_type(struct lb_str key)
{
    if (!lb_key_is_linkedin(key))
        return (enum lb_name_type)(key.ptr[key.len - 1] - '0');
    return lb_identifier_is_member_id(key) ? LB_NAME_MEMBER_ID : LB_NAME_LINKEDIN;
}

struct lb_str lb_key_make(enum lb_name_type type, struct lb_str value, char out[LB_KEY_SIZE])
{
    if (type <= LB_NAME_MEMBER_ID)
        return value;
    memcpy(out, value.ptr, value.len);
    out[value.len] = ';';
    out[value.len + 1] = (char)('0' + type);
    return (struct lb_str){out, value.len + 2};
}

struct lb_str lb_key_held(struct lb_str stored, struct lb_held_key *room)
{
    if (lb_key_is_linkedin(stored)) /* `~`: a tag, see erased.h */
        return stored.len && stored.ptr[0] == '~' ? stored
                                                  : lb_identifier_held(stored, &room->linkedin);
    struct lb_str value = lb_key_value(stored);
    if (lb_key_type(stored) != LB_NAME_COMPANY || value.len >= LB_TYPED_NAME_SIZE)
        return stored;
    struct lb_str held = lb_name_held(LB_NAME_COMPANY, value);
    return held.len == value.len ? stored : lb_key_make(LB_NAME_COMPANY, held, room->company);
}

struct lb_str lb_item_stored_key(struct lb_str stored)
{
    const char *end = memchr(stored.ptr, ';', stored.len);
    if (!end)
        return stored;
    size_t len = (size_t)(end - stored.ptr);
    /* The type is one digit, or missing. */
    bool typed = len + 1 < stored.len && end[1] != ';';
    return (struct lb_str){stored.ptr, typed ? len + 2 : len};
}

/* What is after the key. */
static bool read_rest(struct lb_str stored, struct lb_item *out)
{
    struct lb_log_item parts;
    uint64_t type = 0, kind = 0, end = 0;
    if (!lb_log_item_read(stored, &parts) || parts.reason.ptr || parts.type.len > 1 ||
        (parts.type.ptr && !lb_str_to_u64(parts.type, LB_NAME_TYPES - 1, &type)) ||
        (parts.kind.ptr && !lb_str_to_u64(parts.kind, LB_BLOCK_OTHER, &kind)) ||
        (parts.end.ptr && !lb_str_to_u64(parts.end, INT64_MAX, &end)))
        return false;
    out->kind = (enum lb_block_kind)kind;
    out->end = (int64_t)end;
    return !parts.type.ptr || type > LB_NAME_MEMBER_ID;
}

bool lb_item_read(struct lb_str stored, struct lb_item *out)
{
    out->kind = LB_BLOCK_KIND_NONE;
    out->end = 0;
    if (!lb_item_is_plain(stored) && !read_rest(stored, out))
        return false;
    if (lb_chain_is_bare(stored))
        return false;
    out->key = lb_key_held(lb_item_stored_key(stored), &out->held);
    return true;
}

void lb_item_put(struct lb_buf *out, struct lb_str key, enum lb_block_kind kind, int64_t end)
{
    lb_buf_append_str(out, key);
    if (!kind && !end)
        return;
    lb_buf_append_str(out, lb_key_is_linkedin(key) ? LB_STR(";;;") : LB_STR(";;"));
    if (kind)
        lb_buf_append_u64(out, kind);
    if (end) {
        lb_buf_append_lit(out, ";");
        lb_buf_append_u64(out, (uint64_t)end);
    }
}
