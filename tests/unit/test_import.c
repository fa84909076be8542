#include "import/distinct.h"
#include "import/heading_words.h"
#include "import/headings.h"
#include "import/rows.h"
#include "support/imports.h"
#include "support/starve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define U "https://www.linkedin.com/in/"

#define HELD_MAX (8u << 20) /* bytes of an import without millions of people */

static void import(struct lb_str text, const struct lb_import_options *options,
                   struct import_result *out)
{
    struct import_bytes memory = {.bytes = text};
    struct lb_import_source source = import_source(&memory);
    import_run(&source, options, out);
    if (out->fault)
        fail_msg("%s", out->fault);
}

static bool log_has(const struct import_result *result, const char *words)
{
    return memmem(result->log.ptr, result->log.len, words, strlen(words)) != NULL;
}

static void assert_log_has(const struct import_result *result, const char *words)
{
    if (!log_has(result, words))
        fail_msg("\"%s\" is not in:\n%.*s", words, (int)result->log.len,
                 result->log.len ? result->log.ptr : "");
}

/* --- The source --- */

static const char TABLE[] = "Name,LinkedIn,Note\nAnn," U "ann-one,asked\n,,\nBob,,\nCleo,nobody,\n"
                            "Dan,\"" U "dan-one, " U "dan-two\",\n";

static void a_source_that_cannot_be_read_is_an_error_wherever_it_fails(void **state)
{
    (void)state;
    struct import_result result = {.err = LB_ERR_INTERNAL};
    int nth = 1;
    for (; result.err; nth++) {
        struct import_bytes memory = {.bytes = LB_STR(TABLE), .piece = 16, .fail_after = nth};
        struct lb_import_source source = import_source(&memory);
        import_run(&source, NULL, &result);
        if (result.err)
            assert_int_equal(result.err, LB_ERR_STORAGE_UNAVAILABLE);
        assert_null(result.fault);
        import_result_fini(&result);
    }
    assert_true(nth > 20);
}

static void memory_that_is_short_is_an_error_and_never_another_result(void **state)
{
    (void)state;
    uint64_t failed = 1;
    for (uint64_t nth = 1; failed; nth++) {
        struct import_bytes memory = {.bytes = LB_STR(TABLE)};
        struct lb_import_source source = import_source(&memory);
        struct lb_import_options options = {.adds = true};
        struct lb_import *read = NULL;
        bool done = false;
        starve_at(nth, false);
        lb_err err = lb_import_judge(&source, &options, &read, NULL);
        if (!err)
            err = lb_import_read(read, NULL, NULL, &done, NULL);
        failed = starve_end();
        assert_int_equal(err, failed ? LB_ERR_OVERLOADED : LB_OK);
        if (!err)
            assert_int_equal(lb_import_counts(read)->found, 3);
        lb_import_free(read);
        assert_true(nth < 1000);
    }
}

struct pause {
    unsigned calls;
    uint64_t people;
};

static bool pause_after_each(void *context, const struct lb_import_item *item)
{
    struct pause *pause = context;
    pause->calls++;
    pause->people += item->kind == LB_IMPORT_PERSON;
    return false;
}

static void reading_goes_on_after_a_pause_and_starts_anew_after_a_rewind(void **state)
{
    (void)state;
    struct import_bytes memory = {.bytes = LB_STR(TABLE)};
    struct lb_import_source source = import_source(&memory);
    struct import_result result;
    import_run(&source, NULL, &result);
    assert_int_equal(result.counts.rows, 5);
    for (int time = 0; time < 2; time++) {
        struct pause pause = {0};
        unsigned turns = 0;
        bool done = false;
        lb_import_rewind(result.import);
        for (; !done; turns++)
            assert_int_equal(lb_import_read(result.import, &pause, pause_after_each, &done, NULL),
                             LB_OK);
        assert_int_equal(turns, 6); /* five rows and the end */
        assert_int_equal(pause.people, 3);
        assert_memory_equal(lb_import_counts(result.import), &result.counts, sizeof result.counts);
    }
    import_result_fini(&result);
}

/* --- Bounds --- */

static void fill(struct lb_buf *text, const char *piece, size_t bytes)
{
    for (size_t end = text->len + bytes; text->len < end;)
        lb_buf_append(text, piece, strlen(piece));
}

