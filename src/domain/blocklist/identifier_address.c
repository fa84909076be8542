#include "domain/blocklist/identifier_internal.h"

static const char ORGANISATION[] =
    "is a company, school or showcase page; give the profile URL of a person";
static const char SALES_NAVIGATOR[] =
    "is a Sales Navigator URL without a member id (ACwAA...); open the lead's LinkedIn profile and "
    "give that URL (.../in/...)";
static const char RECRUITER[] =
    "is a URL of LinkedIn Recruiter; open the person's public profile and give that URL "
    "(.../in/...)";
static const char PUB[] =
    "is an old /pub/ URL; open it and give the URL that it leads to (.../in/...)";
static const char NO_PROFILE[] = "is a LinkedIn URL, but not of a profile; give one of the form "
                                 "https://www.linkedin.com/in/...";
static const char OTHER_SITE[] =
    "is a URL of another site; give one of the form https://www.linkedin.com/in/...";
static const char USER_INFO[] = "is a URL with a user name before the host; remove it and the @";

/* What was found in an address so far. */
struct address {
    struct lb_str whole;
    bool alone;         /* two addresses are refused */
    struct lb_str path; /* what is left of it */
    struct lb_str name;
    enum lb_identifier_form form;
};

/* The length of what comes before the first of `stops`, or of all. */
static inline size_t span_until(struct lb_str text, const char *stops)
{
    size_t n = 0;
    for (; n < text.len; n++)
        for (const char *stop = stops; *stop; stop++)
            if (text.ptr[n] == *stop)
                return n;
    return n;
}

static bool is_host_byte(char c)
{
    return lb_identifier_plain[(unsigned char)c] || (c & 0x80) || c == '.' || c == ':' || c == '@';
}

/* linkedin.com or a sub-domain of it, in any case, maybe with a final dot and a port. */
static bool is_linkedin(struct lb_str host)
{
    size_t name = span_until(host, ":");
    for (size_t i = name + 1; i < host.len; i++)
        if (host.ptr[i] < '0' || host.ptr[i] > '9')
            return false;
    host.len = name;
    if (host.len && host.ptr[host.len - 1] == '.')
        host.len--;
    struct lb_str domain = LB_STR("linkedin.com");
    if (host.len < domain.len ||
        !lb_ascii_equals_lower(lb_str_skip(host, host.len - domain.len), domain))
        return false;
    bool in_label = false;
    for (size_t i = 0; i < host.len - domain.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];
        if (c == '.' ? !in_label : !lb_identifier_plain[c])
            return false;
        in_label = c != '.';
    }
    return !in_label;
}

static void skip_slashes(struct lb_str *path)
{
    while (path->len && path->ptr[0] == '/')
        *path = lb_str_skip(*path, 1);
}

/* The next segment of a path, in which repeated slashes are one. */
static struct lb_str take_word(struct lb_str *path)
{
    skip_slashes(path);
    struct lb_str word = {path->ptr, span_until(*path, "/?#")};
    *path = lb_str_skip(*path, word.len);
    return word;
}

/* Does "/in/" with a name stand in the path? "/in" alone may be a language. */
static bool holds_name(struct lb_str path)
{
    struct lb_str in = LB_STR("/in/");
    for (; path.len > in.len; path = lb_str_skip(path, 1))
        if (lb_ascii_starts_lower(path, in) && path.ptr[in.len] != '/')
            return true;
    return false;
}

/* What follows a name does not count, so a second address could hide there. `separators`: bytes
 * that do not stand there in an address that is alone. */
static bool holds_two(const struct address *address, const char *separators)
{
    struct lb_str from_name = {address->name.ptr, 0};
    from_name.len = (size_t)(address->whole.ptr + address->whole.len - from_name.ptr);
    struct lb_str path = {from_name.ptr, span_until(from_name, "?#")};
    struct lb_str after = lb_str_skip(path, address->name.len);
    struct lb_str query = lb_str_skip(from_name, path.len);
    return lb_ascii_holds_lower(path, LB_STR("://")) ||
           lb_ascii_holds_lower(path, LB_STR("linkedin.com")) || holds_name(after) ||
           span_until(after, separators) < after.len ||
           lb_ascii_holds_lower(query, LB_STR("linkedin.com/in/"));
}

static const char *take_name(struct address *address, enum lb_identifier_form form,
                             const char *missing)
{
    address->name = take_word(&address->path);
    address->form = form;
    if (!address->name.len)
        return missing;
    bool two = address->alone && holds_two(address, form == LB_FORM_SALES ? ";|" : ",;|");
    return two ? lb_identifier_two : NULL;
}

static const char *find_in_sales(struct address *address)
{
    struct lb_str word = take_word(&address->path);
    if (lb_ascii_equals_lower(word, LB_STR("lead")) ||
        lb_ascii_equals_lower(word, LB_STR("people")))
        return take_name(address, LB_FORM_SALES, SALES_NAVIGATOR);
    return SALES_NAVIGATOR;
}

