#include "cli/input.h"

#include "base/utf8.h"
#include "cli/words.h"
#include "domain/blocklist/identifier.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#define SHOWN_MAX 20 /* faults that are explained one by one */

static const char SEVERAL[] = "holds more than one address or name; give each as one of its own";

struct input {
    const struct lb_cli *cli;
    size_t first; /* argument */
    bool stored;  /* arguments may be stored under earlier rules */

    /* Of the judging: the first time that everything is read. */
    uint64_t good;
    uint64_t bad;
    bool email; /* of the bad ones, one looks like an e-mail address */

    /* Of the giving: the second time. */
    bool giving;
    bool going;
    void *context;
    bool (*each)(void *context, const struct lb_input_item *item);
};

void lb_input_printable(struct lb_str text, char *out, size_t size)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t len = 0;
    size_t at = 0;
    while (at < text.len) {
        size_t bytes = lb_utf8_printable_length(p + at, p + text.len);
        size_t room = size - 1 - (text.len - at > size - 1 - len ? 3 : 0);
        if (len + (bytes ? bytes : 1) > room)
            break;
        if (bytes)
            memcpy(out + len, text.ptr + at, bytes);
        else
            out[len] = '?';
        len += bytes ? bytes : 1;
        at += bytes ? bytes : 1;
    }
    strcpy(out + len, at < text.len ? "..." : "");
}

void lb_input_explain(uint64_t line, struct lb_str value, struct lb_str reason)
{
    char shown[200];
    struct lb_buf here = {0};
    lb_words_put(&here, reason);
    struct lb_str why = here.failed ? reason : lb_buf_str(&here);
    lb_input_printable(value, shown, sizeof shown);
    if (line)
        fprintf(stderr, "line %" PRIu64 ": ", line);
    fprintf(stderr, "'%s': %.*s\n", shown, (int)why.len, why.ptr);
    lb_buf_fini(&here);
}

void lb_input_advise(uint64_t bad, uint64_t all)
{
    if (all > 1 && bad * 2 > all)
        fprintf(stderr,
                "%" PRIu64 " of %" PRIu64 " are invalid: this is probably the wrong column "
                "(--column takes another) or the wrong file.\n",
                bad, all);
    else
        fputs("Fix them, or skip them with --skip-invalid. Repeating the command is safe.\n",
              stderr);
}

static bool is_address(struct lb_str text)
{
    return memchr(text.ptr, '/', text.len) != NULL;
}

/* Why the text is no name, NULL when it is one: in static storage or in `out`. */
static const char *refuse(const struct input *input, struct lb_str text, struct lb_identifier *out)
{
    struct lb_identifier before;
    const char *why = lb_identifier_normalise(text, out);
    return why && input->stored && lb_identifier_before(text, NULL, &before) ? NULL : why;
}

/* Gives one item, or judges it. `fault` is what is known to be wrong with it already. */
static void take(struct input *input, struct lb_str text, const char *fault)
{
    struct lb_identifier identifier;
    if (!input->going)
        return;
    const char *invalid = refuse(input, text, &identifier);
    input->email |= invalid && memchr(text.ptr, '@', text.len);
    if (!fault && !is_address(text) && memchr(text.ptr, '|', text.len))
        fault = SEVERAL;
    if (!fault)
        fault = invalid;
    if (input->giving) {
        struct lb_input_item item = {text, fault};
        input->going = input->each(input->context, &item);
    } else if (!fault) {
        input->good++;
    } else if (++input->bad <= SHOWN_MAX && !lb_cli_given(input->cli, LB_OPT_SKIP_INVALID)) {
        lb_input_explain(0, text, lb_str(fault));
    }
}

/* The bytes of the separator that the text begins with, 0 when it begins with none. */
static size_t separator(struct lb_str text)
{
    static const char *const separators[] = {",",  ";",  "\t", "|",
                                             "，", "；", "、", NULL}; /* Chinese, Japanese */
    for (const char *const *each = separators; *each; each++) {
        size_t len = strlen(*each);
        if (len <= text.len && memcmp(text.ptr, *each, len) == 0)
            return len;
    }
    return 0;
}

