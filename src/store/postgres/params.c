#include "store/postgres/internal.h"

static const unsigned char set[] = {1};
static const unsigned char unset[] = {0};

static void add(struct lb_pg_params *params, const void *value, size_t len, int format)
{
    params->values[params->count] = value;
    params->lengths[params->count] = (int)len;
    params->formats[params->count++] = format;
}

void lb_pg_add_number(struct lb_pg_params *params, int64_t value)
{
    uint64_t *number = &params->numbers[params->count];
    *number = htobe64((uint64_t)value);
    add(params, number, sizeof *number, 1);
}

void lb_pg_add_number_or_null(struct lb_pg_params *params, int64_t value)
{
    if (value)
        lb_pg_add_number(params, value);
    else
        add(params, NULL, 0, 1);
}

void lb_pg_add_flag(struct lb_pg_params *params, bool value)
{
    add(params, value ? set : unset, 1, 1);
}

void lb_pg_add_text(struct lb_pg_params *params, struct lb_str text)
{
    add(params, text.ptr, text.len, 1); /* the binary form of a text is its bytes */
}

void lb_pg_add_bytes(struct lb_pg_params *params, const void *bytes, size_t len)
{
    add(params, bytes, len, 1);
}

void lb_pg_add_array(struct lb_pg_params *params, const struct lb_buf *array)
{
    add(params, array->ptr, array->len, 0);
}

void lb_pg_array_of_numbers(struct lb_buf *out, const uint64_t *numbers, size_t count)
{
    lb_buf_append_lit(out, "{");
    for (size_t i = 0; i < count; i++) {
        if (i)
            lb_buf_append_lit(out, ",");
        lb_buf_append_u64(out, numbers[i]);
    }
    lb_buf_append(out, "}", 2);
}

void lb_pg_array_of_texts(struct lb_buf *out, const struct lb_str *texts, size_t count)
{
    lb_buf_append_lit(out, "{");
    for (size_t i = 0; i < count; i++) {
        if (i)
            lb_buf_append_lit(out, ",");
        lb_buf_append_lit(out, "\"");
        for (size_t j = 0; j < texts[i].len; j++) {
            if (texts[i].ptr[j] == '"' || texts[i].ptr[j] == '\\')
                lb_buf_append_lit(out, "\\");
            lb_buf_append(out, texts[i].ptr + j, 1);
        }
        lb_buf_append_lit(out, "\"");
    }
    lb_buf_append(out, "}", 2);
}

int64_t lb_pg_number(const PGresult *result, int row, int column)
{
    const char *value = PQgetvalue(result, row, column);
    uint64_t wide;
    uint32_t narrow;
    uint16_t small;
    switch (PQgetlength(result, row, column)) {
    case 8:
        memcpy(&wide, value, sizeof wide);
        return (int64_t)be64toh(wide);
    case 4:
        memcpy(&narrow, value, sizeof narrow);
        return (int32_t)be32toh(narrow);
    case 2:
        memcpy(&small, value, sizeof small);
        return (int16_t)be16toh(small);
    default:
        return 0;
    }
}

bool lb_pg_flag(const PGresult *result, int row, int column)
{
    return PQgetlength(result, row, column) == 1 && PQgetvalue(result, row, column)[0] != 0;
}

struct lb_str lb_pg_text(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column))
        return (struct lb_str){NULL, 0};
    return (struct lb_str){PQgetvalue(result, row, column),
                           (size_t)PQgetlength(result, row, column)};
}
