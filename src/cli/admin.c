#include "cli/admin.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/folder.h"
#include "json/encode.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* How long to wait for a folder that other commands or a starting server hold, and when to say
 * so. */
#define WAIT_S        30
#define WAIT_HINT_S   2
#define WAIT_PAUSE_MS 25

struct lb_admin {
    int folder; /* keeps the path of the socket below short, however long the folder's is */
    struct lb_daemon *engine; /* NULL while a server answers */
    struct lb_client *client;
    char temporary[32]; /* the engine's folder when there is no other; empty: there is */
};

static bool socket_answers(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!lb_str_copy(lb_str(path), address.sun_path, sizeof address.sun_path))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool answers = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (!answers && errno == EACCES)
        lb_cli_hint("leadblock: the control socket is open to the server's own user only");
    close(fd);
    return answers;
}

/* Opens the folder and writes the path of a socket in it. False while there is no folder. */
static bool find_socket(struct lb_admin *admin, const char *data, const char *name, char *path,
                        size_t size)
{
    if (admin->folder < 0)
        admin->folder = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, size, "/proc/self/fd/%d/%s", admin->folder, name);
    return admin->folder >= 0;
}

static void pause_and_explain(const char *data, uint64_t waited_s, bool *explained)
{
    if (waited_s >= WAIT_HINT_S && !*explained) {
        *explained = true;
        fprintf(stderr,
                "leadblock: another process holds the data folder %s; waiting for it, %d s at "
                "most\n",
                data, WAIT_S);
    }
    struct timespec pause = {0, WAIT_PAUSE_MS * 1000000L};
    nanosleep(&pause, NULL);
}

/* A server, or when the folder's lock is free our own engine, which answers at the socket at
 * `path`. */
static bool reach(struct lb_admin *admin, const char *data, const char *database,
                  enum lb_database_use use, char *path, size_t size)
{
    struct lb_reason reason = {""};
    uint64_t begun = lb_clock_mono_ns();
    uint64_t waited_s = 0;
    for (bool explained = false; waited_s < WAIT_S; pause_and_explain(data, waited_s, &explained)) {
        if (find_socket(admin, data, LB_FOLDER_SERVER_SOCKET, path, size) && socket_answers(path))
            return true;
        lb_err err = lb_daemon_start_local(data, database, use, &admin->engine, &reason);
        if (err == LB_OK)
            return find_socket(admin, data, LB_FOLDER_COMMAND_SOCKET, path, size);
        if (err != LB_ERR_ALREADY_EXISTS) {
            lb_cli_error("%s", reason.text[0] ? reason.text : lb_err_code(err));
            return false;
        }
        waited_s = (lb_clock_mono_ns() - begun) / 1000000000u;
    }
    lb_cli_error("another process holds the data folder %s and does not answer (%s).\nIf it is a "
                 "server that starts or stops, try again soon; else find it with: fuser -v %s/*",
                 data, reason.text, data);
    return false;
}

/* A setting of the server as an option of a command, else from the environment. */
static const char *setting_value(const struct lb_cli *cli, enum lb_cli_option_id option,
                                 const struct lb_setting *setting)
{
    char environment[LB_SETTING_ENVIRONMENT_SIZE];
    lb_setting_environment(setting, environment);
    return lb_cli_value(cli, option, environment, setting->initial);
}

/* The process that listens; 0: none. */
static pid_t listener_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer = {.pid = 0};
    socklen_t len = sizeof peer;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 &&
                   lb_str_copy(lb_str(path), address.sun_path, sizeof address.sun_path) &&
                   connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (answers && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        peer.pid = 0;
    if (fd >= 0)
        close(fd);
    return answers && peer.pid <= 0 ? -1 : peer.pid;
}

