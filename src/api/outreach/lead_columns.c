#include "api/outreach/lead_columns.h"

#include "json/encode.h"

#include <stdio.h>
#include <stdlib.h>

static size_t find_field(const struct lb_lead_columns *columns, enum lb_import_field field)
{
    size_t i = 0;
    while (i < columns->count && columns->columns[i].field != field)
        i++;
    return i;
}

static bool has_field(const struct lb_lead_columns *columns, enum lb_import_field field)
{
    return find_field(columns, field) < columns->count;
}

/* Of several columns that are the same field, the first one is it. */
static void set_fields(const struct lb_import *import, struct lb_lead_columns *out)
{
    for (size_t i = 0; i < out->count; i++) {
        enum lb_import_field field = lb_import_field(lb_import_heading_of(import, i));
        if (i != out->people && !has_field(out, field))
            out->columns[i].field = field;
    }
}

/* "Nome" beside "Cognome" is the first name, "Name" beside "Vorname" the last. */
static void settle_names(struct lb_lead_columns *out)
{
    static const struct {
        enum lb_import_field open, if_there, becomes;
    } rules[] = {{LB_FIELD_FIRST_OR_FULL_NAME, LB_FIELD_LAST_NAME, LB_FIELD_FIRST_NAME},
                 {LB_FIELD_LAST_OR_FULL_NAME, LB_FIELD_FIRST_NAME, LB_FIELD_LAST_NAME}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        size_t at = find_field(out, rules[i].open);
        if (at == out->count)
            continue;
        bool settled = has_field(out, rules[i].if_there) && !has_field(out, rules[i].becomes);
        out->columns[at].field = settled ? rules[i].becomes : LB_FIELD_OTHER;
    }
}

static bool has_name(const struct lb_lead_columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->columns[i].name, name) == 0)
            return true;
    return false;
}

/* A heading as the name of a variable: what cannot be in one becomes an underscore. */
static void make_name(struct lb_str heading, char out[LB_VARIABLE_NAME_MAX + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < heading.len && len < LB_VARIABLE_NAME_MAX; i++) {
        bool good = lb_variable_name_valid((struct lb_str){heading.ptr + i, 1});
        char c = good ? heading.ptr[i] : '_';
        if (c != '_' || (len && out[len - 1] != '_'))
            out[len++] = c;
    }
    len -= len && out[len - 1] == '_';
    out[len] = '\0';
}

/* Appends the column's number; the end of a long name gives way. */
static void add_number(char name[LB_VARIABLE_NAME_MAX + 1], size_t index)
{
    char number[24];
    size_t len = strlen(name);
    size_t more = (size_t)snprintf(number, sizeof number, "_%zu", index + 1);
    if (len + more > LB_VARIABLE_NAME_MAX)
        len = LB_VARIABLE_NAME_MAX - more;
    memcpy(name + len, number, more + 1);
}

/* One without a heading, and one that is called as another before it, gets its number. */
static void name_variable(struct lb_lead_columns *columns, size_t index, struct lb_str heading)
{
    char name[LB_VARIABLE_NAME_MAX + 1];
    make_name(heading, name);
    if (!name[0]) {
        strcpy(name, "column");
        add_number(name, index);
    }
    for (unsigned tries = 0; tries < 3 && has_name(columns, name); tries++)
        add_number(name, index);
    if (!has_name(columns, name))
        memcpy(columns->columns[index].name, name, sizeof name);
}

/* The fields that leads do not have yet are variables under the names that the fields will have. */
static void name_variables(const struct lb_import *import, struct lb_lead_columns *out)
{
    static const char *const names[] = {
        [LB_FIELD_EMAIL] = "email", [LB_FIELD_PHONE] = "phone", [LB_FIELD_MEMBER_ID] = "memberId"};
    size_t count = 0;
    for (size_t i = 0; i < out->count; i++) {
        enum lb_import_field field = out->columns[i].field;
        if (field >= sizeof names / sizeof *names || !names[field])
            continue;
        strcpy(out->columns[i].name, names[field]);
        count++;
    }
    for (size_t i = 0; i < out->count && count < LB_VARIABLES_MAX; i++) {
        if (i == out->people || out->columns[i].field != LB_FIELD_OTHER)
            continue;
        name_variable(out, i, lb_import_heading_of(import, i));
        count += out->columns[i].name[0] != '\0';
    }
}

lb_err lb_lead_columns_read(const struct lb_import *import, struct lb_lead_columns *out)
{
    const struct lb_import_findings *findings = lb_import_findings(import);
    size_t count = findings->table ? lb_import_column_count(import) : 0;
    *out = (struct lb_lead_columns){0};
    if (!count)
        return LB_OK;
    out->columns = calloc(count, sizeof *out->columns);
    if (!out->columns)
        return LB_ERR_OVERLOADED;
    out->count = count;
    out->people = findings->column - 1;
    set_fields(import, out);
    settle_names(out);
    name_variables(import, out);
    return LB_OK;
}

void lb_lead_columns_fini(struct lb_lead_columns *columns)
{
    free(columns->columns);
    *columns = (struct lb_lead_columns){0};
}

bool lb_lead_columns_leaves_out(const struct lb_lead_columns *columns, size_t index)
{
    return index != columns->people && columns->columns[index].field == LB_FIELD_OTHER &&
           !columns->columns[index].name[0];
}

static const char *field_name(enum lb_import_field field)
{
    return field == LB_FIELD_FIRST_NAME  ? "firstName"
           : field == LB_FIELD_LAST_NAME ? "lastName"
           : field == LB_FIELD_COMPANY   ? "companyName"
           : field == LB_FIELD_MEMBER_ID ? "memberId"
                                         : NULL;
}

void lb_lead_columns_put(struct lb_buf *body, const struct lb_lead_columns *columns,
                         const struct lb_import *import)
{
    bool any = false;
    lb_buf_append_lit(body, ",\"fields\":[");
    for (size_t i = 0; i < columns->count; i++) {
        const struct lb_lead_column *column = &columns->columns[i];
        const char *field = field_name(column->field);
        struct lb_str heading = lb_import_heading_of(import, i);
        if (i == columns->people || lb_lead_columns_leaves_out(columns, i))
            continue;
        lb_buf_printf(body, "%s{\"number\":%zu,\"name\":", any ? "," : "", i + 1);
        lb_json_put_string_or_null(body, heading.len ? heading : (struct lb_str){0});
        lb_buf_printf(body, ",\"field\":\"%s%s\"}", field ? "" : "variables.",
                      field ? field : column->name);
        any = true;
    }
    lb_buf_append_lit(body, "]");
}
