#include "api/outreach/lead_columns.h"

#include "json/encode.h"
#include "store/names.h"

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

static bool has_filled(const struct lb_lead_columns *columns, enum lb_lead_field field)
{
    for (size_t i = 0; i < columns->count; i++)
        if (columns->columns[i].fills && columns->columns[i].fills_field == field)
            return true;
    return false;
}

/* Is the heading this word, when case, white space and punctuation do not count? */
static bool says(struct lb_str heading, const char *word)
{
    for (size_t i = 0; i < heading.len; i++) {
        char c = heading.ptr[i];
        if (strchr(" _-.:/", c))
            continue;
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if (c != *word++)
            return false;
    }
    return *word == '\0';
}

/* Headings of fields that the reader of files does not know by itself. */
static bool find_word(struct lb_str heading, enum lb_lead_field *out)
{
    static const struct {
        const char *word;
        enum lb_lead_field field;
    } words[] = {{"headline", LB_LEAD_HEADLINE},
                 {"linkedinheadline", LB_LEAD_HEADLINE},
                 {"website", LB_LEAD_WEBSITE},
                 {"companywebsite", LB_LEAD_WEBSITE},
                 {"companyurl", LB_LEAD_COMPANY_URL},
                 {"companylinkedin", LB_LEAD_COMPANY_URL},
                 {"companylinkedinurl", LB_LEAD_COMPANY_URL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (says(heading, words[i].word)) {
            *out = words[i].field;
            return true;
        }
    return false;
}

static bool field_of(const struct lb_import *import, const struct lb_lead_columns *columns,
                     size_t index, enum lb_lead_field *out)
{
    enum lb_import_field field = columns->columns[index].field;
    *out = field == LB_FIELD_FIRST_NAME  ? LB_LEAD_FIRST_NAME
           : field == LB_FIELD_LAST_NAME ? LB_LEAD_LAST_NAME
           : field == LB_FIELD_COMPANY   ? LB_LEAD_COMPANY_NAME
           : field == LB_FIELD_EMAIL     ? LB_LEAD_EMAIL
                                         : LB_LEAD_PHONE;
    bool is_field = *out != LB_LEAD_PHONE || field == LB_FIELD_PHONE;
    return is_field ||
           (field == LB_FIELD_OTHER && find_word(lb_import_heading_of(import, index), out));
}

/* Which columns fill fields of the lead; of several that mean one, the first. */
static void find_filled(const struct lb_import *import, struct lb_lead_columns *out)
{
    for (size_t i = 0; i < out->count; i++) {
        enum lb_lead_field field;
        if (i == out->people || !field_of(import, out, i, &field) || has_filled(out, field))
            continue;
        out->columns[i].fills = true;
        out->columns[i].fills_field = field;
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

/* What is no field of a lead is a variable; so is a member id that is none. */
static void name_variables(const struct lb_import *import, struct lb_lead_columns *out)
{
    size_t count = 0;
    for (size_t i = 0; i < out->count; i++) {
        if (out->columns[i].field != LB_FIELD_MEMBER_ID)
            continue;
        strcpy(out->columns[i].name, "memberId");
        count++;
    }
    for (size_t i = 0; i < out->count && count < LB_VARIABLES_MAX; i++) {
        if (i == out->people || out->columns[i].field != LB_FIELD_OTHER || out->columns[i].fills)
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
    find_filled(import, out);
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
    const struct lb_lead_column *column = &columns->columns[index];
    return index != columns->people && column->field == LB_FIELD_OTHER && !column->fills &&
           !column->name[0];
}

static const char *field_name(const struct lb_lead_column *column)
{
    return column->fills                         ? lb_lead_field_name(column->fills_field)
           : column->field == LB_FIELD_MEMBER_ID ? "memberId"
                                                 : NULL;
}

void lb_lead_columns_put(struct lb_buf *body, const struct lb_lead_columns *columns,
                         const struct lb_import *import)
{
    bool any = false;
    lb_buf_append_lit(body, ",\"fields\":[");
    for (size_t i = 0; i < columns->count; i++) {
        const struct lb_lead_column *column = &columns->columns[i];
        const char *field = field_name(column);
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
