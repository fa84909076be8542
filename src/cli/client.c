#include "cli/client.h"

#include "base/clock.h"
#include "cli/input.h"
#include "cli/trust.h"
#include "cli/words.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX      (256u << 20) /* bytes; a page of a list is far below */
#define TRIES_MAX       8
#define PAUSE_FIRST_MS  250
#define PAUSE_MAX_MS    60000
#define CONNECT_SECONDS 10L
#define TOTAL_SECONDS   300L
#define SILENT_SECONDS  120L /* of an answer that may take as long as it needs */

struct lb_client {
    CURL *curl;
    char *base; /* without a slash at its end */
    char *key_header;
    char *socket_path; /* NULL: TCP */
    bool answered;     /* the server has answered before: it is there, and will be again */
    long retry_after_s;
    struct lb_answer *answer;                       /* of the call that is under way */
    const struct lb_client_sink *sink;              /* of the same; NULL: it is kept */
    bool sunk;                                      /* it has got something in this try */
    bool sink_failed;                               /* and said why */
    bool given_up;                                  /* `meanwhile` ended the latest call */
    bool (*meanwhile)(void *context, int pause_ms); /* NULL: nothing to do */
    void *meanwhile_context;
    char error[CURL_ERROR_SIZE];
    char failure[CURL_ERROR_SIZE + 512]; /* why there was no answer to the latest call */
};

static bool is_csv(CURL *curl)
{
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    return type && strncasecmp(type, "text/csv", 8) == 0;
}

/* Prometheus' text format. */
static bool is_metrics(CURL *curl)
{
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    return type && strncasecmp(type, "text/plain; version=", 20) == 0;
}

static bool is_for_sink(const struct lb_client *client)
{
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    return client->sink && status >= 200 && status <= 299 && is_csv(client->curl);
}

static size_t take_body(char *bytes, size_t one, size_t len, void *context)
{
    struct lb_client *client = context;
    struct lb_buf *body = &client->answer->body;
    if (is_for_sink(client)) {
        client->sunk = true;
        client->sink_failed =
            !client->sink->take(client->sink->context, (struct lb_str){bytes, len});
        return client->sink_failed ? 0 : len;
    }
    if (body->len + len > ANSWER_MAX)
        return 0;
    lb_buf_append(body, bytes, len);
    return body->failed ? 0 : len;
}

/* Keeps the query of a link `<...?QUERY>; rel="next"`: the page is asked for at our own address,
 * not at the host that the server names. */
static void take_link(struct lb_answer *answer, struct lb_str value)
{
    const char *close = memchr(value.ptr, '>', value.len);
    const char *query = close ? memchr(value.ptr, '?', (size_t)(close - value.ptr)) : NULL;
    if (!query || !memmem(close, value.len - (size_t)(close - value.ptr), "rel=\"next\"", 10))
        return;
    query++;
    for (const char *p = query; p < close; p++) {
        if (*p <= ' ' || *p == 0x7f)
            return;
    }
    if (!lb_str_copy((struct lb_str){query, (size_t)(close - query)}, answer->cursor,
                     sizeof answer->cursor))
        answer->cursor[0] = '\0';
}

/* Source: Brent's cycle detection (BIT 20, 1980): the cursor that is kept is replaced after 1, 2,
 * 4,
 * ... pages, so that a circle of any length is seen soon after it has been gone round. */
bool lb_paging_goes_on(struct lb_paging *paging, const struct lb_answer *answer)
{
    if (paging->pages && strcmp(paging->kept, answer->cursor) == 0) {
        lb_cli_error("the server's list has no end: it names a page that was there already");
        return false;
    }
    paging->pages++;
    if ((paging->pages & (paging->pages - 1)) == 0)
        memcpy(paging->kept, answer->cursor, sizeof paging->kept);
    return true;
}