/* The same whatever the pieces; in bounded memory. */
static void import_large(const struct lb_buf *text, struct import_result *out)
{
    static const size_t pieces[] = {65521, 0};
    for (size_t i = 0; i < 2; i++) {
        struct import_bytes memory = {.bytes = lb_buf_str(text), .piece = pieces[i]};
        struct lb_import_source source = import_source(&memory);
        struct import_result result;
        import_run(&source, NULL, &result);
        assert_null(result.fault);
        assert_int_equal(result.err, LB_OK);
        assert_true(lb_import_held_bytes(result.import) < HELD_MAX);
        if (i == 0) {
            *out = result;
            continue;
        }
        assert_memory_equal(&out->counts, &result.counts, sizeof result.counts);
        assert_true(lb_str_equal(lb_buf_str(&out->log), lb_buf_str(&result.log)));
        import_result_fini(&result);
    }
}

static void a_row_that_is_too_long_is_bad_and_the_next_is_read(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    struct import_result result;
    lb_buf_append_lit(&text, "Name,LinkedIn\nAnn," U "ann-one\nBob," U "bob-one,");
    fill(&text, "x\xc3\xa9 ", 5u << 20);
    lb_buf_append_lit(&text, "\r\nCleo," U "cleo-one\n");
    import_large(&text, &result);
    assert_int_equal(result.counts.people, 2);
    assert_int_equal(result.counts.bad, 1);
    assert_log_has(&result, "bad 3: Bob,");
    assert_log_has(&result, "longer than 1 MiB");
    assert_log_has(&result, "person 4: ");
    import_result_fini(&result);
    lb_buf_fini(&text);
}

static void a_file_of_one_row_that_is_too_long_is_one_bad_row(void **state)
{
    (void)state;
    static const char *const pieces[] = {"x", "x,", "sep=;x"};
    for (size_t i = 0; i < 3; i++) {
        struct lb_buf text = {0};
        struct import_result result;
        fill(&text, pieces[i], 5u << 20);
        import_large(&text, &result);
        assert_int_equal(result.counts.rows, 1);
        assert_int_equal(result.counts.bad, 1);
        import_result_fini(&result);
        lb_buf_fini(&text);
    }
}

/* A line of a contact, of at least `bytes`, that goes on in many others, and the next one. */
static void import_folded(const char *piece, size_t bytes)
{
    struct lb_buf text = {0};
    struct import_result result;
    char person[64];
    unsigned line = 3;
    lb_buf_append_lit(&text, "BEGIN:VCARD\r\nVERSION:3.0\r\nPHOTO:x\r\n");
    for (size_t end = text.len + bytes; text.len < end; line++)
        lb_buf_append(&text, piece, strlen(piece));
    lb_buf_append_lit(&text, "URL:" U "ann-one\r\nEND:VCARD\r\n");
    import_large(&text, &result);
    assert_int_equal(result.counts.headings, 2);
    assert_int_equal(result.counts.bad, 2); /* and the last line */
    assert_int_equal(result.counts.people, 1);
    assert_log_has(&result, "bad 3: PHOTO:x (the row is longer than 1 MiB");
    snprintf(person, sizeof person, "person %u: ", line + 1);
    assert_log_has(&result, person);
    import_result_fini(&result);
    lb_buf_fini(&text);
}

static void a_folded_line_that_is_too_long_is_one_bad_row_and_read_once(void **state)
{
    (void)state;
    char line[16384] = " ";
    memset(line + 1, 'A', sizeof line - 4);
    memcpy(line + sizeof line - 3, "\r\n", 3);
    import_folded(line, 2u << 20);
    import_folded("\ta\r", 2u << 20);
    import_folded(" a\n", 16u << 20);
}

/* What is kept of a line to look for headings may end within a name. */
static void a_name_that_is_cut_where_it_is_looked_at_is_no_heading(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 40; shift++) {
        struct lb_buf text = {0};
        struct import_result result;
        fill(&text, "x", 40 + shift);
        for (unsigned i = 0; i < 10; i++)
            lb_buf_printf(&text, ", person-of-%c", 'a' + (int)i);
        lb_buf_append_lit(&text, "\nann-one\n");
        import(lb_buf_str(&text), NULL, &result);
        assert_int_equal(result.counts.found, 12);
        import_result_fini(&result);
        lb_buf_fini(&text);
    }
}