pid_t lb_admin_server(const struct lb_cli *cli)
{
    char path[64];
    struct lb_admin admin = {.folder = -1};
    const char *data = setting_value(cli, LB_OPT_DATA, &lb_settings[LB_SETTING_data]);
    pid_t server = find_socket(&admin, data, LB_FOLDER_SERVER_SOCKET, path, sizeof path)
                       ? listener_of(path)
                       : 0;
    if (admin.folder >= 0)
        close(admin.folder);
    return server;
}

bool lb_admin_server_answers(const struct lb_cli *cli)
{
    return lb_admin_server(cli) != 0;
}

bool lb_admin_needs_server(const struct lb_cli *cli, const char *none)
{
    const char *data = setting_value(cli, LB_OPT_DATA, &lb_settings[LB_SETTING_data]);
    bool answers = lb_admin_server_answers(cli);
    struct stat info;
    if (!answers && stat(data, &info) == 0 && !S_ISDIR(info.st_mode))
        lb_cli_error("%s is not a folder: name the server's data folder with --data", data);
    else if (!answers && access(data, X_OK) != 0 && errno == EACCES)
        lb_cli_error("the data folder %s is closed to this user; run this as the server's", data);
    else if (!answers)
        lb_cli_error("%s", none);
    return answers;
}

bool lb_admin_has_server(const struct lb_cli *cli)
{
    return lb_admin_needs_server(cli, "no server of the data folder is running. Start it first, "
                                      "or name its folder with --data");
}

const char *lb_admin_database(const struct lb_cli *cli)
{
    const char *database = setting_value(cli, LB_OPT_DATABASE, &lb_settings[LB_SETTING_database]);
    return lb_config_is_postgres(database)
               ? database
               : setting_value(cli, LB_OPT_DATA, &lb_settings[LB_SETTING_data]);
}

static void admin_close(struct lb_admin *admin)
{
    if (!admin)
        return;
    lb_client_close(admin->client);
    if (admin->engine)
        lb_daemon_stop_local(admin->engine);
    if (admin->temporary[0] && admin->folder >= 0)
        unlinkat(admin->folder, "lock", 0);
    if (admin->folder >= 0)
        close(admin->folder);
    if (admin->temporary[0])
        rmdir(admin->temporary);
    free(admin);
}

/* What only looks at a PostgreSQL database leaves no data folder behind: its engine has one of its
 * own meanwhile. */
static const char *folder_to_look_from(struct lb_admin *admin, const char *data)
{
    if (access(data, F_OK) == 0 || errno != ENOENT)
        return data;
    snprintf(admin->temporary, sizeof admin->temporary, "/tmp/leadblock-XXXXXX");
    if (mkdtemp(admin->temporary))
        return admin->temporary;
    admin->temporary[0] = '\0';
    return data;
}

static enum lb_database_use use_of(const struct lb_admin_request *request)
{
    if (strcmp(request->method, "GET") == 0 || request->only_looks)
        return LB_DATABASE_LOOK;
    return request->makes_database ? LB_DATABASE_WRITE : LB_DATABASE_READ;
}

/* Connects to the server of the data folder, or starts an engine in this process that serves the
 * folder until admin_close. NULL after a message. */
static struct lb_admin *admin_open(const struct lb_cli *cli, enum lb_database_use use)
{
    const char *data = setting_value(cli, LB_OPT_DATA, &lb_settings[LB_SETTING_data]);
    const char *database = setting_value(cli, LB_OPT_DATABASE, &lb_settings[LB_SETTING_database]);
    struct lb_admin *admin = calloc(1, sizeof *admin);
    if (!admin || !lb_client_prepare()) {
        lb_cli_error("out of memory");
        free(admin);
        return NULL;
    }
    admin->folder = -1;
    /* An engine of our own must not log into the output of a command. */
    lb_log_set_level(LB_LOG_WARN);
    char path[64];
    if (use == LB_DATABASE_LOOK && lb_config_is_postgres(database))
        data = folder_to_look_from(admin, data);
    if (!reach(admin, data, database, use, path, sizeof path)) {
        admin_close(admin);
        return NULL;
    }
    admin->client = lb_client_open_unix(path);
    if (!admin->client) {
        lb_cli_error("out of memory");
        admin_close(admin);
        return NULL;
    }
    return admin;
}