/* The value of the header line, without white space before it; ptr NULL: it is another one. */
static struct lb_str value_of(struct lb_str line, const char *name)
{
    size_t len = strlen(name);
    if (line.len <= len || strncasecmp(line.ptr, name, len) != 0 || line.ptr[len] != ':')
        return (struct lb_str){0};
    for (len++; len < line.len && line.ptr[len] == ' '; len++)
        ;
    return (struct lb_str){line.ptr + len, line.len - len};
}

/* What is no id is not shown: it could steer the terminal. */
static void take_change_id(struct lb_answer *answer, struct lb_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!isalnum((unsigned char)value.ptr[i]) && !strchr("_-.", value.ptr[i]))
            return;
    if (!lb_str_copy(value, answer->change_id, sizeof answer->change_id))
        answer->change_id[0] = '\0';
}

static void take_columns(char out[LB_ANSWER_COLUMNS_SIZE], struct lb_str value)
{
    if (!lb_str_copy(value, out, LB_ANSWER_COLUMNS_SIZE))
        out[0] = '\0';
}

static size_t take_header(char *bytes, size_t one, size_t len, void *context)
{
    struct lb_client *client = context;
    uint64_t seconds = 0;
    struct lb_str value;
    size_t end = len;
    while (end && (bytes[end - 1] == '\r' || bytes[end - 1] == '\n' || bytes[end - 1] == ' '))
        end--;
    struct lb_str line = {bytes, end};
    if ((value = value_of(line, "Link")).ptr)
        take_link(client->answer, value);
    else if ((value = value_of(line, "X-Change-Id")).ptr)
        take_change_id(client->answer, value);
    else if ((value = value_of(line, "X-Total-Count")).ptr)
        lb_str_to_u64(value, UINT64_MAX, &client->answer->total);
    else if ((value = value_of(line, "Retry-After")).ptr && lb_str_to_u64(value, 3600, &seconds))
        client->retry_after_s = (long)seconds;
    else if ((value = value_of(line, "X-Checked-Columns")).ptr)
        take_columns(client->answer->checked, value);
    else if ((value = value_of(line, "X-Unchecked-Columns")).ptr)
        take_columns(client->answer->unchecked, value);
    return len;
}

bool lb_client_prepare(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static struct lb_client *client_create(const char *base)
{
    struct lb_client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    client->curl = curl_easy_init();
    client->base = strdup(base);
    if (!client->curl || !client->base) {
        lb_client_close(client);
        return NULL;
    }
    size_t len = strlen(client->base);
    while (len && client->base[len - 1] == '/')
        client->base[--len] = '\0';
    return client;
}

void lb_client_close(struct lb_client *client)
{
    if (!client)
        return;
    if (client->curl)
        curl_easy_cleanup(client->curl);
    free(client->base);
    free(client->key_header);
    free(client->socket_path);
    free(client);
}

const char *lb_client_address(const struct lb_client *client)
{
    return client->base;
}

void lb_client_set_meanwhile(struct lb_client *client,
                             bool (*meanwhile)(void *context, int pause_ms), void *context)
{
    client->meanwhile = meanwhile;
    client->meanwhile_context = context;
}

static int take_progress(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                         curl_off_t up)
{
    const struct lb_client *client = context;
    return client->meanwhile(client->meanwhile_context, 0) ? 0 : 1;
}

static bool is_header_text(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    }
    return true;
}

struct lb_client *lb_client_open(const struct lb_cli *cli)
{
    const char *url = lb_cli_value(cli, LB_OPT_URL, "LEADBLOCK_URL", "http://127.0.0.1:8080");
    const char *key = lb_cli_value(cli, LB_OPT_KEY, "LEADBLOCK_KEY", NULL);
    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0) {
        lb_cli_error("the server's address must begin with http:// or https://, not '%s'", url);
        return NULL;
    }
    if (!key || !is_header_text(key)) {
        lb_cli_error(key ? "the key holds characters that no key has"
                         : "no key: set LEADBLOCK_KEY, or give --key. An operator makes one with: "
                           "leadblock key create WORKSPACE --name NAME");
        return NULL;
    }
    struct lb_client *client = client_create(url);
    if (!client || asprintf(&client->key_header, "x-api-key: %s", key) < 0) {
        if (client)
            client->key_header = NULL;
        lb_client_close(client);
        lb_cli_error("out of memory");
        return NULL;
    }
    return client;
}