static void a_row_within_the_limit_is_read_whole(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    struct import_result result;
    fill(&text, "x ", (1u << 20) - 100);
    lb_buf_append_lit(&text, U "ann-one\n" U "bob-one\n");
    import_large(&text, &result);
    assert_int_equal(result.counts.people, 2);
    import_result_fini(&result);
    lb_buf_fini(&text);
}

static void a_row_of_too_many_cells_is_bad(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    struct import_result result;
    lb_buf_append_lit(&text, "LinkedIn,Name\n" U "ann-one,Ann\n" U "bob-one");
    fill(&text, ",", 1025);
    lb_buf_append_lit(&text, "\n" U "cleo-one");
    fill(&text, ",", 1024);
    lb_buf_append_lit(&text, "x\n" U "dan-one,Dan\n");
    import_large(&text, &result);
    assert_int_equal(result.counts.people, 3); /* empty cells are no cells too many */
    assert_int_equal(result.counts.bad, 1);
    assert_log_has(&result, "something behind its 1024th cell");
    import_result_fini(&result);
    lb_buf_fini(&text);
}

/* A quoted cell of `bytes`, a row after it, and another quotation mark at the end. */
static void import_quoted(size_t bytes, const char *piece, struct import_result *out)
{
    struct lb_buf text = {0};
    lb_buf_append_lit(&text, "LinkedIn,Note\n" U "ann-one,\"");
    fill(&text, piece, bytes);
    lb_buf_append_lit(&text, "\"\n" U "bob-one,\n" U "cleo-one,\n");
    import_large(&text, out);
    lb_buf_fini(&text);
}

static void a_quoted_cell_ends_at_64_kib_or_100_lines_at_the_latest(void **state)
{
    (void)state;
    struct import_result result;
    import_quoted(65000, "xxxx ", &result);
    assert_int_equal(result.counts.warnings, 0);
    assert_int_equal(result.counts.people, 3);
    import_result_fini(&result);
    import_quoted(66000, "xxxx ", &result);
    assert_log_has(&result, "warning 2: " U "ann-one (a quotation mark is never closed");
    assert_int_equal(result.counts.people, 3);
    import_result_fini(&result);
    import_quoted(2 * 99, "x\n", &result);
    assert_int_equal(result.counts.warnings, 0);
    assert_int_equal(result.counts.rows, 4);
    import_result_fini(&result);
    import_quoted(4 * 101, "x,y\n", &result);
    assert_int_equal(result.counts.rows, 4 + 101);
    assert_int_equal(result.counts.people, 3);
    assert_true(result.counts.warnings >= 1);
    import_result_fini(&result);
}

static void a_hundred_thousand_rows_take_no_more_memory_than_one(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    lb_buf_append_lit(&text, "LinkedIn;Name\n");
    for (unsigned i = 0; i < 100000; i++)
        lb_buf_printf(&text, U "person-%u;Person %u\n", i, i);
    struct import_bytes memory = {.bytes = lb_buf_str(&text)};
    struct lb_import_source source = import_source(&memory);
    struct lb_import_options options = {.adds = true};
    struct lb_import *read;
    bool done;
    assert_int_equal(lb_import_judge(&source, &options, &read, NULL), LB_OK);
    assert_int_equal(lb_import_read(read, NULL, NULL, &done, NULL), LB_OK);
    assert_int_equal(lb_import_counts(read)->found, 100000);
    assert_true(lb_import_held_bytes(read) < HELD_MAX);
    lb_import_free(read);
    lb_buf_fini(&text);
}

/* --- Options --- */

static bool is_stored(void *context, const struct lb_identifier *name)
{
    return strcmp(name->text, context) == 0;
}

