/* Damage to the files of the embedded store is an error, never an answer, and what is no damage is
 * no error: checksums of pages, the mark beside the log, files that are taken away, and databases
 * of version 0.1.0, which have none of it. */
#include "base/clock.h"
#include "base/log.h"
#include "store/chain.h"
#include "store/verify.h"
#include "store/migrations.h"
#include "store/sqlite/internal.h"
#include "support/caught_log.h"
#include "support/random.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
/* After the above. */
#include <cmocka.h>

#define CHECKPOINT_PAGES 512 /* no checkpoint unless a test wants one */
#define ROWS             60
#define PAGE             4096

static char folder[64];
static char path[96];
static struct lb_reason reason; /* of the last try_open that failed */
static bool accept_loss;
static bool (*keep_going)(void);
static const char *store_vfs; /* NULL: SQLite's default */
static uint64_t random_state = RANDOM_SEED;

static uint64_t below(uint64_t bound)
{
    return (random_next(&random_state) >> 11) % bound;
}

static int make_folder(void **state)
{
    strcpy(folder, "/tmp/leadblock-damage-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/leadblock.db", folder);
    accept_loss = false;
    keep_going = NULL;
    store_vfs = NULL;
    return 0;
}

static void shell(const char *format, const char *one, const char *two)
{
    char command[512];
    snprintf(command, sizeof command, format, one, two);
    assert_int_equal(system(command), 0);
}

static int remove_folder(void **state)
{
    shell("rm -rf '%s'*%s", folder, "");
    return 0;
}

static lb_err try_open(struct lb_store **out)
{
    struct lb_sqlite_settings settings = {.path = path,
                                          .vfs = store_vfs,
                                          .checkpoint_pages = CHECKPOINT_PAGES,
                                          .accept_loss = accept_loss,
                                          .keep_going = keep_going};
    *out = NULL;
    reason.text[0] = '\0';
    return lb_sqlite_open(&settings, out, &reason);
}

static struct lb_store *open_store(void)
{
    struct lb_store *store;
    if (try_open(&store) != LB_OK)
        fail_msg("%s", reason.text);
    return store;
}

static void expect_refused(const char *words)
{
    struct lb_store *store;
    if (try_open(&store) == LB_OK || !strstr(reason.text, words))
        fail_msg("not refused with \"%s\" but: %s", words, store ? "opened" : reason.text);
}

/* One commit each: `count` rows from entry `first`. */
static void append(struct lb_store *store, uint64_t first, uint64_t count)
{
    char items[600];
    for (uint64_t id = first; id < first + count; id++) {
        snprintf(items, sizeof items, "person-%llu-%0500d", (unsigned long long)id, 0);
        struct lb_log_row row = {
            .id = id, .list = {1, 0}, .at = (int64_t)id, .items = lb_str(items)};
        lb_chain_seed(row.digest); /* any; no two are the same */
        assert_int_equal(store->ops->begin(store), LB_OK);
        assert_int_equal(store->ops->log_append(store, &row), LB_OK);
        assert_int_equal(store->ops->commit(store), LB_OK);
    }
}

static lb_err count_row(void *context, const struct lb_log_row *row)
{
    ++*(uint64_t *)context;
    return LB_OK;
}

/* Rows that are there; UINT64_MAX after an error. */
static uint64_t rows_of(struct lb_store *store)
{
    uint64_t count = 0;
    lb_err err = store->ops->log_scan(store->ops->writer_reader(store), 1, 0, UINT64_MAX >> 1,
                                      &count, count_row);
    return err ? UINT64_MAX : count;
}

/* The log as a start reads it. */
struct loading {
    const struct lb_store *store;
    struct lb_log_extent found, all;
};

static lb_err load_row(void *context, const struct lb_log_row *row)
{
    struct loading *loading = context;
    lb_log_extent_add(&loading->all, row);
    if (row->id <= loading->store->recorded.last_id)
        loading->found = loading->all;
    return LB_OK;
}

static lb_err load(struct lb_store *store)
{
    struct loading loading = {.store = store};
    lb_err err = store->ops->log_scan(store->ops->writer_reader(store), 0, 0, UINT64_MAX >> 1,
                                      &loading, load_row);
    return err ? err : store->ops->log_loaded(store, &loading.found, &loading.all, &reason);
}

static struct lb_store *start_store(void)
{
    struct lb_store *store = open_store();
    if (load(store) != LB_OK)
        fail_msg("%s", reason.text);
    return store;
}

static void expect_not_loaded(const char *words)
{
    struct lb_store *store = open_store();
    if (load(store) != LB_ERR_STORAGE_UNAVAILABLE || !strstr(reason.text, words))
        fail_msg("not refused with \"%s\" but: %s", words, reason.text);
    store->ops->close(store);
}

/* What kill -9 leaves: the files as they are while the store is open. */
static void kill_store(struct lb_store *store)
{
    shell("cp -r '%s' '%s.copy'", folder, folder);
    store->ops->close(store);
    shell("rm -r '%s'%s", folder, "");
    shell("mv '%s.copy' '%s'", folder, folder);
}

static void crash(uint64_t rows)
{
    struct lb_store *store = open_store();
    append(store, 1, rows);
    kill_store(store);
}

static void stop_with(uint64_t rows)
{
    struct lb_store *store = open_store();
    append(store, 1, rows);
    store->ops->close(store);
}

static void name_of(const char *suffix, char out[128])
{
    snprintf(out, 128, "%s%s", path, suffix);
}

static uint64_t size_of(const char *suffix)
{
    char name[128];
    struct stat info;
    name_of(suffix, name);
    assert_int_equal(stat(name, &info), 0);
    return (uint64_t)info.st_size;
}

static void read_at(const char *suffix, uint64_t at, void *out, size_t size)
{
    char name[128];
    name_of(suffix, name);
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    fseek(file, (long)at, SEEK_SET);
    assert_int_equal(fread(out, 1, size, file), size);
    fclose(file);
}

static void write_at(const char *suffix, uint64_t at, const void *bytes, size_t size)
{
    char name[128];
    name_of(suffix, name);
    FILE *file = fopen(name, "r+b");
    assert_non_null(file);
    fseek(file, (long)at, SEEK_SET);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void flip(const char *suffix, uint64_t bit)
{
    uint8_t byte;
    read_at(suffix, bit / 8, &byte, 1);
    byte ^= (uint8_t)(1 << bit % 8);
    write_at(suffix, bit / 8, &byte, 1);
}

static void cut(const char *suffix, uint64_t size)
{
    char name[128];
    name_of(suffix, name);
    assert_int_equal(truncate(name, (off_t)size), 0);
}

static void take_away(const char *suffix)
{
    char name[128];
    name_of(suffix, name);
    assert_int_equal(unlink(name), 0);
}

static uint32_t wrong_pages(void)
{
    uint8_t page[PAGE];
    uint32_t wrong = 0;
    uint64_t size = size_of("");
    assert_int_equal(size % PAGE, 0);
    for (uint64_t at = 0; at < size; at += PAGE) {
        read_at("", at, page, PAGE);
        wrong += !lb_page_has_checksum(page, PAGE, (uint32_t)(at / PAGE + 1));
    }
    return wrong;
}

/* Puts a backup in the place of the database, and removes its log and mark. */
static void become_a_backup(void)
{
    struct lb_store *store = open_store();
    char copy[128];
    uint64_t bytes;
    name_of(".backup", copy);
    assert_int_equal(store->ops->backup(store->ops->writer_reader(store), copy, &bytes, &reason),
                     LB_OK);
    store->ops->close(store);
    shell("rm '%s-wal' '%s-mark'", path, path);
    assert_int_equal(rename(copy, path), 0);
}

/* The result of reading every page, by SQLite's own check; `vfs` NULL: without the checksums. */
static int read_all(const char *vfs, int64_t *out_rows)
{
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, vfs), SQLITE_OK);
    sqlite3_extended_result_codes(db, 1);
    int code =
        sqlite3_prepare_v2(db,
                           "SELECT (SELECT count(*) FROM blocklist_log), integrity_check FROM"
                           " pragma_integrity_check",
                           -1, &stmt, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        *out_rows = sqlite3_column_int64(stmt, 0);
        code = strcmp((const char *)sqlite3_column_text(stmt, 1), "ok") == 0 ? SQLITE_OK
                                                                             : SQLITE_CORRUPT;
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return code;
}