/* Takes the words that may stand before `in`. */
static struct lb_str take_prefix(struct address *address)
{
    struct lb_str word = take_word(&address->path);
    if (lb_ascii_equals_lower(word, LB_STR("comm")))
        return take_word(&address->path);
    if (!lb_ascii_equals_lower(word, LB_STR("mwlite")))
        return word;
    word = take_word(&address->path);
    return lb_ascii_equals_lower(word, LB_STR("profile")) ? take_word(&address->path) : word;
}

/* Finds the name in the path of a LinkedIn URL; with `otherwise` NULL a path alone, which is a name
 * as it stands when it is no path of LinkedIn's. */
static const char *find_in_path(struct address *address, const char *otherwise)
{
    struct lb_str word = take_prefix(address);
    if (lb_ascii_equals_lower(word, LB_STR("in")) && address->path.len &&
        address->path.ptr[0] == '/')
        return take_name(address, LB_FORM_ADDRESS, NO_PROFILE);
    if (lb_ascii_equals_lower(word, LB_STR("company")) ||
        lb_ascii_equals_lower(word, LB_STR("school")) ||
        lb_ascii_equals_lower(word, LB_STR("showcase")))
        return ORGANISATION;
    if (lb_ascii_equals_lower(word, LB_STR("sales")))
        return find_in_sales(address);
    if (otherwise && (lb_ascii_equals_lower(word, LB_STR("talent")) ||
                      lb_ascii_equals_lower(word, LB_STR("recruiter"))))
        return RECRUITER;
    if (lb_ascii_equals_lower(word, LB_STR("pub")))
        return PUB;
    return otherwise;
}

static const char *find_after_host(struct address *address)
{
    struct lb_str host = {address->path.ptr, span_until(address->path, "/?#")};
    address->path = lb_str_skip(address->path, host.len);
    if (memchr(host.ptr, '@', host.len))
        return USER_INFO;
    if (is_linkedin(host))
        return find_in_path(address, NO_PROFILE);
    if (lb_ascii_equals_lower(host, LB_STR("https:")) ||
        lb_ascii_equals_lower(host, LB_STR("http:")))
        return lb_identifier_two;
    for (size_t i = 0; i < host.len; i++)
        if (!is_host_byte(host.ptr[i]))
            return NULL; /* no host: the name's rules say which character is to blame */
    return OTHER_SITE;
}

/* The bytes of "scheme:" before a slash, at the start; 0 when there is none. */
static size_t scheme_length(struct lb_str text)
{
    size_t n = 0;
    while (n < text.len && (lb_identifier_plain[(unsigned char)text.ptr[n]] || text.ptr[n] == '+' ||
                            text.ptr[n] == '.'))
        n++;
    struct lb_str rest = lb_str_skip(text, n);
    struct lb_str scheme = {text.ptr, n};
    bool ours = lb_ascii_equals_lower(scheme, LB_STR("https")) ||
                lb_ascii_equals_lower(scheme, LB_STR("http"));
    return n && lb_ascii_starts_lower(rest, ours ? LB_STR(":/") : LB_STR("://")) ? n + 1 : 0;
}

static const char *find(struct address *address)
{
    struct lb_str text = address->whole;
    struct lb_str scheme = {text.ptr, scheme_length(text)};
    address->path = lb_str_skip(text, scheme.len);
    if (scheme.len && !lb_ascii_equals_lower(scheme, LB_STR("https:")) &&
        !lb_ascii_equals_lower(scheme, LB_STR("http:")))
        return OTHER_SITE;
    if (scheme.len || lb_ascii_starts_lower(text, LB_STR("//"))) {
        skip_slashes(&address->path);
        return find_after_host(address);
    }
    struct lb_str first = {text.ptr, span_until(text, "/")};
    return span_until(first, ".:@") < first.len ? find_after_host(address)
                                                : find_in_path(address, NULL);
}

const char *lb_identifier_find(struct lb_str text, bool closes, struct lb_str *out,
                               enum lb_identifier_form *out_form)
{
    struct address address = {.whole = text, .alone = closes, .form = LB_FORM_NAME};
    *out = text;
    *out_form = LB_FORM_NAME;
    if (!memchr(text.ptr, '/', text.len) || lb_ascii_starts_lower(text, LB_STR("urn:")) ||
        lb_ascii_starts_lower(text, LB_STR("urn%")))
        return NULL;
    if (closes)
        lb_identifier_trim_closing(&address.whole);
    const char *reason = find(&address);
    if (!reason && address.form != LB_FORM_NAME) {
        *out = address.name;
        *out_form = address.form;
    }
    return reason;
}
