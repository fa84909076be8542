#include "domain/blocklist/name_internal.h"

#include <idn2.h>
#include <libpsl.h>
#include <pthread.h>
#include <stdio.h>

#define HOST_MAX  253 /* bytes: RFC 1035, section 2.3.4, without the root's label */
#define LABEL_MAX 63

static const char EMAIL[] =
    "is an e-mail address; give it as an email, or only what is after the @";
const char lb_name_ip_address[] = "is an IP address; give a host name such as acme.com";
const char lb_name_no_memory[] = "cannot be read: the server is out of memory; send it again";
static const char BAD_PORT[] = "has a port that is not a number; give a host name such as acme.com";
static const char NO_DOT[] =
    "has no dot; a domain is at least a name and its ending, as in acme.com";
static const char WHITE_SPACE[] = "contains white space; give one domain alone";
static const char EMPTY_LABEL[] =
    "has two dots in a row, or begins with one; a domain is as acme.com";
static const char LONG_LABEL[] = "has a part of more than 63 characters; no host name has";
static const char TOO_LONG[] = "has more than 253 characters; no host name has";
static const char HYPHEN[] = "has a part that begins or ends with a hyphen; no host name has";
static const char BAD_ENDING[] = "does not end as a domain does; give one such as acme.com";
static const char SUFFIX[] =
    "is a public suffix, under which unrelated owners have domains; give the domain before it";
static const char PROVIDER[] =
    "is a mail provider, whose addresses belong to unrelated people; give "
    "the addresses, or send \"force\": true to block all of them";
static const char SITE[] = "has pages of unrelated people and companies; give the company's own "
                           "domain, or send \"force\": true to block the site itself";
static const char FILE_NAME[] =
    "ends as the name of a file, and no domain ends so; give a host name such as acme.com";
static const char NO_LIST[] =
    "cannot be judged: the list of public suffixes is missing; install the "
    "package publicsuffix, and restart";

/* --- The list of public suffixes: the newer one of the system's file and the library's own --- */

static const psl_ctx_t *suffixes;

static void load_suffixes(void)
{
    suffixes = psl_latest(NULL);
    if (!suffixes)
        suffixes = psl_builtin();
}

/* Of files that are given by mistake, and where websites are looked for. Others are endings of
 * domains, too: .zip, .mov, .py. */
static bool ends_as_file(const char *host)
{
    static const char *const ENDINGS[] = {
        ".csv", ".tsv", ".xls", ".xlsx", ".ods", ".txt", ".pdf",  ".doc", ".docx", ".json",
        ".xml", ".vcf", ".htm", ".html", ".php", ".jpg", ".jpeg", ".png", ".gif"};
    const char *ending = strrchr(host, '.');
    for (size_t i = 0; ending && i < sizeof ENDINGS / sizeof *ENDINGS; i++)
        if (strcmp(ending, ENDINGS[i]) == 0)
            return true;
    return false;
}

static void judge(struct lb_typed_name *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_suffixes);
    if (ends_as_file(out->text))
        out->doubt = FILE_NAME;
    else if (!suffixes)
        out->doubt = NO_LIST;
    else if (psl_is_public_suffix2(suffixes, out->text, PSL_TYPE_ANY))
        out->doubt = SUFFIX;
    else if ((out->forceable = lb_name_is_mail_provider(out->text)))
        out->doubt = PROVIDER;
    else if ((out->forceable = lb_name_is_shared_site(out->text)))
        out->doubt = SITE;
}

/* --- Host names --- */

static const char *check_label(struct lb_str label, bool last, struct lb_typed_name *out)
{
    if (!label.len)
        return EMPTY_LABEL;
    if (label.len > LABEL_MAX)
        return LONG_LABEL;
    if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return HYPHEN;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];
        if (!lb_identifier_plain[(unsigned char)c] || (last && c == '_'))
            return lb_name_refuse_point(out, "contains ", (unsigned char)c,
                                        "; host names are letters, digits, hyphens and dots");
    }
    return NULL;
}

/* Would a resolver take it for an IPv4 address? As the URL standard of the WHATWG has it, "ends in
 * a number". */
static bool is_number(struct lb_str label)
{
    bool hex = label.len >= 2 && label.ptr[0] == '0' && label.ptr[1] == 'x';
    label = lb_str_skip(label, hex ? 2 : 0);
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];
        if (!(c >= '0' && c <= '9') && !(hex && c >= 'a' && c <= 'f'))
            return false;
    }
    return label.len || hex;
}

/* Of a host in lower-case ASCII. */
static const char *check_host(struct lb_str host, struct lb_typed_name *out)
{
    struct lb_str label, rest = host;
    if (host.len > HOST_MAX)
        return TOO_LONG;
    do {
        label = (struct lb_str){rest.ptr, lb_name_span(rest, ".")};
        bool last = label.len == rest.len;
        const char *reason = check_label(label, last, out);
        if (reason)
            return reason;
        rest = lb_str_skip(rest, label.len + !last);
    } while (rest.len);
    if (host.ptr[host.len - 1] == '.')
        return EMPTY_LABEL;
    if (is_number(label))
        return lb_name_ip_address;
    if (label.ptr == host.ptr)
        return NO_DOT;
    return label.len < 2 ? BAD_ENDING : NULL;
}