bool lb_admin_put_expires(const struct lb_cli *cli, struct lb_buf *body)
{
    int64_t at = 0;
    if (!lb_cli_time(cli, LB_OPT_EXPIRES, &at))
        return false;
    if (lb_cli_given(cli, LB_OPT_EXPIRES))
        lb_json_put_time(body, at);
    else
        lb_buf_append_lit(body, "null");
    return true;
}

static void make_path(const struct lb_admin_request *request, struct lb_buf *path)
{
    lb_buf_append_str(path, lb_str(request->path));
    if (request->segment) {
        lb_buf_append_lit(path, "/");
        lb_url_append(path, lb_str(request->segment));
    }
    if (request->path_after)
        lb_buf_append_str(path, lb_str(request->path_after));
    lb_buf_append(path, "", 1);
}

static bool ask(const struct lb_cli *cli, struct lb_admin *admin,
                const struct lb_admin_request *request, const char *path)
{
    struct lb_answer answer;
    struct lb_client_request call = {
        .method = request->method, .path = path, .creates = request->creates};
    if (request->body)
        call.body = lb_buf_str(request->body);
    bool done = lb_client_call(admin->client, &call, &answer);
    if (done && request->print_answer)
        (lb_cli_given(cli, LB_OPT_JSON) ? lb_answer_print_json : request->print_answer)(&answer);
    else if (done && !request->quiet && (lb_cli_given(cli, LB_OPT_JSON) || !request->print))
        printf("%.*s\n", (int)answer.body.len, answer.body.ptr);
    else if (done && !request->quiet)
        request->print(answer.json);
    lb_answer_fini(&answer);
    return done;
}

static bool put_page(const struct lb_cli *cli, const struct lb_admin_request *request,
                     struct lb_table *table, const struct lb_answer *answer, bool first)
{
    size_t count = lb_json_length(answer->json);
    bool last = !answer->cursor[0];
    if (lb_json_type(answer->json) != LB_JSON_ARRAY) {
        lb_cli_error("the server's answer is no list");
        return false;
    }
    if (request->out_count)
        *request->out_count += count;
    if (lb_cli_given(cli, LB_OPT_JSON))
        return lb_table_put_json(lb_buf_str(&answer->body), first, last);
    for (size_t i = 0; i < count; i++)
        request->add_row(table, lb_json_item(answer->json, i));
    if (first && last && count == 0)
        lb_cli_hint("%s", request->hint_when_empty);
    return lb_table_flush(table);
}

static bool ask_all(const struct lb_cli *cli, struct lb_admin *admin,
                    const struct lb_admin_request *request, const char *path)
{
    struct lb_table table;
    struct lb_buf page = {0};
    struct lb_paging paging = {.pages = 0};
    bool going = true;
    bool more = true;
    lb_buf_append_str(&page, lb_str(path));
    lb_buf_append(&page, "", 1);
    lb_table_init(&table, request->headings);
    for (bool first = true; going && more; first = false) {
        struct lb_answer answer = {0};
        struct lb_client_request call = {.method = request->method, .path = page.ptr};
        if (page.failed)
            lb_cli_error("out of memory");
        going = !page.failed && lb_client_call(admin->client, &call, &answer) &&
                put_page(cli, request, &table, &answer, first);
        more = answer.cursor[0] != '\0';
        going = going && (!more || lb_paging_goes_on(&paging, &answer));
        page.len = 0;
        lb_buf_printf(&page, "%s?%s", path, answer.cursor);
        lb_buf_append(&page, "", 1);
        lb_answer_fini(&answer);
    }
    lb_buf_fini(&page);
    return lb_table_fini(&table) && going;
}