struct lb_client *lb_client_open_unix(const char *path)
{
    struct lb_client *client = client_create("http://localhost");
    if (client && !(client->socket_path = strdup(path))) {
        lb_client_close(client);
        return NULL;
    }
    return client;
}

static struct curl_slist *make_headers(const struct lb_client *client,
                                       const struct lb_client_request *call)
{
    const char *const lines[] = {
        call->sink || call->asks_csv ? "Accept: text/csv, application/json"
                                     : "Accept: application/json",
        "Expect:", /* no waiting for "100 Continue" */
        call->body.ptr ? "Content-Type: application/json"
        : call->file   ? "Content-Type: application/octet-stream"
                       : NULL,
        call->lenient ? "Prefer: handling=lenient" : NULL,
        client->key_header,
    };
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (!lines[i])
            continue;
        struct curl_slist *longer = curl_slist_append(list, lines[i]);
        if (!longer) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static size_t read_file(char *out, size_t one, size_t size, void *context)
{
    FILE *file = context;
    size_t len = fread(out, one, size, file);
    return ferror(file) ? CURL_READFUNC_ABORT : len;
}

static int seek_file(void *context, curl_off_t offset, int origin)
{
    return fseeko(context, offset, origin) == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static void set_up_file(CURL *curl, const struct lb_source *source)
{
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)source->size);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_file);
    curl_easy_setopt(curl, CURLOPT_READDATA, source->file);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_file);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, source->file);
}

static void set_up(struct lb_client *client, const struct lb_client_request *call, const char *url,
                   struct curl_slist *headers)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl); /* keeps the connection */
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "leadblock-cli");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    lb_trust(curl);
    if (client->meanwhile) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, take_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
    }
    if (call->body.ptr) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.ptr);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
    }
    if (call->file)
        set_up_file(curl, call->file);
    if (client->socket_path) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket_path);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    } else if (call->sink) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS);
    } else if (!call->file) {
        /* A file, and a backup through the control socket, may take as long as they need. */
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, TOTAL_SECONDS);
    }
}

void lb_answer_fini(struct lb_answer *answer)
{
    lb_json_free(answer->json);
    lb_buf_fini(&answer->body);
    *answer = (struct lb_answer){0};
}

static CURLcode ask_once(struct lb_client *client, const struct lb_client_request *call,
                         const char *url, struct curl_slist *headers, struct lb_answer *out)
{
    lb_answer_fini(out);
    client->answer = out;
    client->sink = call->sink;
    client->sunk = client->sink_failed = false;
    client->retry_after_s = -1;
    client->error[0] = '\0';
    set_up(client, call, url, headers);
    bool ready = !call->file || fseeko(call->file->file, 0, SEEK_SET) == 0;
    CURLcode code = ready ? curl_easy_perform(client->curl) : CURLE_READ_ERROR;
    client->answer = NULL;
    client->sink = NULL;
    if (code != CURLE_OK)
        return code;
    client->answered = true;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &out->status);
    out->csv = is_csv(client->curl) || is_metrics(client->curl);
    if (out->body.len && !out->csv &&
        lb_json_parse_copy(lb_buf_str(&out->body), LB_JSON_MAX_DEPTH, &out->json, NULL))
        out->json = NULL;
    return code;
}

static bool has_code(const struct lb_answer *answer, const char *code)
{
    return lb_str_equal(lb_json_string(lb_json_member(answer->json, "code")), lb_str(code));
}