static void start_and_stop_with(uint64_t first, uint64_t rows)
{
    struct lb_store *store = start_store();
    append(store, first, rows);
    store->ops->close(store);
}

/* By a program that writes checksums, keeps the database's id and leaves no log. */
static void run_sql(const char *sql)
{
    sqlite3 *db;
    struct lb_mark now;
    bool found;
    struct lb_synced_mark *mark = lb_synced_mark_create(sqlite3_vfs_find(NULL), path);
    assert_int_equal(lb_synced_mark_read(mark, &now, &found), SQLITE_OK);
    lb_synced_mark_destroy(mark);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, lb_pages_vfs(NULL)->zName),
                     SQLITE_OK);
    assert_int_equal(lb_pages_set_id(db, now.id), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* --- Pages ------------------------------------------------------------------------------------ */

static void every_page_of_the_database_has_a_checksum(void **state)
{
    stop_with(ROWS);
    assert_true(size_of("") > 20 * PAGE);
    assert_int_equal(wrong_pages(), 0);
}

static void a_flipped_bit_in_the_database_is_an_error(void **state)
{
    const char *vfs = lb_pages_vfs(NULL)->zName;
    int64_t rows;
    stop_with(ROWS);
    take_away("-wal"); /* which has newer pages; all of it is in the database */
    uint64_t bits = size_of("") * 8;
    assert_int_equal(read_all(vfs, &rows), SQLITE_OK);
    assert_int_equal(rows, ROWS);
    for (int i = 0; i < 200; i++) {
        uint64_t bit = below(bits);
        if (bit / 8 % PAGE >= PAGE - 8)
            continue; /* what balances the log's checksum, which nobody reads in the database */
        flip("", bit);
        if (read_all(vfs, &rows) == SQLITE_OK)
            fail_msg("bit %llu of page %llu was not noticed",
                     (unsigned long long)(bit % (8 * PAGE)),
                     (unsigned long long)(bit / 8 / PAGE + 1));
        flip("", bit);
    }
    assert_int_equal(read_all(vfs, &rows), SQLITE_OK);
}

static void a_page_at_a_wrong_place_is_an_error(void **state)
{
    uint8_t one[PAGE], two[PAGE];
    int64_t rows;
    stop_with(ROWS);
    take_away("-wal");
    uint64_t last = size_of("") - PAGE;
    read_at("", last, one, PAGE);
    read_at("", last - PAGE, two, PAGE);
    write_at("", last, two, PAGE);
    assert_int_equal(read_all(lb_pages_vfs(NULL)->zName, &rows), SQLITE_IOERR_DATA);
    write_at("", last - PAGE, one, PAGE);
    assert_int_equal(read_all(lb_pages_vfs(NULL)->zName, &rows), SQLITE_IOERR_DATA);
}

/* Newer versions of SQLite read the pages of long rows in part. */
static void part_of_a_page_is_compared_as_the_whole(void **state)
{
    uint8_t part[200], wanted[200];
    sqlite3 *db;
    sqlite3_file *file = NULL;
    stop_with(ROWS);
    read_at("", 3 * PAGE + 300, wanted, sizeof wanted);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, lb_pages_vfs(NULL)->zName),
                     SQLITE_OK);
    assert_int_equal(sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file), SQLITE_OK);
    assert_int_equal(file->pMethods->xRead(file, part, sizeof part, 3 * PAGE + 300), SQLITE_OK);
    assert_memory_equal(part, wanted, sizeof part);
    flip("", 8 * (3 * PAGE + 2000)); /* not in this part */
    assert_int_equal(file->pMethods->xRead(file, part, sizeof part, 3 * PAGE + 300),
                     SQLITE_IOERR_DATA);
    sqlite3_close(db);
}

static void a_start_names_the_damaged_page(void **state)
{
    stop_with(ROWS);
    take_away("-wal");
    lb_log_set_level(LB_LOG_ERROR);
    caught_log_begin();
    for (uint64_t at = PAGE + 100; at < size_of(""); at += PAGE)
        flip("", at * 8); /* all but the first page: whichever is read first */
    struct lb_store *store;
    lb_err err = try_open(&store);
    if (!err) {
        assert_int_equal(rows_of(store), UINT64_MAX);
        assert_int_equal(store->ops->intact(store, &reason), LB_ERR_STORAGE_UNAVAILABLE);
        store->ops->close(store);
    }
    const char *log = caught_log_end();
    lb_log_set_level((enum lb_log_level) - 1);
    assert_non_null(strstr(log, "wrong checksum of page "));
    assert_non_null(strstr(reason.text, "damage: leadblock.db: wrong checksum of page "));
    assert_non_null(strstr(reason.text, "restore a backup"));
}

/* Of the list of free pages, the first that nothing but a backup reads. */
static uint32_t free_page(void)
{
    uint8_t number[4];
    read_at("", 32, number, sizeof number);
    uint64_t listing = lb_wal_u32(number);
    assert_true(listing > 0);
    read_at("", (listing - 1) * PAGE + 8, number, sizeof number);
    return lb_wal_u32(number);
}

