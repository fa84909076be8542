#include "hooks/internal.h"

#include "base/clock.h"
#include "hooks/signature.h"
#include "http/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX (64 << 10) /* that are read of an answer, and thrown away */
#define PROBE_MS         2000

/* --- Places ----------------------------------------------------------------------------------- */

static bool is_free(const struct lb_hook_sending *sending)
{
    return !sending->hook && !sending->job;
}

struct lb_hook_sending *lb_hook_place(struct lb_hooks *hooks, const struct lb_hook_url *url,
                                      const struct lb_workspace *workspace)
{
    unsigned to_host = 0, of_workspace = 0;
    struct lb_hook_sending *place = NULL;
    for (size_t i = 0; i < LB_HOOK_SENDING_MAX; i++) {
        struct lb_hook_sending *sending = &hooks->sending[i];
        if (is_free(sending)) {
            place = sending;
            continue;
        }
        to_host += sending->url->port == url->port && strcmp(sending->url->host, url->host) == 0;
        of_workspace += sending->workspace == workspace;
    }
    return to_host < LB_HOOK_PER_HOST && of_workspace < LB_HOOK_PER_TENANT ? place : NULL;
}

static void release(struct lb_hooks *hooks, struct lb_hook_sending *sending)
{
    curl_multi_remove_handle(hooks->multi, sending->easy);
    curl_slist_free_all(sending->headers);
    sending->headers = NULL;
    sending->hook = NULL;
    sending->job = NULL;
    sending->workspace = NULL;
    atomic_fetch_sub(&hooks->sending_count, 1);
}

/* --- The guard, at the connection ------------------------------------------------------------- */

static const char *judge(const struct lb_hook_sending *sending, const struct sockaddr *address)
{
    struct in6_addr judged;
    unsigned port = 0;
    if (address->sa_family == AF_INET)
        port = ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
    else if (address->sa_family == AF_INET6)
        port = ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
    else
        return "of an unknown kind";
    lb_address_of_peer(address, &judged);
    return lb_guard_judge(sending->guard, &judged, port, sending->url->https);
}

/* Instead of socket(2): for the very address that is connected to. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct lb_hook_sending *sending = context;
    const char *refused = judge(sending, &address->addr);
    if (refused)
        sending->refused = refused;
    else
        sending->allowed++;
    if (refused || sending->probe)
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Before the request goes out, over a connection that is new or was kept. */
static int before_request(void *context, char *ip, char *local_ip, int port, int local_port)
{
    struct lb_hook_sending *sending = context;
    struct lb_cidr judged;
    const char *refused =
        lb_cidr_parse(ip, &judged)
            ? lb_guard_judge(sending->guard, &judged.address, (unsigned)port, sending->url->https)
            : "of an unknown kind";
    sending->refused = refused ? refused : sending->refused;
    return refused ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* --- Beginning -------------------------------------------------------------------------------- */

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct lb_hook_sending *sending = context;
    sending->received += size * count;
    return sending->received > ANSWER_BYTES_MAX ? 0 : size * count;
}

static bool add_header(struct lb_hook_sending *sending, const char *name, const char *value)
{
    char line[256];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(sending->headers, line);
    if (longer)
        sending->headers = longer;
    return longer != NULL;
}

/* While the old secret of a rotation is valid there are two signatures. */
static bool add_headers(struct lb_hook_sending *sending, const struct lb_hook_row *row,
                        const char *id)
{
    int64_t now = lb_clock_wall_ms();
    char time[24];
    char signatures[2 * LB_HOOK_SIGNATURE_SIZE];
    struct lb_str body = lb_buf_str(&sending->body);
    snprintf(time, sizeof time, "%lld", (long long)(now / 1000));
    lb_hook_sign(row->secret, id, now / 1000, body, signatures);
    if (row->old_secret_until > now) {
        signatures[LB_HOOK_SIGNATURE_SIZE - 1] = ' ';
        lb_hook_sign(row->old_secret, id, now / 1000, body, signatures + LB_HOOK_SIGNATURE_SIZE);
    }
    return add_header(sending, "Content-Type", "application/json") &&
           add_header(sending, "Expect", "") && add_header(sending, "webhook-id", id) &&
           add_header(sending, "webhook-timestamp", time) &&
           add_header(sending, "webhook-signature", signatures);
}

static void set_guards(struct lb_hook_sending *sending)
{
    CURL *easy = sending->easy;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* none, whatever the environment says */
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, sending);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, sending);
}

