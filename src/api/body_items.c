#include "api/body_items.h"

#include "base/utf8.h"
#include "http/negotiate.h"
#include "json/encode.h"

#include <stdio.h>
#include <stdlib.h>

/* How much of a bad value is echoed, in bytes. */
#define SHOWN_BYTES 200
/* Strings are kept in blocks of up to this size, and of the body's for small requests. */
#define TEXT_BLOCK ((size_t)16 << 10)
#define TEXT_ROOM  512

#define NAME_CHARACTERS_MAX 100

bool lb_body_name(struct lb_call *call, char *out)
{
    const struct lb_json *value = lb_json_member(call->body, "name");
    struct lb_str name = lb_json_string(value);
    size_t characters = lb_utf8_count(name);
    bool printable = true;
    for (size_t i = 0; i < name.len; i++)
        printable = printable && (unsigned char)name.ptr[i] >= 0x20 && name.ptr[i] != 0x7f;
    if (lb_json_type(value) == LB_JSON_STRING && characters >= 1 && printable &&
        characters <= NAME_CHARACTERS_MAX && lb_str_copy(name, out, LB_NAME_SIZE))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "\"name\" must be a string of 1 to %d characters.", NAME_CHARACTERS_MAX);
    return false;
}

void lb_body_items_free_body(struct lb_call *call)
{
    lb_call_free_body(call);
}

const struct lb_json *lb_body_items_array(struct lb_call *call, const char *name)
{
    struct lb_reply *reply = &call->req->reply;
    const struct lb_json *array = lb_json_member(call->body, name);
    size_t max = call->app->config->max_identifiers;
    size_t total = lb_json_length(array);
    if (lb_json_type(array) != LB_JSON_ARRAY)
        lb_reply_error(reply, LB_ERR_INVALID_BODY, "\"%s\" must be an array.", name);
    else if (total == 0)
        lb_reply_error(reply, LB_ERR_EMPTY_IDENTIFIERS,
                       "The array \"%s\" is empty; send at least one lead.", name);
    else if (total > max)
        lb_reply_error(reply, LB_ERR_TOO_MANY_IDENTIFIERS,
                       "The array \"%s\" has %zu items and at most %zu are allowed; send several "
                       "requests.",
                       name, total, max);
    else
        return array;
    return NULL;
}

static char *new_block(struct lb_call *call, struct lb_kept *kept, size_t least)
{
    size_t wanted = call->req->body.len + TEXT_ROOM;
    wanted = wanted < TEXT_BLOCK ? wanted : TEXT_BLOCK;
    kept->left = wanted > least ? wanted : least;
    kept->free = lb_request_alloc(call->req, kept->left);
    return kept->free;
}

bool lb_keep(struct lb_call *call, struct lb_kept *kept, struct lb_str *text)
{
    if (!text->ptr)
        return true;
    if ((!kept->free || kept->left < text->len) && !new_block(call, kept, text->len))
        return false;
    char *copy = kept->free;
    memcpy(copy, text->ptr, text->len);
    kept->free += text->len;
    kept->left -= text->len;
    kept->bytes += text->len;
    text->ptr = copy;
    return true;
}

void lb_bad_items_init(struct lb_bad_items *bad, const struct lb_call *call, size_t total)
{
    bool lenient = lb_negotiate_prefers(lb_request_header(call->req, "Prefer"), "handling=lenient");
    *bad = (struct lb_bad_items){.lenient = lenient, .room = lenient ? total : LB_BAD_ITEMS_SHOWN};
}

bool lb_bad_items_add(struct lb_bad_items *bad, struct lb_call *call, struct lb_kept *kept,
                      size_t index, struct lb_str value, const char *reason)
{
    if (!bad->items)
        bad->items = lb_call_alloc(call, bad->room * sizeof *bad->items);
    if (!bad->items)
        return false;
    if (bad->count++ >= bad->room)
        return true;
    value = lb_utf8_cut(value, SHOWN_BYTES);
    struct lb_str why = lb_str(reason);
    if (!lb_keep(call, kept, &value) || !lb_keep(call, kept, &why))
        return lb_call_no_memory(call);
    bad->items[bad->count - 1] = (struct lb_bad_item){index, value, why};
    return true;
}

static int compare(const void *a, const void *b)
{
    size_t x = ((const struct lb_bad_item *)a)->index;
    size_t y = ((const struct lb_bad_item *)b)->index;
    return (x > y) - (x < y);
}

void lb_bad_items_sort(struct lb_bad_items *bad)
{
    size_t count = bad->count < bad->room ? bad->count : bad->room;
    if (count)
        qsort(bad->items, count, sizeof *bad->items, compare);
}

static void put_bad_items(struct lb_buf *body, const struct lb_bad_item *bad, size_t count)
{
    lb_buf_append_lit(body, "[");
    for (size_t i = 0; i < count; i++) {
        lb_buf_printf(body, "%s{\"index\":%zu,\"value\":", i ? "," : "", bad[i].index);
        if (bad[i].value.ptr)
            lb_json_put_string(body, bad[i].value);
        else
            lb_buf_append_lit(body, "null");
        lb_buf_append_lit(body, ",\"reason\":");
        lb_json_put_string(body, bad[i].reason);
        lb_buf_append_lit(body, "}");
    }
    lb_buf_append_lit(body, "]");
}

bool lb_bad_items_pass(const struct lb_bad_items *bad, struct lb_call *call)
{
    struct lb_reply *reply = &call->req->reply;
    if (bad->count == 0 || bad->lenient)
        return true;
    const char *verb = bad->count == 1 ? "is" : "are";
    if (bad->fields)
        lb_reply_error(reply, LB_ERR_INVALID_BODY,
                       "%zu of the %s %s invalid (see \"errors\"); nothing was recorded.",
                       bad->count, bad->entries ? "entries" : "leads", verb);
    else
        lb_reply_error(reply, LB_ERR_INVALID_IDENTIFIER,
                       "%zu of the %s %s invalid (see \"errors\"); nothing was recorded.",
                       bad->count, bad->entries ? "entries" : "identifiers", verb);
    reply->body.len--; /* reopen the object */
    lb_buf_append_lit(&reply->body, ",\"errors\":");
    put_bad_items(&reply->body, bad->items, bad->count < bad->room ? bad->count : bad->room);
    lb_buf_printf(&reply->body, ",\"errorCount\":%zu}", bad->count);
    return false;
}

void lb_bad_items_put_invalid(const struct lb_bad_items *bad, struct lb_call *call,
                              struct lb_buf *body)
{
    if (!bad->lenient)
        return;
    lb_reply_header(&call->req->reply, "Preference-Applied", "handling=lenient");
    lb_buf_append_lit(body, ",\"invalid\":");
    put_bad_items(body, bad->items, bad->count);
}