static void a_damaged_free_page_is_named_as_such(void **state)
{
    char words[160];
    struct lb_store *store = open_store();
    append(store, 1, ROWS);
    assert_int_equal(sqlite3_exec(lb_sqlite_of(store)->writer.db,
                                  "CREATE TABLE gone AS SELECT zeroblob(40000); DROP TABLE gone",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(store->ops->check_files(store, &reason), LB_OK);
    store->ops->close(store);
    take_away("-wal");
    uint32_t page = free_page();
    assert_true(page > 1 && page <= size_of("") / PAGE);
    flip("", 8 * ((uint64_t)(page - 1) * PAGE + 100));
    store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    assert_int_equal(store->ops->intact(store, &reason), LB_OK);
    assert_int_equal(store->ops->check_files(store, &reason), LB_ERR_CONFLICT);
    snprintf(words, sizeof words,
             "damage: leadblock.db: wrong checksum of page %u, offset %u; it is a free page: "
             "nothing is lost",
             page, (page - 1) * PAGE);
    if (!strstr(reason.text, words) ||
        !strstr(reason.text, "`leadblock copy`, or restore a backup"))
        fail_msg("%s", reason.text);
    store->ops->close(store);
}

/* Files that are moved after damage are not told to have been replaced under the server. */
static void damage_does_not_tie_the_database_to_its_disk(void **state)
{
    stop_with(ROWS);
    take_away("-wal");
    uint64_t bit = 8 * (size_of("") - PAGE + 100); /* of a page of rows */
    flip("", bit);
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), UINT64_MAX);
    assert_int_equal(store->ops->intact(store, &reason), LB_ERR_STORAGE_UNAVAILABLE);
    store->ops->close(store);
    shell("cp -r '%s' '%s.copy'", folder, folder);
    shell("rm -r '%s'%s", folder, "");
    shell("mv '%s.copy' '%s'", folder, folder);
    flip("", bit);
    store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

static void a_flipped_bit_in_the_log_is_noticed_when_its_page_is_read(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader;
    uint64_t count = 0;
    append(store, 1, ROWS);
    /* A page of every frame. */
    for (uint32_t frame = 1; lb_wal_offset(frame + 1, PAGE) < (int64_t)size_of("-wal"); frame++)
        flip("-wal", 8 * ((uint64_t)lb_wal_offset(frame, PAGE) + 24 + PAGE / 2));
    assert_int_equal(store->ops->intact(store, &reason), LB_OK);
    lb_err err = store->ops->reader_open(store, &reader);
    if (!err) {
        err = store->ops->log_scan(reader, 1, 0, 1000, &count, count_row);
        store->ops->reader_close(reader);
    }
    assert_int_equal(err, LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(store->ops->intact(store, &reason), LB_ERR_STORAGE_UNAVAILABLE);
    assert_non_null(strstr(reason.text, "leadblock.db-wal: wrong checksum"));
    store->ops->close(store);
}

/* Any SQLite reads, recovers and writes back what the layer wrote. */
static void the_log_is_one_for_every_program(void **state)
{
    int64_t rows;
    crash(ROWS);
    assert_int_equal(read_all(NULL, &rows), SQLITE_OK); /* and its close writes it back */
    assert_int_equal(rows, ROWS);
    assert_int_equal(wrong_pages(), 0);
}

/* A transaction that outgrows the cache writes frames early, and some of them twice. */
static void a_transaction_larger_than_the_cache_is_checked_as_others(void **state)
{
    int64_t rows;
    struct lb_store *store = open_store();
    sqlite3 *db = lb_sqlite_of(store)->writer.db;
    append(store, 1, ROWS);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA cache_size = 8; BEGIN;"
                                  " UPDATE blocklist_log SET items = items || 'x';"
                                  " UPDATE blocklist_log SET items = items || 'y';"
                                  " UPDATE blocklist_log SET items = items || 'z'; COMMIT",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    append(store, 1000, 3);
    shell("cp -r '%s' '%s.copy'", folder, folder);
    assert_int_equal(rows_of(store), ROWS + 3);
    store->ops->close(store);
    shell("rm -r '%s'%s", folder, "");
    shell("cp -r '%s.copy' '%s'", folder, folder);
    store = open_store();
    assert_int_equal(rows_of(store), ROWS + 3);
    store->ops->close(store);
    assert_int_equal(wrong_pages(), 0);
    shell("rm -r '%s'%s", folder, "");
    shell("mv '%s.copy' '%s'", folder, folder);
    assert_int_equal(read_all(NULL, &rows), SQLITE_OK);
    assert_int_equal(rows, ROWS + 3);
    assert_int_equal(wrong_pages(), 0);
}

static void a_backup_has_checksums(void **state)
{
    stop_with(ROWS);
    become_a_backup();
    assert_int_equal(wrong_pages(), 0);
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

static void expect_no_backup(struct lb_store *store, const char *words)
{
    char copy[128];
    uint64_t bytes;
    name_of(".backup", copy);
    assert_int_equal(store->ops->backup(store->ops->writer_reader(store), copy, &bytes, &reason),
                     LB_ERR_INTERNAL);
    if (!strstr(reason.text, words))
        fail_msg("%s", reason.text);
    assert_int_not_equal(access(copy, F_OK), 0);
}

/* A page that nothing uses loses nothing: the server goes on, and the backup says what to do. */
static void a_backup_tells_damage_where_nothing_is_from_damage(void **state)
{
    start_and_stop_with(1, ROWS);
    run_sql("CREATE TABLE spare AS SELECT randomblob(30000) AS bytes; DROP TABLE spare");
    flip("", 8 * ((uint64_t)(free_page() - 1) * PAGE + 500));
    struct lb_store *store = start_store();
    expect_no_backup(store, "holds no data: nothing is lost, and the server goes on");
    assert_int_equal(store->ops->intact(store, &reason), LB_OK);
    store->ops->close(store);
    flip("", 8 * (size_of("") - (uint64_t)12 * PAGE + 500));
    if (try_open(&store) == LB_OK) {
        expect_no_backup(store, "the database is damaged: leadblock.db: wrong checksum of page ");
        assert_int_not_equal(store->ops->intact(store, &reason), LB_OK);
        store->ops->close(store);
    }
}

static void a_header_that_denies_the_checksums_is_damage(void **state)
{
    stop_with(ROWS);
    become_a_backup();
    for (unsigned bit = 0; bit < 8; bit++) {
        flip("", 8 * LB_PAGE_RESERVED_AT + bit);
        expect_refused("damage: leadblock.db: its header is damaged; restore a backup");
        flip("", 8 * LB_PAGE_RESERVED_AT + bit);
    }
}

/* --- The mark --------------------------------------------------------------------------------- */

static uint32_t frames_in_log(void)
{
    struct lb_wal_header header;
    struct lb_wal_frame frame;
    uint8_t bytes[LB_WAL_HEADER_BYTES];
    uint32_t number = 0;
    read_at("-wal", 0, bytes, sizeof bytes);
    assert_true(lb_wal_read_header(bytes, &header));
    do {
        read_at("-wal", (uint64_t)lb_wal_offset(++number, PAGE), bytes, LB_WAL_FRAME_HEADER_BYTES);
        lb_wal_read_frame(bytes, &frame);
    } while (memcmp(frame.salts, header.salts, sizeof frame.salts) == 0);
    return number - 1;
}

static void a_killed_store_starts_again(void **state)
{
    crash(ROWS);
    for (int i = 0; i < 3; i++) {
        struct lb_store *store = open_store();
        assert_int_equal(rows_of(store), ROWS + i);
        append(store, ROWS + 1 + (uint64_t)i, 1);
        store->ops->close(store);
    }
}

static void a_flipped_bit_in_the_used_part_of_the_log_is_refused(void **state)
{
    crash(ROWS);
    uint64_t bits = 8 * (uint64_t)lb_wal_offset(frames_in_log() + 1, PAGE);
    for (int i = 0; i < 100; i++) {
        uint64_t bit = i < 32 ? (uint64_t)i * 8 : below(bits); /* the header, then anywhere */
        flip("-wal", bit);
        expect_refused("damage: leadblock.db-wal is damaged");
        assert_non_null(strstr(reason.text, " lost; restore a backup, or start with "
                                            "--accept-loss, which keeps a copy"));
        flip("-wal", bit);
    }
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

static void the_refusal_says_how_much_is_lost_at_most(void **state)
{
    crash(ROWS);
    /* In the last frame: one commit; in the first frame of the log: all of them. */
    flip("-wal", 8 * ((uint64_t)lb_wal_offset(frames_in_log(), PAGE) + 200));
    expect_refused(": at most 1 commit since 2");
    flip("-wal", 8 * ((uint64_t)lb_wal_offset(1, PAGE) + 200));
    expect_refused(": at most ");
    unsigned long long lost = strtoull(strstr(reason.text, ": at most ") + 10, NULL, 10);
    assert_in_range(lost, ROWS, ROWS + 40); /* and the migrations */
}

static void a_log_that_was_cut_or_taken_away_is_refused(void **state)
{
    static const uint64_t sizes[] = {0, 1, LB_WAL_HEADER_BYTES, 100 * PAGE};
    crash(ROWS);
    uint64_t whole = size_of("-wal");
    shell("cp '%s-wal' '%s.kept'", path, path);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cut("-wal", sizes[i]);
        expect_refused("damage: leadblock.db-wal ");
        shell("cp '%s.kept' '%s-wal'", path, path);
    }
    cut("-wal", whole - 1); /* the preallocated end of it */
    expect_refused("-wal was cut: no commit of which the mark knows is lost");
    take_away("-wal");
    expect_refused("damage: leadblock.db-wal is damaged, absent or was cut");
}

static void an_older_log_is_refused(void **state)
{
    struct lb_store *store = open_store();
    append(store, 1, 5);
    shell("cp '%s-wal' '%s.old'", path, path);
    store->ops->close(store);
    store = open_store(); /* it begins anew at each start */
    append(store, 6, 5);
    kill_store(store);
    shell("mv '%s.old' '%s-wal'", path, path);
    expect_refused("-wal is another one than was written here");
}

/* Nothing of an earlier life stands behind new frames. */
static void after_a_crash_the_log_begins_anew(void **state)
{
    uint8_t before[LB_WAL_HEADER_BYTES], after[LB_WAL_HEADER_BYTES];
    crash(ROWS);
    read_at("-wal", 0, before, sizeof before);
    struct lb_store *store = open_store();
    append(store, ROWS + 1, 1);
    read_at("-wal", 0, after, sizeof after);
    store->ops->close(store);
    assert_memory_not_equal(before + 16, after + 16, LB_WAL_SALTS_BYTES);
}

/* Of another program. */
static sqlite3 *begin_reading(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM workspace", NULL, NULL, NULL),
                     SQLITE_OK);
    return db;
}

static void expect_kept_back(uint64_t rows)
{
    sqlite3 *reader = begin_reading();
    caught_log_begin();
    lb_log_set_level(LB_LOG_INFO);
    struct lb_store *store = start_store();
    uint64_t begun_ms = lb_clock_mono_ms();
    assert_int_equal(store->ops->begin(store), LB_ERR_STORAGE_UNAVAILABLE);
    assert_in_range(lb_clock_mono_ms() - begun_ms, 0, 2000);
    assert_int_equal(store->refusal, LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(rows_of(store), rows);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    append(store, rows + 1, 1);
    lb_log_set_level(LB_LOG_ERROR);
    const char *said = caught_log_end();
    assert_int_equal(caught_log_count(said, "nothing is recorded until that program has ended"), 1);
    assert_int_equal(caught_log_count(said, "any more: it is written"), 1);
    store->ops->close(store);
}

/* Until another program has ended its reading, new frames would stand between those of the crash:
 * one that commits and was not marked, and one of a transaction that did not commit. */
static void a_reader_over_the_start_after_a_crash_keeps_writes_back(void **state)
{
    uint8_t salts[LB_WAL_SALTS_BYTES];
    struct lb_store *store = start_store();
    append(store, 1, ROWS - 1);
    shell("cp '%s-mark' '%s.mark'", path, folder);
    append(store, ROWS, 1);
    kill_store(store);
    shell("cp '%s.mark' '%s-mark'", folder, path);
    expect_kept_back(ROWS);
    store = start_store();
    append(store, ROWS + 2, 1);
    kill_store(store);
    read_at("-wal", 16, salts, sizeof salts);
    write_at("-wal", (uint64_t)lb_wal_offset(frames_in_log() + 9, PAGE) + 8, salts, sizeof salts);
    expect_kept_back(ROWS + 2);
}

/* In the middle of what is in the log, so that not all of it can be written back. */
static void a_reader_over_a_start_where_nothing_was_left_keeps_nothing_back(void **state)
{
    struct lb_store *store = start_store();
    append(store, 1, ROWS);
    sqlite3 *reader = begin_reading();
    append(store, ROWS + 1, 1);
    store->ops->close(store);
    store = start_store();
    append(store, ROWS + 2, 1);
    assert_int_equal(store->refusal, LB_OK);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    kill_store(store);
    reader = begin_reading();
    store = start_store();
    append(store, ROWS + 3, 1);
    assert_int_equal(rows_of(store), ROWS + 3);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    store->ops->close(store);
    store = start_store();
    assert_int_equal(rows_of(store), ROWS + 3);
    store->ops->close(store);
}

/* What a clean stop left in the log is in the database. */
static void after_a_clean_stop_the_log_is_not_needed(void **state)
{
    stop_with(ROWS);
    take_away("-wal");
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

static void a_mark_that_lacks_its_newest_slot_is_no_damage(void **state)
{
    crash(ROWS);
    for (unsigned slot = 0; slot < 2; slot++) {
        shell("cp -r '%s' '%s.copy'", folder, folder);
        flip("-mark", 8 * (slot * 4096 + 40));
        struct lb_store *store = open_store();
        assert_int_equal(rows_of(store), ROWS);
        store->ops->close(store);
        shell("rm -r '%s'%s", folder, "");
        shell("mv '%s.copy' '%s'", folder, folder);
    }
}

/* How far its log had been synced is not known. */
static void a_database_that_was_in_use_is_refused_without_its_mark(void **state)
{
    crash(ROWS);
    shell("cp -r '%s' '%s.copy'", folder, folder);
    cut("-mark", 0);
    expect_refused("damage: leadblock.db-mark is absent or damaged");
    take_away("-mark");
    expect_refused("damage: leadblock.db-mark is absent or damaged");
    accept_loss = true;
    struct lb_store *store = open_store(); /* the log is whole */
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
    accept_loss = false;
    store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
    shell("rm -r '%s'%s", folder, "");
    shell("mv '%s.copy' '%s'", folder, folder);
    take_away("-mark");
    take_away("-wal");
    expect_refused("damage: leadblock.db-mark is absent or damaged: it is not known what is lost");
}

/* Nothing has been in the log: a mark was made, and then the server was killed, or had not made a
 * database yet. */
static void a_first_start_that_was_interrupted_hinders_nothing(void **state)
{
    for (int with_database = 0; with_database < 2; with_database++) {
        struct lb_synced_mark *mark = lb_synced_mark_create(sqlite3_vfs_find(NULL), path);
        if (with_database) {
            stop_with(ROWS);
            become_a_backup();
        } else {
            shell(": >'%s'%s", path, ""); /* as SQLite makes it */
        }
        assert_int_equal(lb_synced_mark_put(mark, true), SQLITE_OK);
        lb_synced_mark_destroy(mark);
        struct lb_store *store = open_store();
        assert_int_equal(rows_of(store), with_database ? ROWS : 0);
        kill_store(store);
        store = open_store();
        store->ops->close(store);
        shell("rm -r '%s' && mkdir '%s'", folder, folder);
    }
}

static void a_loss_that_is_accepted_keeps_what_was_before_it_and_a_copy(void **state)
{
    crash(ROWS);
    flip("-wal", 8 * ((uint64_t)lb_wal_offset(frames_in_log() - 3, PAGE) + 200));
    uint64_t log_bytes = size_of("-wal");
    expect_refused("damage");
    accept_loss = true;
    struct lb_store *store = open_store();
    uint64_t rows = rows_of(store);
    assert_true(rows >= ROWS - 4 && rows < ROWS);
    append(store, 500, 2);
    store->ops->close(store);
    accept_loss = false;
    store = open_store();
    assert_int_equal(rows_of(store), rows + 2);
    store->ops->close(store);
    char command[512];
    snprintf(command, sizeof command,
             "test -s '%s'.damaged-*/leadblock.db && test -s '%s'.damaged-*/leadblock.db-mark &&"
             " test $(stat -c %%s '%s'.damaged-*/leadblock.db-wal) = %llu",
             path, path, path, (unsigned long long)log_bytes);
    assert_int_equal(system(command), 0);
}

/* A loss that leaves no consistent database is refused, and so is the next start. */
static void a_loss_that_cannot_be_accepted_stays_refused(void **state)
{
    stop_with(ROWS);
    struct lb_store *store = open_store();
    append(store, ROWS + 1, 20);
    kill_store(store);
    flip("-wal", 8 * ((uint64_t)lb_wal_offset(frames_in_log() - 3, PAGE) + 200));
    for (uint64_t at = PAGE; at < size_of(""); at += PAGE)
        flip("", 8 * (at + 100)); /* in the database, beside what is left of the log */
    accept_loss = true;
    assert_int_equal(try_open(&store), LB_ERR_STORAGE_UNAVAILABLE);
    accept_loss = false;
    expect_refused("damage");
}

/* --accept-loss does nothing to a folder that is as it should be. */
static void accepting_a_loss_loses_nothing_without_damage(void **state)
{
    crash(ROWS);
    accept_loss = true;
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
    shell("test -z \"$(ls '%s' | grep damaged)\"%s", folder, "");
}

/* A log that was being written back has pages in the database that are newer than what is left of
 * it: it may not be used. */
static void a_log_that_was_written_back_is_not_used_in_part(void **state)
{
    struct lb_store *store = open_store();
    append(store, 1, ROWS);
    lb_sqlite_of(store)->wal_pages = CHECKPOINT_PAGES;
    store->ops->maintain(store, false);
    kill_store(store);
    flip("-wal", 8 * ((uint64_t)lb_wal_offset(frames_in_log() / 2, PAGE) + 200));
    expect_refused("damage");
    accept_loss = true;
    store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

static void write_back(struct lb_store *store)
{
    lb_sqlite_of(store)->wal_pages_tried = 0;
    lb_sqlite_of(store)->wal_pages = CHECKPOINT_PAGES;
    store->ops->maintain(store, false);
}

/* What had been written back whole is not lost with the log. */
static void only_what_was_not_written_back_is_lost_with_the_log(void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader;
    append(store, 1, ROWS);
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    sqlite3_exec(reader->db, "BEGIN; SELECT count(*) FROM blocklist_log", NULL, NULL, NULL);
    write_back(store);
    append(store, ROWS + 1, 3); /* the log goes on: a reader is in it */
    shell("cp -r '%s' '%s.copy'", folder, folder);
    store->ops->reader_close(reader);
    store->ops->close(store);
    shell("rm -r '%s'%s", folder, "");
    shell("mv '%s.copy' '%s'", folder, folder);
    flip("-wal", 8 * ((uint64_t)lb_wal_offset(1, PAGE) + 200));
    expect_refused(": at most 3 commits since 2");
    accept_loss = true;
    store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

/* With a reader in the way, part of the log is in the database. With the whole log that is no
 * matter; with a part of it, or none, the database is none that ever was. */
static void a_log_that_is_damaged_while_it_is_written_back_is_a_loss_that_nothing_bounds(
    void **state)
{
    struct lb_store *store = open_store();
    struct lb_store_reader *reader;
    append(store, 1, ROWS / 2);
    assert_int_equal(store->ops->reader_open(store, &reader), LB_OK);
    sqlite3_exec(reader->db, "BEGIN; SELECT count(*) FROM blocklist_log", NULL, NULL, NULL);
    append(store, ROWS / 2 + 1, ROWS / 2);
    write_back(store);
    shell("cp -r '%s' '%s.copy'", folder, folder);
    store->ops->reader_close(reader);
    store->ops->close(store);
    shell("rm -r '%s'%s", folder, "");
    shell("mv '%s.copy' '%s'", folder, folder);
    uint64_t bit = 8 * ((uint64_t)lb_wal_offset(frames_in_log() - 3, PAGE) + 200);
    flip("-wal", bit);
    expect_refused("damaged or was cut while it was being written back; restore a backup");
    accept_loss = true;
    expect_refused("damaged or was cut while it was being written back; restore a backup");
    flip("-wal", bit);
    cut("-wal", size_of("-wal") - 1); /* the preallocated end of it */
    store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

/* --- Rows are gone ---------------------------------------------------------------------------- */

static void rows_that_were_deleted_after_a_stop_are_noticed(void **state)
{
    static const struct {
        const char *sql, *words;
    } deleted[] = {
        {"DELETE FROM blocklist_log WHERE id = 60",
         "damage: leadblock.db lacks 1 row of its blocklist log: at most 1 change since "
         "1970-01-01T00:00:00.059Z is lost, and what else was recorded then; restore a backup, or "
         "start with --accept-loss, which keeps a copy"},
        {"DELETE FROM blocklist_log WHERE id > 50",
         ": at most 10 changes since 1970-01-01T00:00:00.050Z are lost, and what else "},
        {"DELETE FROM blocklist_log WHERE id BETWEEN 20 AND 25",
         "lacks 6 rows of its blocklist log: at most 6 changes until 1970-01-01T00:00:00.060Z are "
         "lost; restore"},
        {"DELETE FROM blocklist_log",
         ": at most 60 changes until 1970-01-01T00:00:00.060Z are lost, and what else "},
        {"UPDATE blocklist_log SET seal = randomblob(48) WHERE id = 60",
         "damage: leadblock.db has other rows in its blocklist log than were recorded: it is not "
         "known what is lost; restore"},
        {"UPDATE blocklist_log SET id = 61 WHERE id = 60", "lacks 1 row"}};
    start_and_stop_with(1, ROWS);
    shell("cp -r '%s' '%s.kept'", folder, folder);
    for (size_t i = 0; i < sizeof deleted / sizeof *deleted; i++) {
        run_sql(deleted[i].sql);
        for (int again = 0; again < 2; again++)
            expect_not_loaded(deleted[i].words);
        shell("rm -r '%s'%s", folder, "");
        shell("cp -r '%s.kept' '%s'", folder, folder);
    }
}

/* Its pages, checksums and id are right. */
static void an_older_copy_of_the_database_is_noticed(void **state)
{
    start_and_stop_with(1, ROWS);
    shell("cp '%s' '%s.old'", path, folder);
    start_and_stop_with(ROWS + 1, 2); /* in the last page */
    shell("cp '%s.old' '%s'", folder, path);
    take_away("-wal");
    expect_not_loaded("damage: leadblock.db lacks 2 rows of its blocklist log: at most 2 changes "
                      "since 1970-01-01T00:00:00.060Z are lost, and what else was recorded then");
}

static void a_loss_of_rows_that_is_accepted_keeps_a_copy(void **state)
{
    start_and_stop_with(1, ROWS);
    run_sql("DELETE FROM blocklist_log WHERE id > 50");
    accept_loss = true;
    struct lb_store *store = start_store();
    assert_int_equal(rows_of(store), 50);
    append(store, 51, 2);
    store->ops->close(store);
    shell("test -s '%s'.damaged-rows-60-*/leadblock.db -a -s '%s'.damaged-*/leadblock.db-mark",
          path, path);
    accept_loss = false;
    store = start_store();
    assert_int_equal(rows_of(store), 52);
    store->ops->close(store);
    run_sql("DELETE FROM blocklist_log WHERE id = 52");
    expect_not_loaded("lacks 1 row");
}

static unsigned copies(void)
{
    char command[256];
    snprintf(command, sizeof command, "exit $(ls '%s' | grep -c damaged)", folder);
    int status = system(command);
    assert_true(WIFEXITED(status));
    return (unsigned)WEXITSTATUS(status);
}

/* Starts with the loss that is accepted, which the log tells in `words`. */
static void expect_accepted(const char *words, uint64_t rows)
{
    lb_log_set_level(LB_LOG_WARN);
    caught_log_begin();
    accept_loss = true;
    struct lb_store *store = start_store();
    accept_loss = false;
    const char *log = caught_log_end();
    lb_log_set_level((enum lb_log_level) - 1);
    if (!strstr(log, words))
        fail_msg("the log does not say \"%s\" but: %s", words, log);
    assert_int_equal(rows_of(store), rows);
    store->ops->close(store);
    store = start_store(); /* it is over */
    store->ops->close(store);
}

static void rows_that_are_lost_with_the_log_are_told(void **state)
{
    struct lb_store *store = start_store();
    append(store, 1, ROWS);
    kill_store(store);
    flip("-wal", 8 * ((uint64_t)lb_wal_offset(frames_in_log(), PAGE) + 200));
    expect_refused(": at most 1 commit since 2");
    expect_accepted("leadblock.db lacks 1 row of its blocklist log: at most 1 change since "
                    "1970-01-01T00:00:00.059Z is lost, and what else was recorded then; accepted, "
                    "the files as they were are in /tmp/",
                    ROWS - 1);
    assert_int_equal(copies(), 1);
}

/* The log is gone, and the database is an older copy, which lacks more than was in the log. */
static void rows_that_are_lost_beside_the_log_are_told(void **state)
{
    static const char words[] = "leadblock.db lacks 5 rows of its blocklist log: at most 5 changes "
                                "since 1970-01-01T00:00:00.060Z are lost";
    start_and_stop_with(1, ROWS);
    shell("cp '%s' '%s.old'", path, folder);
    start_and_stop_with(ROWS + 1, 2); /* in the last page */
    struct lb_store *store = start_store();
    append(store, ROWS + 3, 3);
    kill_store(store);
    shell("cp '%s.old' '%s'", folder, path);
    take_away("-wal");
    expect_refused(": at most 3 commits since 2");
    assert_non_null(strstr(reason.text, "or start with --accept-loss, which keeps a copy and says "
                                        "how many rows are lost in all"));
    shell("cp -r '%s' '%s.kept'", folder, folder);
    expect_accepted(words, ROWS);
    assert_int_equal(copies(), 1);
    /* Who accepts the loss and does not read the log has accepted nothing. */
    shell("rm -r '%s'%s", folder, "");
    shell("mv '%s.kept' '%s'", folder, folder);
    accept_loss = true;
    store = open_store();
    store->ops->close(store);
    accept_loss = false;
    expect_refused(": at most 3 commits since 2");
    expect_accepted(words, ROWS);
}

/* Without mark and log, the one looks as the other. */
static void each_damage_has_a_copy_of_its_own(void **state)
{
    static const char *const numbers[] = {"", "-2", "-3", "-4", "-5"};
    struct lb_store *store;
    for (uint64_t i = 0; i < 5; i++) {
        char kept[160];
        start_and_stop_with(i + 1, 1);
        shell("rm '%s-wal' '%s-mark'", path, path);
        shell("cp '%s' '%s.was'", path, folder);
        snprintf(kept, sizeof kept, "%s.damaged-0000000000000000-0%s", path, numbers[i]);
        expect_accepted(kept, i + 1);
        shell("cmp '%s.was' '%s/leadblock.db'", folder, kept);
    }
    shell("rm '%s-wal' '%s-mark'", path, path);
    accept_loss = true;
    expect_refused("there are 5 copies already, the last in /tmp/");
    shell("rm -r '%s.damaged-0000000000000000-0-3'%s", path, "");
    store = open_store();
    assert_int_equal(rows_of(store), 5);
    store->ops->close(store);
}

/* Also after its loss of rows was accepted, and with views, any of which may come first when SQLite
 * looks for what is not consistent. */
static void a_loss_of_rows_that_leaves_no_consistent_database_stays_refused(void **state)
{
    start_and_stop_with(1, ROWS);
    run_sql(
        "DELETE FROM blocklist_log WHERE id > 50; PRAGMA writable_schema = ON;"
        " DELETE FROM sqlite_schema WHERE name = 'blocklist_log_undoes';"
        " CREATE VIEW one AS SELECT 1; CREATE VIEW two AS SELECT 2; CREATE VIEW five AS SELECT 5;"
        " CREATE VIEW \"of \"\"others\" AS SELECT 3; CREATE VIEW \"six;\" AS SELECT 6");
    accept_loss = true;
    for (int again = 0; again < 2; again++)
        expect_not_loaded("what is left in /tmp/");
    accept_loss = false;
    expect_not_loaded("lacks 10 rows");
}

/* Locks of a file are lost when the process closes it anywhere. Another program must find the
 * database in use. */
static void keeping_a_copy_keeps_the_locks(void **state)
{
    start_and_stop_with(1, ROWS);
    run_sql("DELETE FROM blocklist_log WHERE id > 50");
    accept_loss = true;
    struct lb_store *store = start_store();
    pid_t child = fork();
    if (child == 0) {
        struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_RDWR);
        _exit(fd >= 0 && fcntl(fd, F_SETLK, &all) != 0 ? 0 : 1);
    }
    int status = 1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    store->ops->close(store);
}

/* The mark lags: only what it knows of is compared, and then it knows all. */
static void a_log_that_goes_on_after_the_mark_is_right(void **state)
{
    struct lb_store *store = start_store();
    append(store, 1, 20);
    shell("cp '%s-mark' '%s.mark'", path, folder);
    append(store, 21, 20);
    kill_store(store);
    shell("cp '%s.mark' '%s-mark'", folder, path);
    store = start_store();
    assert_int_equal(store->recorded.rows, 40);
    store->ops->close(store);
    run_sql("DELETE FROM blocklist_log WHERE id = 40");
    expect_not_loaded("lacks 1 row");
}

static void rows_that_were_rolled_back_are_not_expected(void **state)
{
    struct lb_store *store = start_store();
    struct lb_log_row row = {.id = 2, .list = {1, 0}, .items = LB_STR("never")};
    append(store, 1, 1);
    assert_int_equal(store->ops->begin(store), LB_OK);
    assert_int_equal(store->ops->log_append(store, &row), LB_OK);
    store->ops->rollback(store);
    assert_int_equal(store->ops->probe(store), LB_OK); /* a commit without rows */
    kill_store(store);
    store = start_store();
    assert_int_equal(store->recorded.rows, 1);
    append(store, 2, 1);
    store->ops->close(store);
    store = start_store();
    store->ops->close(store);
}

/* Commands of operators do not read the log. */
static void a_store_that_is_opened_without_its_log_forgets_nothing(void **state)
{
    start_and_stop_with(1, ROWS);
    for (int i = 0; i < 2; i++) {
        struct lb_store *store = open_store();
        assert_int_equal(store->ops->probe(store), LB_OK);
        i ? kill_store(store) : store->ops->close(store);
    }
    struct lb_store *store = start_store();
    store->ops->close(store);
    run_sql("DELETE FROM blocklist_log WHERE id = 60");
    expect_not_loaded("lacks 1 row");
}

/* Version 1 told nothing of rows. Its slots are the first 120 bytes of today's, and a checksum. */
static void a_mark_of_the_first_version_is_taken_and_replaced(void **state)
{
    start_and_stop_with(1, ROWS);
    for (uint64_t slot = 0; slot < 2; slot++) {
        uint8_t bytes[128];
        read_at("-mark", slot * 4096, bytes, sizeof bytes);
        bytes[7] = 1;
        uint64_t sum = htole64(XXH3_64bits(bytes, 120));
        memcpy(bytes + 120, &sum, sizeof sum);
        write_at("-mark", slot * 4096, bytes, sizeof bytes);
    }
    cut("-mark", 4096 + 128);
    lb_log_set_level(LB_LOG_INFO);
    caught_log_begin();
    for (int i = 0; i < 2; i++) {
        struct lb_store *store = start_store();
        assert_int_equal(rows_of(store), ROWS);
        store->ops->close(store);
    }
    const char *log = caught_log_end();
    lb_log_set_level((enum lb_log_level) - 1);
    assert_int_equal(caught_log_count(log, "the mark tells of the rows of the blocklist log: 60"),
                     1);
    run_sql("DELETE FROM blocklist_log WHERE id = 60");
    expect_not_loaded("lacks 1 row");
}

/* What the log holds is still there for the database that belongs to it. */
static void after_a_refusal_the_right_database_can_be_put_back(void **state)
{
    start_and_stop_with(1, ROWS);
    shell("cp '%s' '%s.old'", path, folder);
    struct lb_store *store = start_store();
    append(store, ROWS + 1, 20);
    write_back(store);
    append(store, ROWS + 21, 20);
    kill_store(store);
    shell("cp '%s' '%s.right'", path, folder);
    shell("cp '%s.old' '%s'", folder, path);
    if (try_open(&store) == LB_OK) {
        assert_int_not_equal(load(store), LB_OK);
        store->ops->close(store);
    }
    shell("cp '%s.right' '%s'", folder, path);
    store = start_store();
    assert_int_equal(rows_of(store), ROWS + 40);
    store->ops->close(store);
}

/* All that the folder has but SQLite's index of the log, which is made anew at each start. */
static void keep_bytes(void)
{
    shell("rm -rf '%s.bytes' '%s'/*-shm", folder, folder);
    shell("cp -r '%s' '%s.bytes'", folder, folder);
}

static void expect_bytes_as_kept(void)
{
    shell("rm -f '%s'/*-shm%s", folder, "");
    shell("diff -r '%s' '%s.bytes'", folder, folder);
}

/* What a refused start, or command, leaves is what it found: in the log, in the mark, and in the
 * database, which may be the only copy of its time. */
static void a_start_that_is_refused_for_its_rows_writes_nothing(void **state)
{
    start_and_stop_with(1, ROWS);
    shell("cp '%s' '%s.whole'", path, folder);
    run_sql("DELETE FROM blocklist_log WHERE id = 20");
    shell("cp '%s' '%s.lacking'", path, folder);
    shell("cp '%s.whole' '%s'", folder, path);
    struct lb_store *store = start_store();
    append(store, ROWS + 1, 1);
    kill_store(store);
    shell("cp '%s.lacking' '%s'", folder, path);
    keep_bytes();
    expect_not_loaded("damage: leadblock.db lacks ");
    expect_bytes_as_kept();
    store = open_store();
    assert_int_equal(store->ops->begin(store), LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(store->ops->probe(store), LB_ERR_STORAGE_UNAVAILABLE);
    store->ops->close(store);
    expect_bytes_as_kept();
}

static void a_row_whose_digest_has_another_length_is_named_before_a_migration(void **state)
{
    char sql[128];
    start_and_stop_with(1, ROWS);
    snprintf(sql, sizeof sql,
             "UPDATE blocklist_log SET seal = x'0102' WHERE id = 7; PRAGMA user_version = %u",
             lb_sqlite_schema_version() - 1);
    run_sql(sql);
    expect_refused("damage: row 7 of the blocklist log is wrong: its digest has the wrong length");
}

static void a_migration_does_not_begin_before_the_rows_were_compared(void **state)
{
    char sql[128];
    start_and_stop_with(1, ROWS);
    snprintf(sql, sizeof sql, "DELETE FROM blocklist_log WHERE id > 50; PRAGMA user_version = %u",
             lb_sqlite_schema_version() - 1);
    run_sql(sql);
    shell(": >'%s-wal'%s", path, ""); /* SQLite makes it when it reads */
    keep_bytes();
    for (int again = 0; again < 2; again++)
        expect_refused("damage: leadblock.db lacks 10 rows of its blocklist log");
    expect_bytes_as_kept();
}

/* --- The database is gone, or another one ----------------------------------------------------- */

static void a_database_that_is_gone_or_was_cut_is_refused(void **state)
{
    crash(ROWS);
    shell("cp '%s' '%s.kept'", path, path);
    cut("", 0);
    expect_refused("leadblock.db is absent or empty");
    take_away("");
    expect_refused("leadblock.db is absent or empty");
    shell("mv '%s-mark' '%s.mark'", path, path);
    expect_refused("leadblock.db is absent or empty");
    shell("mv '%s.mark' '%s-mark'", path, path);
    shell("cp '%s.kept' '%s'", path, path);
    struct lb_store *store = open_store();
    store->ops->close(store);
    cut("", size_of("") - PAGE);
    expect_refused("leadblock.db is shorter than it was");
}

static void a_backup_beside_a_log_or_a_mark_is_refused(void **state)
{
    crash(ROWS);
    shell("cp -r '%s' '%s.copy'", folder, folder);
    become_a_backup();
    shell("cp '%s.copy/leadblock.db-wal' '%s'", folder, folder);
    expect_refused("is a backup beside the log or the mark of another database; to start from this "
                   "backup, remove leadblock.db-wal and leadblock.db-mark");
    take_away("-wal");
    shell("cp '%s.copy/leadblock.db-mark' '%s'", folder, folder);
    expect_refused("is a backup beside the log or the mark");
    take_away("-mark");
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

static void another_database_beside_a_log_and_a_mark_is_refused(void **state)
{
    stop_with(ROWS);
    shell("cp '%s' '%s.other'", path, folder);
    shell("rm -r '%s' && mkdir '%s'", folder, folder);
    stop_with(ROWS); /* the same rows, and so the same size */
    shell("cp '%s' '%s.own'", path, folder);
    shell("cp '%s.other' '%s'", folder, path);
    expect_refused("is another database than that of its log and mark");
    shell("cp '%s.own' '%s'", folder, path);
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

/* An older copy of the database comes into its place while the server runs. */
static void a_stop_with_another_database_in_its_place_writes_nothing_back(void **state)
{
    char away[128];
    name_of(".away", away);
    stop_with(ROWS);
    shell("cp '%s' '%s.old'", path, path);
    struct lb_store *store = open_store();
    append(store, ROWS + 1, 3);
    assert_int_equal(rename(path, away), 0);
    shell("cp '%s.old' '%s'", path, path);
    shell("cp '%s' '%s.before'", away, away);
    store->ops->close(store);
    shell("cmp '%s' '%s.before'", away, away);
    expect_refused("is not the file that it was when it was removed or replaced under the running "
                   "server: put that back");
    assert_int_equal(rename(away, path), 0);
    store = open_store();
    assert_int_equal(rows_of(store), ROWS + 3);
    store->ops->close(store);
    store = open_store(); /* it is over */
    store->ops->close(store);
}

/* Replaces the file that SQLite is about to open by a copy of itself. */
static int replaced_type;

static int open_replaced(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                         int *out_flags)
{
    sqlite3_vfs *base = sqlite3_vfs_find(NULL);
    int wanted = replaced_type | SQLITE_OPEN_READWRITE;
    if (replaced_type && (flags & wanted) == wanted) {
        replaced_type = 0;
        shell("cp '%s' '%s.other'", name, name);
        shell("mv '%s.other' '%s'", name, name);
    }
    return base->xOpen(base, name, file, flags, out_flags);
}

/* What SQLite writes would be gone, or what was judged is not what answers. */
static void a_file_that_is_replaced_while_the_store_is_opened_is_noticed(void **state)
{
    static const int types[] = {SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL};
    static sqlite3_vfs replacing;
    replacing = *sqlite3_vfs_find(NULL);
    replacing.zName = store_vfs = "replacing";
    replacing.xOpen = open_replaced;
    assert_int_equal(sqlite3_vfs_register(&replacing, 0), SQLITE_OK);
    crash(ROWS);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        replaced_type = types[i];
        expect_refused(types[i] == SQLITE_OPEN_WAL ? "leadblock.db-wal was removed or replaced"
                                                   : "leadblock.db was removed or replaced");
        assert_int_equal(replaced_type, 0);
    }
    struct lb_store *store = start_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
    sqlite3_vfs_unregister(&replacing);
}

static void files_that_are_taken_away_are_noticed(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-mark"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[128], other[128];
        name_of(suffixes[i], name);
        name_of(".away", other);
        struct lb_store *store = open_store();
        assert_int_equal(store->ops->intact(store, &reason), LB_OK);
        assert_int_equal(rename(name, other), 0);
        assert_int_equal(store->ops->intact(store, &reason), LB_ERR_STORAGE_UNAVAILABLE);
        assert_non_null(strstr(reason.text, name));
        shell("cp '%s' '%s'", other, name); /* the same bytes are not the same file */
        assert_int_equal(store->ops->intact(store, &reason), LB_ERR_STORAGE_UNAVAILABLE);
        assert_int_equal(rename(other, name), 0);
        assert_int_equal(store->ops->intact(store, &reason), LB_OK);
        store->ops->close(store);
    }
}

/* --- Databases of version 0.1.0 --------------------------------------------------------------- */

/* The newest that programs without checksums know. */
static unsigned old_schema(void)
{
    unsigned number = 0;
    while (strcmp(lb_sqlite_migrations[number].name, "checksums") != 0)
        number++;
    return number;
}

/* As a program without the layer sees it, which refuses a higher number than it knows. */
static void expect_schema_of_checksums(void)
{
    uint8_t header[100];
    read_at("", 0, header, sizeof header);
    if (header[LB_PAGE_RESERVED_AT] == LB_PAGE_RESERVED)
        assert_true(lb_wal_u32(header + 60) > old_schema());
}

static void a_program_without_checksums_refuses_a_database_that_has_them(void **state)
{
    stop_with(1);
    expect_schema_of_checksums();
    become_a_backup();
    expect_schema_of_checksums();
}

/* With `rows` rows, the last of them only in a log that nobody has written back. */
static void make_old(unsigned rows)
{
    sqlite3 *db;
    char sql[256];
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
    for (unsigned i = 0; i < old_schema(); i++)
        assert_int_equal(sqlite3_exec(db, lb_sqlite_migrations[i].sql, NULL, NULL, NULL),
                         SQLITE_OK);
    snprintf(sql, sizeof sql, "PRAGMA application_id = 0x6c656164; PRAGMA user_version = %u",
             old_schema());
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "INSERT INTO workspace VALUES (1, 'ws_1', 'Old', 'pro', 5, NULL)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (unsigned i = 1; i <= rows; i++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO blocklist_log (id, workspace, campaign, kind, continues, key, at,"
                 " items) VALUES (%u, 1, 0, 0, 0, 0, 8, 'old-%u' || hex(zeroblob(300)))",
                 i, i);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        if (i == rows / 2)
            sqlite3_exec(db, "PRAGMA wal_checkpoint", NULL, NULL, NULL);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* What the restore of version 0.1.0 did, which had no mark to remove. */
static void a_backup_of_the_first_version_beside_a_mark_is_refused_with_advice(void **state)
{
    stop_with(ROWS);
    shell("rm '%s' '%s-wal'", path, path);
    make_old(ROWS);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_refused("remove leadblock.db-wal and leadblock.db-mark");
    take_away("-mark");
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

/* A package of an earlier version reads it there. */
static void the_header_of_the_file_has_the_schema_from_the_start_on(void **state)
{
    uint8_t bytes[4];
    struct lb_store *store = open_store();
    read_at("", 60, bytes, sizeof bytes);
    assert_int_equal(bytes[3], lb_sqlite_schema_version());
    kill_store(store);
}

static void a_database_of_the_first_version_gets_checksums(void **state)
{
    make_old(ROWS);
    lb_log_set_level(LB_LOG_INFO);
    caught_log_begin();
    struct lb_store *store = open_store();
    const char *log = caught_log_end();
    lb_log_set_level((enum lb_log_level) - 1);
    assert_int_equal(caught_log_count(log, " checksums to the pages of "), 2);
    assert_int_equal(rows_of(store), ROWS);
    append(store, ROWS + 1, 5);
    store->ops->close(store);
    assert_int_equal(wrong_pages(), 0);
    store = open_store();
    assert_int_equal(rows_of(store), ROWS + 5);
    store->ops->close(store);
}

static bool told_to_stop(void)
{
    return false;
}

static void adding_checksums_can_be_stopped(void **state)
{
    make_old(ROWS);
    keep_going = told_to_stop;
    expect_refused("which is as it was: told to stop");
    keep_going = NULL;
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

/* It would have valid checksums from then on. */
static void what_is_damaged_already_gets_no_checksums(void **state)
{
    static const uint8_t zeros[PAGE];
    make_old(ROWS);
    int64_t rows;
    assert_int_equal(read_all(NULL, &rows), SQLITE_OK); /* and it has no log any more */
    write_at("", size_of("") - PAGE, zeros, PAGE);
    shell("cp '%s' '%s.before'", path, folder);
    expect_refused("which is as it was: it is damaged already; restore a backup");
    shell("cmp '%s' '%s.before'", path, folder);
}

static void a_crash_right_after_checksums_were_added_loses_nothing(void **state)
{
    make_old(ROWS);
    for (int i = 0; i < 2; i++) {
        kill_store(open_store());
        assert_int_equal(wrong_pages(), 0);
    }
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
}

static void what_an_interrupted_attempt_left_is_no_hindrance(void **state)
{
    make_old(ROWS);
    shell("head -c 10000 '%s' >'%s.new'", path, path);
    struct lb_store *store = open_store();
    assert_int_equal(rows_of(store), ROWS);
    store->ops->close(store);
    assert_int_equal(wrong_pages(), 0);
    shell("test ! -e '%s.new'%s", path, "");
}

/* Killed at random moments, it ends some time, and nothing is missing. */
static void adding_checksums_survives_kills(void **state)
{
    unsigned killed = 0;
    for (int round = 0; round < 2; round++) {
        make_old(ROWS);
        bool done = false;
        for (unsigned attempt = 1; !done; attempt++) {
            pid_t child = fork();
            if (child == 0) {
                struct lb_store *store;
                _exit(try_open(&store) == LB_OK ? 0 : 1);
            }
            /* Sooner or later it is quick enough, and where it is slow not much later. */
            usleep((useconds_t)below(3000 * attempt * (1 + attempt / 8)));
            kill(child, SIGKILL);
            int status;
            waitpid(child, &status, 0);
            done = WIFEXITED(status);
            assert_true(!done || WEXITSTATUS(status) == 0);
            killed += !done;
            expect_schema_of_checksums();
        }
        struct lb_store *store = open_store();
        struct lb_verify verify = {.store = store};
        assert_int_equal(rows_of(store), ROWS);
        assert_int_equal(lb_verify_log(&verify, &reason), LB_OK);
        assert_int_equal(verify.rows, ROWS);
        store->ops->close(store);
        assert_int_equal(wrong_pages(), 0);
        shell("rm -r '%s' && mkdir '%s'", folder, folder);
    }
    print_message("killed %u times\n", killed);
    assert_true(killed > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_page_of_the_database_has_a_checksum),
        TEST(a_flipped_bit_in_the_database_is_an_error),
        TEST(a_page_at_a_wrong_place_is_an_error),
        TEST(part_of_a_page_is_compared_as_the_whole),
        TEST(a_start_names_the_damaged_page),
        TEST(a_damaged_free_page_is_named_as_such),
        TEST(damage_does_not_tie_the_database_to_its_disk),
        TEST(a_flipped_bit_in_the_log_is_noticed_when_its_page_is_read),
        TEST(the_log_is_one_for_every_program),
        TEST(a_transaction_larger_than_the_cache_is_checked_as_others),
        TEST(a_backup_has_checksums),
        TEST(a_backup_tells_damage_where_nothing_is_from_damage),
        TEST(a_header_that_denies_the_checksums_is_damage),
        TEST(a_killed_store_starts_again),
        TEST(a_flipped_bit_in_the_used_part_of_the_log_is_refused),
        TEST(the_refusal_says_how_much_is_lost_at_most),
        TEST(a_log_that_was_cut_or_taken_away_is_refused),
        TEST(an_older_log_is_refused),
        TEST(after_a_crash_the_log_begins_anew),
        TEST(a_reader_over_the_start_after_a_crash_keeps_writes_back),
        TEST(a_reader_over_a_start_where_nothing_was_left_keeps_nothing_back),
        TEST(the_header_of_the_file_has_the_schema_from_the_start_on),
        TEST(a_row_whose_digest_has_another_length_is_named_before_a_migration),
        TEST(after_a_clean_stop_the_log_is_not_needed),
        TEST(a_mark_that_lacks_its_newest_slot_is_no_damage),
        TEST(a_database_that_was_in_use_is_refused_without_its_mark),
        TEST(a_first_start_that_was_interrupted_hinders_nothing),
        TEST(a_loss_that_is_accepted_keeps_what_was_before_it_and_a_copy),
        TEST(a_loss_that_cannot_be_accepted_stays_refused),
        TEST(accepting_a_loss_loses_nothing_without_damage),
        TEST(a_log_that_was_written_back_is_not_used_in_part),
        TEST(only_what_was_not_written_back_is_lost_with_the_log),
        TEST(a_log_that_is_damaged_while_it_is_written_back_is_a_loss_that_nothing_bounds),
        TEST(rows_that_were_deleted_after_a_stop_are_noticed),
        TEST(an_older_copy_of_the_database_is_noticed),
        TEST(a_loss_of_rows_that_is_accepted_keeps_a_copy),
        TEST(rows_that_are_lost_with_the_log_are_told),
        TEST(rows_that_are_lost_beside_the_log_are_told),
        TEST(each_damage_has_a_copy_of_its_own),
        TEST(a_loss_of_rows_that_leaves_no_consistent_database_stays_refused),
        TEST(keeping_a_copy_keeps_the_locks),
        TEST(a_log_that_goes_on_after_the_mark_is_right),
        TEST(rows_that_were_rolled_back_are_not_expected),
        TEST(a_store_that_is_opened_without_its_log_forgets_nothing),
        TEST(a_mark_of_the_first_version_is_taken_and_replaced),
        TEST(after_a_refusal_the_right_database_can_be_put_back),
        TEST(a_database_that_is_gone_or_was_cut_is_refused),
        TEST(a_backup_beside_a_log_or_a_mark_is_refused),
        TEST(another_database_beside_a_log_and_a_mark_is_refused),
        TEST(a_stop_with_another_database_in_its_place_writes_nothing_back),
        TEST(a_start_that_is_refused_for_its_rows_writes_nothing),
        TEST(a_migration_does_not_begin_before_the_rows_were_compared),
        TEST(a_file_that_is_replaced_while_the_store_is_opened_is_noticed),
        TEST(files_that_are_taken_away_are_noticed),
        TEST(a_program_without_checksums_refuses_a_database_that_has_them),
        TEST(a_backup_of_the_first_version_beside_a_mark_is_refused_with_advice),
        TEST(a_database_of_the_first_version_gets_checksums),
        TEST(adding_checksums_can_be_stopped),
        TEST(what_is_damaged_already_gets_no_checksums),
        TEST(a_crash_right_after_checksums_were_added_loses_nothing),
        TEST(what_an_interrupted_attempt_left_is_no_hindrance),
        TEST(adding_checksums_survives_kills),
    };
    lb_log_set_level((enum lb_log_level) - 1); /* damage is what this is about */
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