static struct lb_str skip(struct lb_str text, size_t len)
{
    return (struct lb_str){text.ptr + len, text.len - len};
}

/* The next of the names that separators divide; false when there are no more. */
static bool next_name(struct lb_str *rest, struct lb_str *out)
{
    size_t len;
    while (rest->len && ((len = separator(*rest)) != 0 || rest->ptr[0] == ' '))
        *rest = skip(*rest, len ? len : 1);
    len = 0;
    while (len < rest->len && rest->ptr[len] && !separator(skip(*rest, len)))
        len++;
    *out = (struct lb_str){rest->ptr, len};
    rest->ptr += len;
    rest->len -= len;
    return len > 0;
}

/* Does it begin as a URN does, or is it NAME_SEARCH, which stands in URNs alone? */
static bool is_urn(struct lb_str text)
{
    return (text.len >= 4 && strncasecmp(text.ptr, "urn:", 4) == 0) ||
           (text.len == 11 && strncasecmp(text.ptr, "NAME_SEARCH", 11) == 0);
}

/* Why a name in a list cannot be taken; NULL: it can. Behind a URN only other URNs can: in
 * urn:li:fs_salesProfile:ID,NAME_SEARCH,x all three parts are one URN, and x is no person. */
static const char *refuse_in_list(const struct input *input, bool after_urn, struct lb_str name,
                                  struct lb_identifier *out)
{
    return after_urn && !is_urn(name) ? SEVERAL : refuse(input, name, out);
}

/* An argument: all of its names, or it is invalid as a whole. */
static void take_argument(struct input *input, struct lb_str text)
{
    struct lb_str rest = text;
    struct lb_str name;
    struct lb_identifier good, bad; /* the reason may be in the bad one */
    size_t names = 0;
    const char *fault = NULL;
    bool after_urn = false;
    /* A name may hold separators: urn:li:fs_salesProfile:(ID,NAME_SEARCH,x). */
    if (is_address(text) || !lb_identifier_normalise(text, &good)) {
        take(input, text, NULL);
        return;
    }
    for (; next_name(&rest, &name); names++) {
        const char *invalid = refuse_in_list(input, after_urn, name, fault ? &good : &bad);
        fault = fault ? fault : invalid;
        after_urn = after_urn || is_urn(name);
    }
    if (fault || !names) {
        take(input, text, names > 1 ? fault : NULL);
        return;
    }
    for (rest = text; next_name(&rest, &name);)
        take(input, name, NULL);
}

/* All of them once, in the order given. */
static void walk(struct input *input)
{
    const struct lb_cli *cli = input->cli;
    for (size_t i = input->first; input->going && i < cli->argument_count; i++)
        if (*cli->arguments[i])
            take_argument(input, lb_str(cli->arguments[i]));
}

/* Is what was read fit to be sent? */
static int judge(struct input *input)
{
    bool skip = lb_cli_given(input->cli, LB_OPT_SKIP_INVALID);
    walk(input);
    if (!input->good && !input->bad)
        return lb_cli_usage(input->cli, "no identifiers: give some as arguments, --file FILE, or "
                                        "- to read standard input");
    if (!input->bad || (skip && input->good))
        return LB_EXIT_DONE;
    if (!skip && input->bad > SHOWN_MAX)
        fprintf(stderr, "and %" PRIu64 " more\n", input->bad - SHOWN_MAX);
    if (input->email && lb_cli_takes(input->cli->command, LB_OPT_EMAIL))
        fputs("An e-mail address is given with --email, one at a time.\n", stderr);
    lb_input_advise(input->bad, 0);
    lb_cli_error("nothing was sent");
    return LB_EXIT_FAILED;
}

int lb_input_read(const struct lb_cli *cli, size_t first, bool stored, void *context,
                  bool (*each)(void *context, const struct lb_input_item *item))
{
    struct input input = {.cli = cli,
                          .first = first,
                          .stored = stored,
                          .going = true,
                          .context = context,
                          .each = each};
    int code = judge(&input);
    if (code != LB_EXIT_DONE)
        return code;
    input.giving = true;
    walk(&input);
    return input.going ? LB_EXIT_DONE : LB_EXIT_FAILED;
}