static bool worth_repeating(const struct lb_client *client, const struct lb_client_request *call,
                            CURLcode code, const struct lb_answer *answer)
{
    if (code == CURLE_COULDNT_CONNECT)
        return client->answered;
    if (code != CURLE_OK && client->sunk)
        return !client->sink_failed && code != CURLE_ABORTED_BY_CALLBACK &&
               call->sink->restart(call->sink->context);
    /* A connection that was lost, or an unknown outcome, may hide that it was created. */
    if (call->creates && (code != CURLE_OK || has_code(answer, "outcome_unknown")))
        return false;
    if (code != CURLE_OK)
        return client->answered && (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
                                    code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE);
    return answer->status == 429 || answer->status == 503;
}

/* False when what there is to do meanwhile does not want to wait any longer. */
static bool pause_with(const struct lb_client *client, long ms)
{
    uint64_t end = lb_clock_mono_ms() + (uint64_t)ms;
    for (uint64_t now = end - (uint64_t)ms; now < end; now = lb_clock_mono_ms()) {
        if (!client->meanwhile(client->meanwhile_context, (int)(end - now)))
            return false;
    }
    return true;
}

static bool pause_for(const struct lb_client *client, unsigned try)
{
    long ms = client->retry_after_s >= 0 ? client->retry_after_s * 1000 : PAUSE_FIRST_MS << try;
    if (ms < PAUSE_FIRST_MS)
        ms = PAUSE_FIRST_MS;
    if (ms > PAUSE_MAX_MS)
        ms = PAUSE_MAX_MS;
    if (ms >= 1000)
        lb_cli_hint("leadblock: the server is busy; asking again in %ld s", ms / 1000);
    if (client->meanwhile)
        return pause_with(client, ms);
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        ;
    return true;
}

static const char *what_to_do(CURLcode code)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return "If an authority of your own has made the server's certificate, name the file with "
               "the\nauthority's in SSL_CERT_FILE. `leadblock doctor --url` says more.";
    case CURLE_SSL_CONNECT_ERROR:
        return "Does a proxy with TLS listen there? leadblock itself speaks plain http://.";
    case CURLE_SSL_CACERT_BADFILE:
        return "SSL_CERT_FILE must name a file of certificates that can be read.";
    default:
        return "Is the server running (leadblock serve)? Another address goes into --url or "
               "LEADBLOCK_URL.";
    }
}

static void describe_failure(struct lb_client *client, CURLcode code)
{
    char *out = client->failure;
    size_t size = sizeof client->failure;
    const char *why = client->error[0] ? client->error : curl_easy_strerror(code);
    if (client->socket_path && code == CURLE_COULDNT_CONNECT) /* curl speaks of a port */
        why = "too many commands use it, or the server has just ended. Try again in a moment.";
    if (code == CURLE_ABORTED_BY_CALLBACK)
        snprintf(out, size, "gave up waiting for %s", client->base);
    else if (client->socket_path)
        snprintf(out, size, "no answer through the data folder's control socket: %s", why);
    else if (client->sunk)
        snprintf(out, size, "the connection to %s was lost before the end: %s", client->base, why);
    else
        snprintf(out, size, "cannot reach %s: %s\n%s", client->base, why, what_to_do(code));
}

const char *lb_client_advice(const char *code)
{
    static const char *const table[][2] = {
        {"missing_api_key", "Set LEADBLOCK_KEY to a key of the workspace."},
        {"invalid_api_key",
         "See what keys there are: leadblock key list WORKSPACE; make one: leadblock key create"},
        {"forbidden",
         "Use a key that may do this; an operator makes one: leadblock key create WORKSPACE --name "
         "NAME"},
        {"license_required",
         "An operator can change the plan: leadblock workspace set-plan WORKSPACE pro"},
        {"license_expired", "An operator can renew it: leadblock workspace set-plan WORKSPACE PLAN "
                            "--expires DATE"},
        {"campaign_not_found",
         "See what campaigns there are: leadblock campaign list WORKSPACE; make one: leadblock "
         "campaign create"},
        {"user_not_found", "See who may sign in: leadblock user list"},
        {"too_many_identifiers", "Send fewer at once: --batch N"},
        {"payload_too_large", "Send fewer at once: --batch N, or a smaller file"},
        {"storage_full", "Nothing of this request was recorded; make room on the server's disk."},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i][0], code) == 0)
            return table[i][1];
    }
    return NULL;
}