static void doubtful_names_count_when_they_are_stored(void **state)
{
    (void)state;
    struct lb_str text = LB_STR("Name,Username\nAnn,12345\nBob,67890\nCleo,nan\nDan,dan-one\n");
    struct lb_import_options options = {.adds = true};
    struct import_result result;
    import(text, &options, &result);
    assert_int_equal(result.counts.people, 1);
    import_result_fini(&result);
    options.is_stored = is_stored;
    options.context = (void *)(uintptr_t) "67890";
    import(text, &options, &result);
    assert_int_equal(result.counts.people, 2);
    assert_log_has(&result, "person 3: 67890");
    import_result_fini(&result);
    options = (struct lb_import_options){.adds = false}; /* checks and unblocks */
    import(text, &options, &result);
    assert_int_equal(result.counts.people, 3);
    import_result_fini(&result);
}

static void several_addresses_in_a_row_are_bad_when_one_is_wanted(void **state)
{
    (void)state;
    struct lb_import_options options = {.adds = true, .one_per_row = true};
    struct import_result result;
    import(LB_STR(TABLE), &options, &result);
    assert_int_equal(result.counts.people, 1);
    assert_log_has(&result, "holds more than one address");
    import_result_fini(&result);
}

static void a_reason_column_can_be_chosen(void **state)
{
    (void)state;
    struct lb_import_options options = {.adds = true, .reason_column = LB_STR("Name")};
    struct import_result result;
    import(LB_STR(TABLE), &options, &result);
    assert_log_has(&result, "= ann-one (Ann)");
    assert_int_equal(lb_import_findings(result.import)->reason_column, 1);
    import_result_fini(&result);
    options.reason_column = LB_STR("Grund");
    import(LB_STR(TABLE), &options, &result);
    assert_int_equal(result.err, LB_ERR_COLUMN_UNKNOWN);
    assert_string_equal(result.reason.text, "no column is called \"Grund\"");
    import_result_fini(&result);
}

static void an_unknown_column_comes_with_the_columns_and_samples_of_each(void **state)
{
    (void)state;
    struct import_result result;
    import(LB_STR("Vorname;Ort\nAnn;Berlin\nBob;\nCleo;Rom\nDan;Paris\n"), NULL, &result);
    assert_int_equal(result.err, LB_ERR_COLUMN_UNKNOWN);
    assert_int_equal(lb_import_column_count(result.import), 2);
    struct lb_import_column column = lb_import_column(result.import, 1);
    assert_int_equal(column.number, 2);
    assert_true(lb_str_equal(column.name, LB_STR("Ort")));
    assert_int_equal(column.sample_count, 3);
    assert_true(lb_str_equal(column.samples[0], LB_STR("Berlin")));
    assert_true(lb_str_equal(column.samples[2], LB_STR("Paris")));
    import_result_fini(&result);
}

static void a_heading_without_rows_counts_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"LinkedIn URL,Name\n", "LinkedIn", "sep=;\nLinkedIn;Name\n",
                                        "List,\nLinkedIn URL,Name\n,\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct import_result result;
        import(lb_str(texts[i]), NULL, &result);
        assert_int_equal(result.err, LB_OK);
        assert_int_equal(result.counts.rows, 0);
        import_result_fini(&result);
    }
}

/* What an import of the text with these options gives. */
static void assert_gives(const char *text, struct lb_import_options options, lb_err err,
                         const char *names)
{
    struct import_result result;
    import(lb_str(text), &options, &result);
    if (result.err != err || !lb_str_equal(lb_buf_str(&result.names), lb_str(names)))
        fail_msg("%s%s: %s\n%.*s", text, lb_err_code(result.err), result.reason.text,
                 (int)result.names.len, result.names.len ? result.names.ptr : "");
    import_result_fini(&result);
}