bool lb_hook_send(struct lb_hooks *hooks, struct lb_hook_sending *sending,
                  const struct lb_hook_row *row, const char *id)
{
    if (!sending->easy)
        sending->easy = curl_easy_init();
    if (!sending->easy || sending->body.failed)
        return false;
    CURL *easy = sending->easy;
    curl_easy_reset(easy);
    sending->guard = &hooks->settings.guard;
    sending->refused = NULL;
    sending->allowed = 0;
    sending->received = 0;
    sending->begun_ns = lb_clock_mono_ns();
    set_guards(sending);
    curl_easy_setopt(easy, CURLOPT_URL, row->url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, sending);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A look-up of a name that takes long is left to its thread. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, sending->probe ? PROBE_MS : (long)LB_HOOK_TRY_MS);
    /* HTTP/2 where both have it, and TLS says so; else HTTP/1.1. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    if (hooks->authorities)
        curl_easy_setopt(easy, CURLOPT_CAINFO, hooks->authorities);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "leadblock/" LEADBLOCK_VERSION);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, sending);
    if (sending->probe) {
        curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)sending->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, sending->body.ptr);
        if (!add_headers(sending, row, id)) {
            curl_slist_free_all(sending->headers);
            sending->headers = NULL;
            return false;
        }
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, sending->headers);
    }
    curl_multi_add_handle(hooks->multi, easy);
    atomic_fetch_add(&hooks->sending_count, 1);
    return true;
}

/* --- Ending ----------------------------------------------------------------------------------- */

/* Source: OpenSSL's x509_vfy.h, for CURLINFO_SSL_VERIFYRESULT. */
#define X509_OK          0
#define X509_UNSPECIFIED 1 /* libcurl's own, until the name is compared */
#define X509_NOT_VALID   9 /* not yet */
#define X509_HAS_EXPIRED 10

static const char *words_of_certificate(CURL *easy)
{
    long result = -1;
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
    switch (result) {
    case X509_OK:
    case X509_UNSPECIFIED:
        return "the certificate of the host is for another name";
    case X509_NOT_VALID:
    case X509_HAS_EXPIRED:
        return "the certificate of the host is not valid at this time";
    default:
        return "the certificate of the host is of no authority that is trusted here";
    }
}

/* In words of our own: libcurl's name addresses, which a tenant need not know. */
static const char *words_of(CURL *easy, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "the host's name cannot be resolved";
    case CURLE_COULDNT_CONNECT:
        return "no connection";
    case CURLE_OPERATION_TIMEDOUT:
        return "no complete answer within 5 seconds";
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return "the connection was closed before the answer was complete";
    case CURLE_PEER_FAILED_VERIFICATION:
        return words_of_certificate(easy);
    case CURLE_SSL_CACERT_BADFILE:
        return "the server cannot read the certificates that it trusts (SSL_CERT_FILE)";
    case CURLE_SSL_CONNECT_ERROR:
        return "no TLS connection";
    case CURLE_OUT_OF_MEMORY:
        return "the server is out of memory";
    default:
        return "the answer is not HTTP";
    }
}

static void end_result(const struct lb_hook_sending *sending, CURLcode code,
                       struct lb_hook_result *out)
{
    long status = 0;
    *out = (struct lb_hook_result){
        .duration_ms = (uint32_t)((lb_clock_mono_ns() - sending->begun_ns) / 1000000)};
    curl_easy_getinfo(sending->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK || code == CURLE_WRITE_ERROR) /* an answer that was long enough */
        out->status = (uint32_t)status;
    out->refused = code == CURLE_ABORTED_BY_CALLBACK || (sending->refused && !sending->allowed);
    if (out->refused)
        snprintf(out->error, sizeof out->error, "the host's address is not allowed: it is %s",
                 sending->refused);
    else if (!out->status)
        snprintf(out->error, sizeof out->error, "%s", words_of(sending->easy, code));
    else if (out->status >= 300 && out->status <= 399)
        snprintf(out->error, sizeof out->error, "redirects are not followed");
    else if (out->status < 200 || out->status > 299)
        snprintf(out->error, sizeof out->error, "the receiver answered %u", out->status);
}

static void end(struct lb_hooks *hooks, struct lb_hook_sending *sending, CURLcode code)
{
    struct lb_hook_result result;
    end_result(sending, code, &result);
    struct lb_hook *hook = sending->hook;
    struct lb_hook_job *job = sending->job;
    size_t bytes = sending->body.len;
    if (result.refused && sending->probe)
        snprintf(result.error, sizeof result.error, "%s", sending->refused);
    release(hooks, sending);
    if (hook)
        lb_hook_tried(hooks, hook, bytes, &result);
    else
        lb_hook_job_tried(hooks, job, bytes, &result);
}

void lb_hook_perform(struct lb_hooks *hooks)
{
    int running, left;
    struct CURLMsg *message;
    curl_multi_perform(hooks->multi, &running);
    while ((message = curl_multi_info_read(hooks->multi, &left))) {
        struct lb_hook_sending *sending = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&sending);
        end(hooks, sending, code);
    }
}

void lb_hook_send_abort(struct lb_hooks *hooks)
{
    for (size_t i = 0; i < LB_HOOK_SENDING_MAX; i++) {
        struct lb_hook_sending *sending = &hooks->sending[i];
        struct lb_hook_job *job = sending->job;
        if (!is_free(sending)) {
            if (sending->hook)
                sending->hook->phase = LB_HOOK_IDLE;
            release(hooks, sending);
        }
        if (job)
            lb_hook_complete(job, LB_ERR_STORAGE_UNAVAILABLE);
        if (sending->easy)
            curl_easy_cleanup(sending->easy);
        sending->easy = NULL;
        lb_buf_fini(&sending->body);
        sending->body = (struct lb_buf){0};
    }
}