size_t lb_answer_explain_items(const struct lb_json *list)
{
    size_t count = lb_json_length(list);
    for (size_t i = 0; i < count; i++) {
        const struct lb_json *item = lb_json_item(list, i);
        lb_input_explain(lb_answer_number(item, "line"), lb_answer_text(item, "value"),
                         lb_answer_text(item, "reason"));
    }
    return count;
}

void lb_answer_put_still_blocked(const struct lb_answer *answer, struct lb_buf *lines)
{
    const struct lb_json *list = lb_json_member(answer->json, "stillBlocked");
    char shown[200];
    for (size_t i = 0; i < lb_json_length(list); i++) {
        const struct lb_json *item = lb_json_item(list, i);
        const struct lb_json *names = lb_json_member(item, "names");
        lb_input_printable(lb_answer_text(item, "publicIdentifier"), shown, sizeof shown);
        lb_buf_printf(lines, "'%s': is still blocked by another name", shown);
        for (size_t j = 0; j < lb_json_length(names); j++) {
            lb_input_printable(lb_json_string(lb_json_item(names, j)), shown, sizeof shown);
            lb_buf_printf(lines, "%s %s", j ? "," : ":", shown);
        }
        lb_buf_append_lit(lines, "\n");
    }
}

void lb_answer_explain_still_blocked(const struct lb_answer *answer)
{
    struct lb_buf lines = {0};
    lb_answer_put_still_blocked(answer, &lines);
    if (lines.len)
        fwrite(lines.ptr, 1, lines.len, stderr);
    lb_buf_fini(&lines);
}

/* `code` may be empty. */
static void print_refusal(struct lb_str message, const char *code)
{
    struct lb_buf here = {0};
    lb_words_put(&here, message);
    struct lb_str text = here.failed ? message : lb_buf_str(&here);
    lb_cli_error("%.*s%s%s%s", (int)text.len, text.ptr, *code ? " (" : "", code, *code ? ")" : "");
    lb_buf_fini(&here);
}

/* What answers is no leadblock, or a proxy before it. */
static void explain_stranger(const struct lb_client *client, long status)
{
    if (status >= 300 && status <= 399)
        lb_cli_error("%s answered %ld: it sends on to another address, which is not followed.\nIf "
                     "that is the same with https://, let --url or LEADBLOCK_URL begin so.",
                     client->base, status);
    else
        lb_cli_error("%s answered %ld without saying why; is it a leadblock server?",
                     client->socket_path ? "the control socket" : client->base, status);
}

void lb_client_explain(const struct lb_client *client, const struct lb_answer *answer)
{
    struct lb_str message = lb_answer_text(answer->json, "message");
    char code[64];
    if (!message.len) {
        explain_stranger(client, answer->status);
        return;
    }
    if (!lb_str_copy(lb_answer_text(answer->json, "code"), code, sizeof code))
        code[0] = '\0';
    print_refusal(message, code);
    uint64_t count = lb_answer_number(answer->json, "errorCount");
    size_t shown = lb_answer_explain_items(lb_json_member(answer->json, "errors"));
    if (count > shown)
        fprintf(stderr, "and %llu more\n", (unsigned long long)(count - shown));
    const char *next = lb_client_advice(code);
    if (next)
        fprintf(stderr, "%s\n", next);
}

const char *lb_client_failure(const struct lb_client *client)
{
    return client->failure;
}