static void of_columns_that_may_be_meant_the_client_chooses_one(void **state)
{
    (void)state;
    static const char *const texts[] = {"Your profile?,Whose message was it?\n" U "ann-one," U
                                        "pat-one\n" U "bob-one," U "pat-two\n",
                                        "Contact,Owner\nLinkedIn,LinkedIn\n" U "ann-one," U
                                        "pat-one\n" U "bob-one," U "pat-two\n",
                                        "LinkedIn,Our rep must not write to (LinkedIn)\n" U
                                        "ann-one," U "pat-one\n" U "bob-one," U "pat-two\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lb_import_options options = {.adds = true};
        assert_gives(texts[i], options, LB_ERR_COLUMN_UNKNOWN, "");
        options.typed = true;
        assert_gives(texts[i], options, LB_ERR_COLUMN_UNKNOWN, "");
        options.type = LB_TYPE_PERSON;
        assert_gives(texts[i], options, LB_ERR_COLUMN_UNKNOWN, "");
        options = (struct lb_import_options){.adds = true, .column = LB_STR("2")};
        assert_gives(texts[i], options, LB_OK, "pat-one\npat-two\n");
        options = (struct lb_import_options){
            .adds = true, .typed = true, .columns = LB_STR("1:publicIdentifier")};
        assert_gives(texts[i], options, LB_OK, "ann-one\nbob-one\n");
    }
    /* A check asks for all that there is. */
    struct lb_import_options options = {.typed = true, .checks = true};
    assert_gives(texts[0], options, LB_OK, "ann-one\npat-one\nbob-one\npat-two\n");
}

static void a_table_of_too_many_columns_is_refused(void **state)
{
    (void)state;
    for (int wide = 0; wide <= 1; wide++)
        for (int typed = 0; typed <= 1; typed++) {
            struct lb_import_options options = {.adds = true, .typed = typed != 0};
            struct lb_buf text = {0};
            struct import_result result;
            lb_buf_append_lit(&text, "Id,Name,LinkedIn,Owner LinkedIn");
            for (int i = 4; i < LB_IMPORT_CELLS_MAX + wide; i++)
                lb_buf_printf(&text, ",field %d", i);
            lb_buf_append_lit(&text, "\n1,Ann," U "ann-one," U "pat-one");
            fill(&text, ",x", 2 * (LB_IMPORT_CELLS_MAX - 4 + (size_t)wide));
            lb_buf_append_lit(&text, "\n2,Bob," U "bob-one," U "pat-one");
            fill(&text, ",", LB_IMPORT_CELLS_MAX);
            lb_buf_append_lit(&text, "\n");
            import(lb_buf_str(&text), &options, &result);
            assert_int_equal(result.err, wide ? LB_ERR_UNSUPPORTED_FILE : LB_OK);
            if (!wide)
                assert_true(lb_str_equal(lb_buf_str(&result.names), LB_STR("ann-one\nbob-one\n")));
            import_result_fini(&result);
            lb_buf_fini(&text);
        }
}

static void append_names(struct lb_buf *text, const char *separator)
{
    for (int i = 0; i < LB_IMPORT_CELLS_MAX + 76; i++)
        lb_buf_printf(text, "%s%s-%d", i ? separator : "", i % 9 ? "ann-doe" : "ann-sales-manager",
                      i);
    lb_buf_append_lit(text, "\n");
}

static void long_lines_are_no_tables_of_too_many_columns(void **state)
{
    (void)state;
    struct lb_buf names = {0}, words = {0}, json = {0};
    struct import_result result;
    append_names(&names, ",");
    append_names(&names, ",");
    import_large(&names, &result);
    assert_int_equal(result.err, LB_OK);
    assert_int_equal(result.counts.people, 2);
    assert_int_equal(result.counts.bad, 0);
    import_result_fini(&result);

    lb_buf_append_lit(&words, "Name\tLinkedIn\tNote\n");
    for (int i = 0; i < 3; i++) {
        lb_buf_printf(&words, "Ann\t" U "ann-%d\tcompany, manager", i);
        fill(&words, ", any word", 10 * LB_IMPORT_CELLS_MAX);
        lb_buf_append_lit(&words, "\n");
    }
    import_large(&words, &result);
    assert_int_equal(result.err, LB_OK);
    assert_int_equal(result.counts.people, 3);
    import_result_fini(&result);

    for (int i = 0; i < 2; i++) {
        lb_buf_append_lit(&json, "{\"profile\":\"" U "ann-one\",\"skills\":[\"sales, any\"");
        fill(&json, ",\"one or two\"", 13 * LB_IMPORT_CELLS_MAX);
        lb_buf_append_lit(&json, "]}\n");
    }
    import_large(&json, &result);
    assert_int_equal(result.err, LB_OK);
    assert_int_equal(result.counts.people, 2);
    import_result_fini(&result);
    lb_buf_fini(&names);
    lb_buf_fini(&words);
    lb_buf_fini(&json);
}