bool lb_admin_put_list(const struct lb_cli *cli, const struct lb_admin_request *request,
                       struct lb_str body)
{
    struct lb_table table;
    struct lb_reason reason;
    struct lb_answer answer = {0};
    lb_buf_append_str(&answer.body, body);
    lb_table_init(&table, request->headings);
    bool good = !answer.body.failed && lb_json_parse(lb_buf_str(&answer.body), LB_JSON_MAX_DEPTH,
                                                     &answer.json, &reason) == LB_OK;
    if (!good)
        lb_cli_error("out of memory");
    good = good && put_page(cli, request, &table, &answer, true);
    lb_answer_fini(&answer);
    return lb_table_fini(&table) && good;
}

bool lb_admin_count(const struct lb_cli *cli, const char *path, size_t *out)
{
    struct lb_paging paging = {.pages = 0};
    struct lb_admin *admin = admin_open(cli, LB_DATABASE_LOOK);
    struct lb_buf page = {0};
    bool going = admin != NULL;
    bool more = true;
    *out = 0;
    lb_buf_append_str(&page, lb_str(path));
    while (going && more) {
        struct lb_answer answer = {0};
        lb_buf_append(&page, "", 1);
        going =
            !page.failed &&
            lb_client_call(admin->client,
                           &(struct lb_client_request){.method = "GET", .path = page.ptr}, &answer);
        if (going)
            *out += lb_json_length(answer.json);
        more = answer.cursor[0] != '\0';
        going = going && (!more || lb_paging_goes_on(&paging, &answer));
        page.len = 0;
        lb_buf_printf(&page, "%s?%s", path, answer.cursor);
        lb_answer_fini(&answer);
    }
    lb_buf_fini(&page);
    admin_close(admin);
    return going;
}

bool lb_admin_ask(const struct lb_cli *cli, const char *path,
                  bool (*meanwhile)(void *context, int pause_ms), struct lb_answer *out)
{
    struct lb_admin *admin = admin_open(cli, LB_DATABASE_LOOK);
    if (admin && meanwhile)
        lb_client_set_meanwhile(admin->client, meanwhile, NULL);
    struct lb_client_request call = {.method = "GET", .path = path, .ends_quietly = true};
    bool done = admin && lb_client_call(admin->client, &call, out);
    admin_close(admin);
    return done;
}

int lb_admin_with_client(const struct lb_cli *cli,
                         int (*use)(void *context, struct lb_client *client), void *context)
{
    struct lb_admin *admin = admin_open(cli, LB_DATABASE_READ);
    int code = admin ? use(context, admin->client) : LB_EXIT_FAILED;
    admin_close(admin);
    return code;
}

/* The folder whose database the command will have made; NULL: it is there, or in PostgreSQL. */
static const char *new_folder(const struct lb_cli *cli, const struct lb_admin_request *request)
{
    char path[PATH_MAX];
    const char *folder = lb_admin_database(cli);
    bool is_new = request->makes_database && !lb_config_is_postgres(folder) &&
                  snprintf(path, sizeof path, "%s/leadblock.db", folder) < (int)sizeof path &&
                  access(path, F_OK) != 0;
    return is_new ? folder : NULL;
}

int lb_admin_run(const struct lb_cli *cli, const struct lb_admin_request *request)
{
    int code = LB_EXIT_FAILED;
    struct lb_buf path = {0};
    struct lb_admin *admin = NULL;
    const char *made = new_folder(cli, request);
    make_path(request, &path);
    if (path.failed || (request->body && request->body->failed))
        lb_cli_error("out of memory");
    else
        admin = admin_open(cli, use_of(request));
    if (admin && (request->headings ? ask_all : ask)(cli, admin, request, path.ptr))
        code = LB_EXIT_DONE;
    if (code == LB_EXIT_DONE && made)
        lb_cli_hint("This made a database in %s, where no server runs yet. One that runs elsewhere "
                    "knows nothing of it:\nname its folder with --data, as its user (a package's "
                    "is /var/lib/leadblock).",
                    made);
    lb_buf_fini(&path);
    if (request->body)
        lb_buf_fini(request->body);
    admin_close(admin);
    return code;
}