bool lb_client_ask(struct lb_client *client, const struct lb_client_request *call,
                   struct lb_answer *out)
{
    struct lb_buf url = {0};
    *out = (struct lb_answer){0};
    client->given_up = false;
    lb_buf_printf(&url, "%s%s", client->base, call->path);
    struct curl_slist *headers = make_headers(client, call);
    bool answered = false;
    if (url.failed || !headers) {
        snprintf(client->failure, sizeof client->failure, "out of memory");
    } else {
        CURLcode code = CURLE_OK;
        for (unsigned try = 0; try < TRIES_MAX; try++) {
            code = ask_once(client, call, url.ptr, headers, out);
            client->given_up = code == CURLE_ABORTED_BY_CALLBACK;
            if (try == TRIES_MAX - 1 || !worth_repeating(client, call, code, out))
                break;
            client->given_up = !pause_for(client, try);
            if (client->given_up)
                break;
        }
        answered = code == CURLE_OK;
        if (!answered)
            describe_failure(client, code);
    }
    curl_slist_free_all(headers);
    lb_buf_fini(&url);
    return answered;
}

bool lb_client_call_or(struct lb_client *client, const struct lb_client_request *call, long status,
                       struct lb_answer *out)
{
    bool answered = lb_client_ask(client, call, out);
    if (call->ends_quietly && client->given_up)
        return false;
    if (!answered) {
        if (!client->sink_failed)
            lb_cli_error("%s", client->failure);
        return false;
    }
    if (status && out->status == status)
        return true;
    if (out->status < 200 || out->status > 299) {
        lb_client_explain(client, out);
        return false;
    }
    if (!out->json && !out->csv)
        lb_cli_error("the server's answer is not JSON; is it a leadblock server?");
    return out->json || out->csv;
}

bool lb_client_call(struct lb_client *client, const struct lb_client_request *call,
                    struct lb_answer *out)
{
    return lb_client_call_or(client, call, 0, out);
}

/* A string that a server made up must not steer the terminal: the tree has its own copy of it, so
 * control characters are replaced in place. */
struct lb_str lb_answer_text(const struct lb_json *object, const char *name)
{
    struct lb_str text = lb_json_string(lb_json_member(object, name));
    char *bytes = (char *)text.ptr;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        bool c1 = byte == 0xc2 && i + 1 < text.len && (unsigned char)bytes[i + 1] < 0xa0;
        if (byte < 0x20 || byte == 0x7f)
            bytes[i] = ' ';
        else if (c1)
            bytes[i] = bytes[i + 1] = ' ';
    }
    return text.ptr ? text : LB_STR("");
}

uint64_t lb_answer_number(const struct lb_json *object, const char *name)
{
    int64_t number = 0;
    lb_json_int64(lb_json_member(object, name), &number);
    return number > 0 ? (uint64_t)number : 0;
}

bool lb_answer_changed(const struct lb_answer *answer)
{
    return answer->change_id[0] && strcmp(answer->change_id, "ch_0") != 0;
}

void lb_answer_print_message(const struct lb_answer *answer)
{
    struct lb_str message = lb_answer_text(answer->json, "message");
    printf("%.*s", (int)message.len, message.ptr);
    if (lb_answer_changed(answer))
        printf(" (%s)", answer->change_id);
    putchar('\n');
}

void lb_answer_print_json(const struct lb_answer *answer)
{
    struct lb_str body = lb_buf_str(&answer->body);
    bool is_open = lb_answer_changed(answer) && body.len && body.ptr[body.len - 1] == '}';
    printf("%.*s", (int)(body.len - is_open), body.ptr);
    if (is_open)
        printf(",\"changeId\":\"%s\"}", answer->change_id);
    putchar('\n');
}

void lb_url_append(struct lb_buf *url, struct lb_str text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (byte && strchr(plain, byte))
            lb_buf_append(url, &byte, 1);
        else
            lb_buf_printf(url, "%%%02X", (unsigned char)byte);
    }
}

const char *lb_client_library_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}