/* --- Parts --- */

static void headings_are_known_in_many_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum lb_import_heading heading;
    } cases[] = {
        {"LinkedIn URL*", LB_HEADING_LINKEDIN},
        {"LINKEDIN_PROFILE", LB_HEADING_LINKEDIN},
        {"LinkedIn Bio", LB_HEADING_LINKEDIN},
        {"LinkedIn\xc2\xa0URL", LB_HEADING_LINKEDIN},
        {"defaultProfileUrl", LB_HEADING_PROFILE},
        {"Profil", LB_HEADING_PROFILE},
        {"Lien", LB_HEADING_PROFILE},
        {"publicIdentifier", LB_HEADING_IDENTIFIER},
        {"Public Identifier", LB_HEADING_IDENTIFIER},
        {"linkedin handle", LB_HEADING_IDENTIFIER},
        {"LinkedIn-Benutzername", LB_HEADING_IDENTIFIER},
        {"LinkedInId", LB_HEADING_IDENTIFIER},
        {"LinkedIn first name", LB_HEADING_LINKEDIN},
        {"companyUrl", LB_HEADING_OTHER},
        {"Company LinkedIn URL", LB_HEADING_OTHER},
        {"Created By", LB_HEADING_OTHER},
        {"Our profile", LB_HEADING_OTHER},
        {"source", LB_HEADING_ORDINARY},
        {"PROPRI\xc3\x89TAIRE", LB_HEADING_OTHER},
        {"Motif", LB_HEADING_REASON},
        {"BEGR\xc3\x9cNDUNG:", LB_HEADING_REASON},
        {"Vorname", LB_HEADING_ORDINARY},
        {"Opt-Out", LB_HEADING_STATUS},
        {"ann-example-0001", LB_HEADING_UNKNOWN},
        {"", LB_HEADING_UNKNOWN},
        {"***", LB_HEADING_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (lb_import_heading(lb_str(cases[i].text)) != cases[i].heading)
            fail_msg("%s is %d", cases[i].text, (int)lb_import_heading(lb_str(cases[i].text)));
    assert_true(lb_import_is_heading(LB_STR("Person")));
    assert_false(lb_import_is_heading(LB_STR("person-1")));
    assert_true(lb_import_heading_equal(LB_STR("LinkedIn URL"), LB_STR("linkedin_url")));
    assert_false(lb_import_heading_equal(LB_STR("LinkedIn URL"), LB_STR("LinkedIn")));
}

static void every_word_of_headings_is_as_folding_makes_it(void **state)
{
    (void)state;
    static const char *const *const tables[] = {lb_heading_stops,
                                                lb_heading_examples,
                                                lb_heading_others,
                                                lb_heading_others_anywhere,
                                                lb_heading_others_ends,
                                                lb_heading_by,
                                                lb_heading_by_at_end,
                                                lb_heading_linkedin_things,
                                                lb_heading_linkedin_persons,
                                                lb_heading_not_by,
                                                lb_heading_reasons,
                                                lb_heading_identifiers,
                                                lb_heading_linkedin_names,
                                                lb_heading_spoken,
                                                lb_heading_linkedin,
                                                lb_heading_profiles,
                                                lb_heading_addresses,
                                                lb_heading_ordinary,
                                                lb_heading_statuses,
                                                lb_status_values};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        for (size_t i = 0; tables[t][i]; i++) {
            struct lb_buf folded = {0};
            struct lb_str word = lb_str(tables[t][i]);
            assert_true(lb_identifier_fold_term(word, &folded));
            if (!lb_str_equal(lb_buf_str(&folded), word))
                fail_msg("%s becomes %.*s", word.ptr, (int)folded.len, folded.ptr);
            lb_buf_fini(&folded);
        }
    }
}

static void a_column_that_is_asked_for_makes_no_table_of_a_list(void **state)
{
    (void)state;
    struct lb_import_options options = {.adds = true, .column = LB_STR("Username")};
    struct import_result result;
    import(LB_STR("Username\nann-one, bob-one\n"), &options, &result);
    assert_int_equal(result.counts.found, 2);
    import_result_fini(&result);
    import(LB_STR("Name;Username\nAnn;ann-one\n"), &options, &result);
    assert_int_equal(result.counts.found, 1);
    assert_log_has(&result, "= ann-one");
    import_result_fini(&result);
}