/* Unicode to A-labels, mapped as UTS #46 has it. */
static const char *to_ascii(struct lb_str host, char ascii[HOST_MAX + 1], struct lb_typed_name *out)
{
    char text[4 * HOST_MAX + 1];
    uint8_t *found = NULL;
    if (!lb_str_copy(host, text, sizeof text))
        return TOO_LONG;
    int result =
        idn2_lookup_u8((const uint8_t *)text, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    bool fits = result == IDN2_OK && lb_str_copy(lb_str((char *)found), ascii, HOST_MAX + 1);
    idn2_free(found);
    if (result == IDN2_OK)
        return fits ? NULL : TOO_LONG;
    if (result == IDN2_MALLOC)
        return lb_name_no_memory;
    if (result == IDN2_TOO_BIG_LABEL)
        return LONG_LABEL;
    if (result == IDN2_TOO_BIG_DOMAIN)
        return TOO_LONG;
    snprintf(
        out->text, sizeof out->text,
        "is not an international domain name (%s); check it, or give its form that begins with "
        "xn--",
        result == IDN2_DISALLOWED ? "a character that is not allowed there"
                                  : idn2_strerror(result));
    return out->text;
}

const char *lb_name_append_host(struct lb_str host, struct lb_typed_name *out)
{
    char ascii[HOST_MAX + 1];
    const char *reason = NULL;
    bool plain = true;
    for (size_t i = 0; i < host.len; i++)
        plain = plain && !(host.ptr[i] & 0x80);
    if (plain && host.len && host.ptr[host.len - 1] == '.')
        host.len--;
    if (!plain)
        reason = to_ascii(host, ascii, out);
    else if (!lb_str_copy(host, ascii, sizeof ascii))
        reason = TOO_LONG;
    if (reason)
        return reason;
    struct lb_str form = lb_str(ascii);
    for (size_t i = 0; i < form.len; i++)
        ascii[i] = (char)lb_ascii_lower(ascii[i]);
    if (!plain && form.len && ascii[form.len - 1] == '.')
        form.len--;
    reason = check_host(form, out);
    if (!reason)
        lb_name_append(out, form);
    return reason;
}

/* --- Domains as people write them --- */

/* Takes the host out of a URL, or what looks like one without its scheme. */
static const char *find_host(struct lb_str *text)
{
    size_t scheme = lb_name_scheme(*text);
    struct lb_str host = lb_str_skip(*text, scheme);
    host.len = lb_name_span(host, "/?#\\");
    const char *at = memchr(host.ptr, '@', host.len);
    if (at && at != host.ptr && !scheme)
        return EMAIL;
    while (at) { /* a user's name before the host, or @acme.com */
        host = lb_str_skip(host, (size_t)(at + 1 - host.ptr));
        at = memchr(host.ptr, '@', host.len);
    }
    if (host.len && host.ptr[0] == '[')
        return lb_name_ip_address;
    size_t name = lb_name_span(host, ":");
    if (name < host.len && memchr(host.ptr + name + 1, ':', host.len - name - 1))
        return lb_name_ip_address;
    for (size_t i = name + 1; i < host.len; i++)
        if (host.ptr[i] < '0' || host.ptr[i] > '9')
            return BAD_PORT;
    *text = (struct lb_str){host.ptr, name};
    return NULL;
}

/* Takes www. off, as often as it stands there, where a domain is left. */
static void drop_www(struct lb_typed_name *out)
{
    struct lb_str form = lb_typed_name_str(out);
    while (lb_ascii_starts_lower(form, LB_STR("www.")) && memchr(form.ptr + 4, '.', form.len - 4))
        form = lb_str_skip(form, 4);
    memmove(out->text, form.ptr, form.len);
    out->len = (uint16_t)form.len;
    out->text[out->len] = '\0';
}

const char *lb_name_domain(struct lb_str text, bool adds, struct lb_typed_name *out)
{
    lb_name_trim_opening(&text);
    lb_name_trim_closing(&text);
    if (lb_ascii_starts_lower(text, LB_STR("mailto:")))
        return EMAIL;
    const char *reason = find_host(&text);
    if (reason)
        return reason;
    if (memchr(text.ptr, ' ', text.len))
        return WHITE_SPACE;
    if (lb_ascii_starts_lower(text, LB_STR("*."))) /* as people write "all of it" */
        text = lb_str_skip(text, 2);
    else if (text.len && text.ptr[0] == '.')
        text = lb_str_skip(text, 1);
    reason = lb_name_append_host(text, out);
    if (reason)
        return reason;
    drop_www(out);
    if (adds)
        judge(out);
    return NULL;
}