static void add(struct lb_distinct *all, struct lb_distinct_set sets[2], size_t set, unsigned name)
{
    char text[16];
    snprintf(text, sizeof text, "p%u", name);
    enum lb_distinct_outcome outcome = lb_distinct_add(all, &sets[set], lb_str(text));
    assert_true(outcome != LB_DISTINCT_NO_MEMORY);
    if (outcome != LB_DISTINCT_THIN)
        return;
    lb_distinct_raise(all);
    for (size_t i = 0; i < 2; i++)
        assert_true(lb_distinct_thin(all, &sets[i]));
}

static void different_people_are_counted_exactly_and_by_estimate_in_bounded_memory(void **state)
{
    (void)state;
    struct lb_distinct all = {.seed = 1};
    struct lb_distinct_set sets[2] = {0};
    for (unsigned i = 0; i < 200000; i++) {
        add(&all, sets, 0, i);
        add(&all, sets, 1, i % 1000);
    }
    assert_int_equal(lb_distinct_count(&all, &sets[0]), 200000);
    assert_int_equal(lb_distinct_count(&all, &sets[1]), 1000);
    assert_int_equal(lb_distinct_count_apart(&all, &sets[0], &sets[1]), 199000);
    assert_int_equal(lb_distinct_count_apart(&all, &sets[1], &sets[0]), 0);
    for (unsigned i = 0; i < 1200000; i++) {
        add(&all, sets, 0, i);
        add(&all, sets, 1, i / 2);
    }
    uint64_t count = lb_distinct_count(&all, &sets[0]);
    assert_true(all.level > 0);
    assert_true(count > 1176000 && count < 1224000);
    count = lb_distinct_count(&all, &sets[1]);
    assert_true(count > 588000 && count < 612000);
    assert_true(all.bytes <= 32u << 20);
    lb_distinct_set_fini(&sets[0]);
    lb_distinct_set_fini(&sets[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_that_cannot_be_read_is_an_error_wherever_it_fails),
        cmocka_unit_test(memory_that_is_short_is_an_error_and_never_another_result),
        cmocka_unit_test(reading_goes_on_after_a_pause_and_starts_anew_after_a_rewind),
        cmocka_unit_test(a_row_that_is_too_long_is_bad_and_the_next_is_read),
        cmocka_unit_test(a_file_of_one_row_that_is_too_long_is_one_bad_row),
        cmocka_unit_test(a_folded_line_that_is_too_long_is_one_bad_row_and_read_once),
        cmocka_unit_test(a_name_that_is_cut_where_it_is_looked_at_is_no_heading),
        cmocka_unit_test(a_row_within_the_limit_is_read_whole),
        cmocka_unit_test(a_row_of_too_many_cells_is_bad),
        cmocka_unit_test(a_quoted_cell_ends_at_64_kib_or_100_lines_at_the_latest),
        cmocka_unit_test(a_hundred_thousand_rows_take_no_more_memory_than_one),
        cmocka_unit_test(doubtful_names_count_when_they_are_stored),
        cmocka_unit_test(several_addresses_in_a_row_are_bad_when_one_is_wanted),
        cmocka_unit_test(a_reason_column_can_be_chosen),
        cmocka_unit_test(an_unknown_column_comes_with_the_columns_and_samples_of_each),
        cmocka_unit_test(a_heading_without_rows_counts_nothing),
        cmocka_unit_test(of_columns_that_may_be_meant_the_client_chooses_one),
        cmocka_unit_test(a_table_of_too_many_columns_is_refused),
        cmocka_unit_test(long_lines_are_no_tables_of_too_many_columns),
        cmocka_unit_test(headings_are_known_in_many_spellings),
        cmocka_unit_test(every_word_of_headings_is_as_folding_makes_it),
        cmocka_unit_test(a_column_that_is_asked_for_makes_no_table_of_a_list),
        cmocka_unit_test(different_people_are_counted_exactly_and_by_estimate_in_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
