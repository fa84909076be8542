/* The program: one table of commands, and the way from the command line to one of them. */
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/named.h"
#include "cli/terminal.h"

#include <fcntl.h>
#include <stdio.h>

#define API   (LB_BIT(URL) | LB_BIT(KEY) | LB_BIT(WORKSPACE))
#define IDS   (LB_BIT(FILE) | LB_BIT(COLUMN) | LB_BIT(BATCH) | LB_BIT(SKIP_INVALID))
#define TYPED (LB_BIT(ALL_TYPES) | LB_BIT(COLUMNS) | LB_BIT(DRY_RUN))
#define ADMIN (LB_BIT(DATA) | LB_BIT(DATABASE) | LB_BIT(JSON))
#define LIST_OPTIONS                                                                               \
    (LB_CLI_NAMED | TYPED | LB_BIT(DATA) | LB_BIT(FILE) | LB_BIT(COLUMN) | LB_BIT(SKIP_INVALID) |  \
     LB_BIT(JSON))
#define MANY 1000000 /* arguments; the system's own limit is lower */

#define WORKSPACE_IS "WORKSPACE is an id, or a name that only one workspace has.\n"

#define FILE_IS                                                                                    \
    "Identifiers are names or profile URLs: john-doe, https://www.linkedin.com/in/john-doe/.\n"    \
    "A file is sent as it is: an export, a spreadsheet as CSV or text, a list, a mail. The\n"      \
    "column with the people is found, or it is the one that --column names; if that is not\n"      \
    "certain, the columns are listed and nothing is done.\n"

#define INVALID_IS                                                                                 \
    "An invalid identifier rejects all of them, and a bad row the whole file, unless\n"            \
    "--skip-invalid is given.\n"

#define TRY_IS "Of the rows that are not taken the first 100 are shown, with --dry-run all.\n"

const struct lb_cli_command lb_cli_commands[] = {
    {"serve", "[OPTIONS]", "Run the server.",
     "It answers on --listen and keeps its data in --data. An option is also an environment\n"
     "variable, named after its default; the option wins.\n"
     "\n"
     "  leadblock serve --demo\n"
     "  leadblock serve --data /var/lib/leadblock --listen 0.0.0.0:8080\n",
     0, 0, true, 0, 0, lb_cmd_serve, LB_GROUP_FIRST_STEPS},
    {"workspace create", "NAME --plan PLAN [--expires DATE]", "Create a workspace; prints its id.",
     "Without --expires the license has no end. Blocking in a campaign needs pro or agency.\n"
     "\n"
     "  leadblock workspace create \"Acme\" --plan agency\n"
     "  leadblock workspace create \"Acme\" --plan pro --expires 2027-12-31\n",
     ADMIN | LB_BIT(PLAN) | LB_BIT(EXPIRES), LB_BIT(PLAN), false, 1, 1, lb_cmd_workspace_create,
     LB_GROUP_FIRST_STEPS},
    {"workspace list", "", "Show all workspaces.", "", ADMIN, 0, false, 0, 0, lb_cmd_workspace_list,
     LB_GROUP_OPERATION},
    {"workspace set-plan", "WORKSPACE PLAN [--expires DATE]", "Change or renew a license.",
     WORKSPACE_IS "Without --expires the license has no end.\n"
                  "\n"
                  "  leadblock workspace set-plan Acme pro --expires 2027-12-31\n",
     ADMIN | LB_BIT(EXPIRES), 0, false, 2, 2, lb_cmd_workspace_set_plan, LB_GROUP_OPERATION},
    {"workspace country", "WORKSPACE COUNTRY", "Say whose national phone numbers are meant.",
     WORKSPACE_IS
     "COUNTRY is two letters (ISO 3166-1), or none. It holds where a request or command\n"
     "names no country, and for the phone numbers of leads that are added from then on.\n"
     "\n"
     "  leadblock workspace country Acme DE\n",
     ADMIN, 0, false, 2, 2, lb_cmd_workspace_country, LB_GROUP_OPERATION},
    {"key create", "WORKSPACE --name NAME [OPTIONS]", "Create a key; prints it this one time.",
     WORKSPACE_IS "\n"
                  "  leadblock key create Acme --name \"crm sync\"\n"
                  "  leadblock key create Acme --name dashboard --read-only --rate-limit 50\n"
                  "  export LEADBLOCK_KEY=$(leadblock key create Acme --name me)\n",
     ADMIN | LB_BIT(NAME) | LB_BIT(READ_ONLY) | LB_BIT(EXPIRES) | LB_BIT(RATE_LIMIT), LB_BIT(NAME),
     false, 1, 1, lb_cmd_key_create, LB_GROUP_FIRST_STEPS},
    {"key list", "WORKSPACE", "Show a workspace's keys, not their secrets.", WORKSPACE_IS, ADMIN, 0,
     false, 1, 1, lb_cmd_key_list, LB_GROUP_OPERATION},
    {"key revoke", "KEYID", "Revoke a key, at once and for good.",
     "KEYID is the id that `leadblock key list` shows, not the key itself.\n", ADMIN, 0, false, 1,
     1, lb_cmd_key_revoke, LB_GROUP_OPERATION},
    {"user create", "EMAIL --role ROLE [--in WORKSPACE]",
     "Let a person sign in to the dashboard; prints a link.",
     "The link sets the first password, once, within 7 days. Its address is the setting\n"
     "public-url (LEADBLOCK_PUBLIC_URL).\n"
     "\n"
     "  leadblock user create ada@example.com --role operator\n"
     "  leadblock user create bob@example.com --role viewer --in Acme\n",
     ADMIN | LB_BIT(ROLE) | LB_BIT(IN), LB_BIT(ROLE), false, 1, 1, lb_cmd_user_create,
     LB_GROUP_FIRST_STEPS},
    {"user list", "", "Show who may sign in.", "", ADMIN, 0, false, 0, 0, lb_cmd_user_list,
     LB_GROUP_OPERATION},
    {"user reset-password", "EMAIL", "Make a link to set a new password.",
     "The old password works until the link is used, which ends all sessions.\n", ADMIN, 0, false,
     1, 1, lb_cmd_user_reset_password, LB_GROUP_OPERATION},
    {"user reset-factor", "EMAIL", "Turn off the second factor of a user who has lost it.",
     "Their sessions end. They sign in with the password alone, and are asked to set up another\n"
     "one where the server requires it.\n",
     ADMIN, 0, false, 1, 1, lb_cmd_user_reset_second_factor, LB_GROUP_OPERATION},
    {"user delete", "EMAIL [--revoke-keys]", "Delete a user, and end their sessions.",
     "What they did stays in the logs, under their e-mail address. API keys that they made stay\n"
     "valid unless --revoke-keys is given; `leadblock key list` shows who made each.\n",
     ADMIN | LB_BIT(REVOKE_KEYS), 0, false, 1, 1, lb_cmd_user_delete, LB_GROUP_OPERATION},
    {"campaign create", "WORKSPACE NAME [--id ID]", "Create a campaign; prints its id.",
     WORKSPACE_IS "Settings can be changed later: `leadblock campaign set`.\n"
                  "\n"
                  "  leadblock campaign create Acme \"Q1 outreach\" --id q1\n"
                  "  leadblock campaign create Acme Q2 --skip-contacted 90 --stop-colleagues\n",
     ADMIN | LB_BIT(ID) | LB_BIT(BLOCK_ON_REPLY) | LB_BIT(SKIP_CONTACTED) | LB_BIT(STOP_COLLEAGUES),
     0, false, 2, 2, lb_cmd_campaign_create, LB_GROUP_FIRST_STEPS},
    {"campaign set", "WORKSPACE CAMPAIGN", "Change a campaign's settings or name.",
     WORKSPACE_IS "What is not named stays as it is; prints the settings then.\n"
                  "The server must be running.\n"
                  "\n"
                  "  leadblock campaign set Acme q1 --skip-contacted 90 --off stop-colleagues\n",
     ADMIN | LB_BIT(NAME) | LB_BIT(BLOCK_ON_REPLY) | LB_BIT(SKIP_CONTACTED) |
         LB_BIT(STOP_COLLEAGUES) | LB_BIT(OFF),
     0, false, 2, 2, lb_cmd_campaign_set, LB_GROUP_OPERATION},
    {"campaign list", "WORKSPACE", "Show a workspace's campaigns.", WORKSPACE_IS, ADMIN, 0, false,
     1, 1, lb_cmd_campaign_list, LB_GROUP_OPERATION},
    {"installation block", "[IDENTIFIER...] [--file FILE]",
     "Block people and companies in every workspace.",
     "The installation has a blocklist of its own, which holds in every workspace, also in those\n"
     "that are made later. Workspaces are told that a name is in it, and not why. Repeating it is\n"
     "safe. The server must be running.\n"
     "\n"
     "  leadblock installation block john-doe --reason \"asked all of us to stop\"\n"
     "  leadblock installation block --domain acme.com --kind legal\n"
     "  leadblock installation block --file never-contact.csv --skip-invalid\n"
     "  leadblock installation block --file clients.csv --all-types --dry-run\n",
     LIST_OPTIONS | LB_BIT(FORCE) | LB_BIT(REASON) | LB_BIT(KIND) | LB_BIT(EXPIRES), 0, false, 0,
     MANY, lb_cmd_installation_block, LB_GROUP_OPERATION},
    {"installation unblock", "[IDENTIFIER...] [--file FILE]",
     "Remove entries of the installation's list.",
     "What workspaces have blocked themselves stays.\n"
     "\n"
     "  leadblock installation unblock --domain acme.com\n",
     LIST_OPTIONS, 0, false, 0, MANY, lb_cmd_installation_unblock, LB_GROUP_OPERATION},
    {"installation list", "", "Show the installation's list, newest first.",
     "Prints type, name, date, kind and reason, separated by tabs when piped.\n",
     LB_BIT(DATA) | LB_BIT(JSON), 0, false, 0, 0, lb_cmd_installation_list, LB_GROUP_OPERATION},
    {"installation undo", "CHANGE|IMPORT...", "Take changes or imports of that list back.",
     "As `leadblock undo` does it for those of a workspace.\n", LB_BIT(DATA) | LB_BIT(JSON), 0,
     false, 1, MANY, lb_cmd_installation_undo, LB_GROUP_OPERATION},
    {"block", "CAMPAIGN [IDENTIFIER...] [--file FILE]", "Block people; repeating it is safe.",
     FILE_IS INVALID_IS TRY_IS
     "\n"
     "  leadblock block q1 john-doe jane-smith --reason \"existing client\"\n"
     "  leadblock block --workspace --file do-not-contact.csv --skip-invalid\n"
     "  leadblock block q1 --file people.csv --column 3\n"
     "  leadblock block q1 --file people.csv --column \"LinkedIn profile\"\n"
     "  cut -f3 people.tsv | leadblock block q1 -\n"
     "  leadblock block --workspace --domain acme.com --kind client\n"
     "  leadblock block --workspace --file clients.csv --all-types --dry-run\n",
     API | IDS | TYPED | LB_CLI_NAMED | LB_BIT(FORCE) | LB_BIT(REASON) | LB_BIT(KIND) |
         LB_BIT(EXPIRES) | LB_BIT(JSON),
     0, false, 0, MANY, lb_cmd_block, LB_GROUP_DAILY},
    {"unblock", "CAMPAIGN [IDENTIFIER...] [--file FILE]", "Remove blocks; repeating it is safe.",
     FILE_IS INVALID_IS "The workspace's list and a campaign's are separate: removing a block from "
                        "one leaves the other.\n"
                        "\n"
                        "  leadblock unblock q1 john-doe\n"
                        "  leadblock unblock --workspace john-doe\n"
                        "  leadblock unblock q1 --file people.csv --column 3\n",
     API | IDS | TYPED | LB_CLI_NAMED | LB_BIT(JSON), 0, false, 0, MANY, lb_cmd_unblock,
     LB_GROUP_DAILY},
    {"check", "CAMPAIGN [IDENTIFIER...] [--file FILE]", "Say who is blocked and who is allowed.",
     FILE_IS INVALID_IS
     "Prints IDENTIFIER, a tab, and blocked or allowed, in the order given. A campaign's check\n"
     "counts both its own list and the workspace's; with --workspace only the latter.\n"
     "\n"
     "Of a file LinkedIn names alone are asked for, and columns with other names are told of on\n"
     "standard error. With --all-types it asks for all, and prints type, name, blocked or\n"
     "allowed, and the line, a name on each: companies and domains count, too, since they block\n"
     "who works there. Each name has a verdict of its own: contact no one of a line of which any\n"
     "name is blocked.\n"
     "\n"
     "With --quiet the exit code tells: 0 no one is blocked, 1 someone is, or it failed.\n"
     "\n"
     "  leadblock check q1 john-doe\n"
     "  leadblock check q1 --file people.csv --column \"LinkedIn profile\"\n"
     "  leadblock check q1 --file leads.csv | awk '$2 == \"allowed\" {print $1}'\n"
     "  leadblock check q1 --file contacts.csv --all-types --country DE --skip-invalid\n"
     "  leadblock check q1 john-doe --quiet && ./contact john-doe\n",
     API | IDS | LB_BIT(ALL_TYPES) | LB_BIT(COLUMNS) | LB_CLI_NAMED | LB_BIT(QUIET) | LB_BIT(JSON),
     0, false, 0, MANY, lb_cmd_check, LB_GROUP_DAILY},
    {"list", "CAMPAIGN [--search TEXT]", "Show a blocklist, newest first.",
     "Prints identifier, date and reason, separated by tabs when piped; with --all-types type,\n"
     "name, date, kind and reason.\n"
     "\n"
     "  leadblock list q1 --search doe\n"
     "  leadblock list --workspace | cut -f1\n"
     "  leadblock list --workspace --all-types\n",
     API | LB_BIT(SEARCH) | LB_BIT(ALL_TYPES) | LB_BIT(JSON), 0, false, 0, 1, lb_cmd_list,
     LB_GROUP_DAILY},
    {"export", "CAMPAIGN [--output FILE]", "Write a blocklist as CSV, all of it.",
     "The columns are publicIdentifier, reason, createdAt, by, scope and profileUrl. A cell that "
     "a\n"
     "spreadsheet would take for a formula begins with an apostrophe. `leadblock block --file`\n"
     "reads the file back and blocks the same people with the same reasons. With --all-types "
     "there\n"
     "are names of every type, which `leadblock block --all-types --file` reads back. Entries\n"
     "that were blocked with --force, such as gmail.com, need --force there, too.\n"
     "\n"
     "FILE gets its name when all of it is written; after a failure (exit code 1) one that was\n"
     "there stays as it was.\n"
     "\n"
     "  leadblock export q1 --output q1.csv\n"
     "  leadblock export --workspace --output blocked.csv\n"
     "  leadblock export --audit > audit.csv\n"
     "  leadblock export q1 | leadblock block q2 -\n",
     API | LB_BIT(SEARCH) | LB_BIT(ALL_TYPES) | LB_BIT(AUDIT) | LB_BIT(OUTPUT), 0, false, 0, 1,
     lb_cmd_export, LB_GROUP_DAILY},
    {"imports", "", "Show the imports of files, newest first.",
     "Prints id, date, state (running, done, broken_off or undone), action, how many leads it\n"
     "blocked or unblocked, the campaign or workspace, and who it was, separated by tabs when\n"
     "piped. `leadblock undo` takes an import back as a whole.\n"
     "\n"
     "  leadblock imports\n",
     LB_BIT(URL) | LB_BIT(KEY) | LB_BIT(JSON), 0, false, 0, 0, lb_cmd_imports, LB_GROUP_DAILY},
    {"undo", "CHANGE|IMPORT...", "Take changes or imports back; repeating it is safe.",
     "CHANGE is an id such as ch_42_9k3vx0ts, as `leadblock block` and `leadblock unblock` print\n"
     "it, and as `leadblock export --audit` lists them. IMPORT is one as `leadblock block --file`\n"
     "prints it and `leadblock imports` lists them. Exactly what it did is taken back; what\n"
     "others blocked stays. The undo of a change has an id of its own, which is printed and\n"
     "can be undone, too.\n"
     "\n"
     "  leadblock undo ch_42_9k3vx0ts\n"
     "  leadblock undo im_4egcwve73sqn91xt\n",
     LB_BIT(URL) | LB_BIT(KEY) | LB_BIT(JSON), 0, false, 1, MANY, lb_cmd_undo, LB_GROUP_DAILY},
    {"erase", "NAME...", "Erase a person, who stays blocked; it cannot be undone.",
     "All names are one person's: LinkedIn names, addresses of profiles, member ids, e-mail\n"
     "addresses, and phone numbers. Digits alone are a phone number; a LinkedIn name of digits is\n"
     "given as its address. They leave the blocklist log, with reasons that mention them; leads\n"
     "that have one of them are deleted. Whom the workspace had blocked is blocked from then on "
     "by\n"
     "keyed hashes of the names. Try it with --dry-run first. Backups that were made before still\n"
     "have the names.\n"
     "\n"
     "  leadblock erase --dry-run john-doe john@example.com +442079460958\n"
     "  leadblock erase john-doe john@example.com +442079460958\n",
     LB_BIT(URL) | LB_BIT(KEY) | LB_BIT(COUNTRY) | LB_BIT(DRY_RUN) | LB_BIT(JSON), 0, false, 1,
     MANY, lb_cmd_erase, LB_GROUP_DAILY},
    {"lead add", "CAMPAIGN --file FILE", "Add the people of a file to a campaign.",
     "The file is sent as it is: an export, a spreadsheet as CSV or text. The column with the\n"
     "people is found, or it is the one that --column names. Columns called first name, last\n"
     "name and company fill the lead's fields, all others its variables. People who are in the\n"
     "campaign already stay as they are; who is blocked is added and not contacted. A bad row\n"
     "rejects the whole file, unless --skip-invalid is given.\n"
     "\n"
     "  leadblock lead add q1 --file Connections.csv --skip-invalid\n"
     "  cat people.csv | leadblock lead add q1 -\n",
     LB_BIT(URL) | LB_BIT(KEY) | LB_BIT(FILE) | LB_BIT(COLUMN) | LB_BIT(SKIP_INVALID) |
         LB_BIT(JSON),
     0, false, 1, 2, lb_cmd_lead_add, LB_GROUP_DAILY},
    {"send", "CAMPAIGN --exec PROGRAM [OPTIONS]", "Run a program for each activity that is due.",
     "PROGRAM runs as `sh -c PROGRAM`, so arguments, pipes and $VARIABLES work. It gets the\n"
     "activity as one line of JSON on standard input, and in its environment\n"
     "LEADBLOCK_ACTIVITY_ID, LEADBLOCK_TYPE (visit_profile, invitation or message),\n"
     "LEADBLOCK_PUBLIC_IDENTIFIER, LEADBLOCK_MEMBER_ID, LEADBLOCK_MESSAGE and\n"
     "LEADBLOCK_CAMPAIGN; not the key. Its exit code is the result:\n"
     "\n"
     "  0         done\n"
     "  10        the lead has replied\n"
     "  75        not now: try again later\n"
     "  126, 127  cannot be run: try again later, and stop here\n"
     "  else      failed: the lead is set to error\n"
     "\n"
     "The first line that it prints is kept with the activity. When it takes longer than\n"
     "--timeout, it is ended, and tried again later.\n"
     "\n"
     "No more is claimed than can run at once, and nothing in advance: the very next claim\n"
     "skips people who are blocked by then. It goes on until the campaign is completed; a paused\n"
     "campaign is exit code 1, unless something was done before. ^C or SIGTERM lets what runs\n"
     "finish, a second one ends it and has it tried again later; both are exit code 0.\n"
     "\n"
     "Prints IDENTIFIER, TYPE, RESULT and what the program said, separated by tabs.\n"
     "\n"
     "  leadblock send q1 --limit 1 --exec 'cat >&2; exit 75'   # only look at one\n"
     "  leadblock send q1 --once --exec ./contact.sh\n"
     "  leadblock send q1 --exec 'python3 contact.py --as me' \\\n"
     "      --parallel 4 --timeout 60\n",
     LB_BIT(URL) | LB_BIT(KEY) | LB_BIT(EXEC) | LB_BIT(PARALLEL) | LB_BIT(LEASE) | LB_BIT(TIMEOUT) |
         LB_BIT(ONCE) | LB_BIT(POLL) | LB_BIT(LIMIT) | LB_BIT(JSON),
     LB_BIT(EXEC), false, 1, 1, lb_cmd_send, LB_GROUP_DAILY},
    {"mcp", "[--allow-writes]", "Let AI assistants check people (Model Context Protocol).",
     "A server of the Model Context Protocol on standard input and output, which assistants such\n"
     "as Claude Desktop start by themselves. It asks the leadblock server with the key and offers\n"
     "the tools check, explain, list and history; with --allow-writes also block and unblock. A\n"
     "key that was made with --read-only makes sure that nothing is written.\n"
     "\n"
     "In the settings of the assistant (docs/mcp.md):\n"
     "\n"
     "  {\"mcpServers\": {\"leadblock\": {\n"
     "    \"command\": \"leadblock\", \"args\": [\"mcp\"],\n"
     "    \"env\": {\"LEADBLOCK_URL\": \"https://blocklist.example.com\",\n"
     "            \"LEADBLOCK_KEY\": \"lb_...\"}}}}\n"
     "\n"
     "Nothing is shown to a person: try it with an inspector, such as\n"
     "\n"
     "  npx @modelcontextprotocol/inspector leadblock mcp\n",
     LB_BIT(URL) | LB_BIT(KEY) | LB_BIT(ALLOW_WRITES), 0, false, 0, 0, lb_cmd_mcp, LB_GROUP_DAILY},
    {"backup", "TARGET [--keep N] [--keep-days DAYS]", "Write a consistent copy, and read it back.",
     "TARGET is a folder, in which the copy gets the name leadblock-YYYYMMDDTHHMMSSZ.db, or a "
     "file\n"
     "that does not exist yet. The server writes it, as its own user, while it runs. Then the "
     "copy\n"
     "is read back and looked through as by `leadblock verify`, in a folder beside it, which "
     "takes\n"
     "as much room again. When it is not whole, it is named NAME.damaged, and the exit code is 1.\n"
     "Backups into one folder take their turns.\n"
     "\n"
     "With --keep or --keep-days older backups in the folder are removed: those that none of the\n"
     "two keeps, only when the new one was found whole, and never that one. Other files stay.\n"
     "\n"
     "  leadblock backup /backup/leadblock-$(date +%F).db\n"
     "  leadblock backup /var/lib/leadblock/backups --keep-days 14\n"
     "  leadblock backup /backup --keep 30\n",
     ADMIN | LB_BIT(KEEP) | LB_BIT(KEEP_DAYS) | LB_BIT(NO_CHECK), 0, false, 1, 1, lb_cmd_backup,
     LB_GROUP_DATA},
    {"restore", "BACKUP [--from OLD_FOLDER] [--replace]",
     "Put a backup back; lists what goes back in time.",
     "The server must be stopped. The backup is looked through as by `leadblock verify`, brought\n"
     "to this version, and becomes the database of the data folder. Campaigns that are active in\n"
     "it are paused, and all sessions and one-time links in it end: users sign in again.\n"
     "\n"
     "OLD_FOLDER is the data folder of before, if it can still be read. People whom it has "
     "blocked\n"
     "and the backup lacks are blocked again, with their reasons; no one is unblocked. Lists of\n"
     "campaigns that the backup lacks are kept for a campaign of the same id. Then all that goes\n"
     "back is listed, with what to do: keys, users and passwords that work again, licenses,\n"
     "campaigns, and what was made since and is lost.\n"
     "\n"
     "A database that is in the data folder already is refused; with --replace it is moved into\n"
     "the folder before-TIME in it, and is OLD_FOLDER when none is given. When anything fails, "
     "all\n"
     "stays as it was, and the exit code is 1.\n"
     "\n"
     "  leadblock restore /backup/leadblock-20261129T031500Z.db \\\n"
     "      --data /var/lib/leadblock --replace\n"
     "  leadblock restore copy.db --data ./leadblock-data --from /mnt/old/leadblock\n",
     LB_BIT(DATA) | LB_BIT(FROM) | LB_BIT(REPLACE) | LB_BIT(JSON), 0, false, 1, 1, lb_cmd_restore,
     LB_GROUP_DATA},
    {"copy", "--from DATABASE --to DATABASE", "Copy all data to PostgreSQL, or back.",
     "DATABASE is a data folder, or a PostgreSQL database: postgresql://USER@HOST/NAME or\n"
     "\"host=... dbname=...\"; sqlite:FOLDER if the name of a folder looks like that. A password\n"
     "is better kept in ~/.pgpass or PGPASSWORD, which other users cannot see.\n"
     "\n"
     "Stop all servers of both first. The target must be empty. Everything is copied under the\n"
     "numbers and ids that it has, so keys, cursors and X-Change-Ids stay valid. The source is\n"
     "only read. After an interruption the same command continues where it stopped; until it\n"
     "is done, no server starts on the target. At the end both are read and compared, table\n"
     "by table; a difference is exit code 1.\n"
     "\n"
     "  leadblock copy --from /var/lib/leadblock \\\n"
     "      --to postgresql://leadblock@db.internal/leadblock\n"
     "  leadblock copy --from postgresql://leadblock@db.internal/leadblock \\\n"
     "      --to ./leadblock-data\n"
     "  leadblock copy --from ./leadblock-data \\\n"
     "      --to postgresql://leadblock@db/leadblock --verify\n",
     LB_BIT(FROM) | LB_BIT(TO) | LB_BIT(VERIFY) | LB_BIT(QUIET), LB_BIT(FROM) | LB_BIT(TO), false,
     0, 0, lb_cmd_copy, LB_GROUP_DATA},
    {"verify", "DATABASE [--evidence FILE]",
     "Look for damage in a data folder or PostgreSQL database.",
     "DATABASE as for `leadblock copy`. Reads the whole database of a folder, every page of which\n"
     "has a checksum, and goes through the blocklist log: each row has a digest over itself and "
     "the\n"
     "one before it, so that rows that were changed, removed or moved are found. The first that "
     "is\n"
     "wrong is named, and the exit code is 1. Then it reads the log into memory as a start does,\n"
     "which takes as much of it. The server of a folder must be stopped; those of a PostgreSQL\n"
     "database may run. A database of an earlier version is refused, and stays as it\n"
     "is: its log has no digests.\n"
     "\n"
     "With --evidence, it also compares a statement that `leadblock evidence` or GET /v1/evidence\n"
     "has made: its signature, that the log still holds the row that was its last one, and that\n"
     "the log says of the person what the statement says. The first difference is exit code 1.\n"
     "\n"
     "  leadblock verify /var/lib/leadblock\n"
     "  leadblock verify postgresql://leadblock@db.internal/leadblock\n"
     "  leadblock verify /var/lib/leadblock --evidence john-doe.json\n",
     LB_BIT(QUIET) | LB_BIT(EVIDENCE) | LB_BIT(JSON), 0, false, 1, 1, lb_cmd_verify, LB_GROUP_DATA},
    {"evidence", "WORKSPACE [--lead IDENTIFIER]",
     "Print a signed statement about a workspace's log.",
     WORKSPACE_IS
     "The statement says where the log ends, and with --lead, --email, --phone, --domain or\n"
     "--company what happened to that person or company: every block and unblock of that name,\n"
     "when, by whom, in which list and why. Keep it outside of the server:\n"
     "`leadblock verify --evidence` compares it with the log later, and finds out when the log\n"
     "was changed before that point. docs/guarantee.md, or http://HOST/docs/guarantee, says what\n"
     "that proves.\n"
     "\n"
     "  leadblock evidence Acme > head-$(date +%F).json\n"
     "  leadblock evidence Acme --lead john-doe > john-doe.json\n"
     "  leadblock evidence Acme --email john@acme.com > john-mail.json\n"
     "  leadblock evidence --public-key\n",
     ADMIN | LB_BIT(LEAD) | LB_CLI_NAMED | LB_BIT(PUBLIC_KEY), 0, false, 0, 1, lb_cmd_evidence,
     LB_GROUP_DATA},
    {"doctor", "[--url URL] [--names]", "Look for what is wrong, and say what to do about it.",
     "Looks at the settings of the environment (with --env-file at the service's), the data\n"
     "folder, its disk and how fast it makes data durable, the limits of the server's process,\n"
     "the clock, the backups, and whether a start would succeed, without starting. With --url,\n"
     "or the setting public-url, also at that address: the end of its certificate, whether\n"
     "leadblock answers there, and whether the proxy passes on who asks. Run it as the server's\n"
     "user; it changes nothing.\n"
     "\n"
     "Prints ok, note, warning or error, what was looked at, what was found and what to do.\n"
     "The exit code is 1 when there is a warning or an error, else 0.\n"
     "\n"
     "Names that an earlier version stored and that are refused today are counted; --names lists\n"
     "them. Blocked ones (STORED AS block) block as they are, and are found by what was sent\n"
     "then. A lead of such a name cannot be contacted. MAY MEAN is the person, where the name\n"
     "tells: block or add that one, and remove the other. The first 10,000 are shown.\n"
     "\n"
     "  leadblock doctor --data /var/lib/leadblock \\\n"
     "      --env-file /etc/leadblock/leadblock.env\n"
     "  leadblock doctor --url https://leadblock.example.com\n"
     "  leadblock doctor --names\n",
     ADMIN | LB_BIT(FRONT) | LB_BIT(NAMES) | LB_BIT(ENV_FILE), 0, false, 0, 0, lb_cmd_doctor,
     LB_GROUP_OPERATION},
    {"top", "[--once]", "Show what the server does, live.",
     "Requests, writes and how long their commits take, queues, and of each workspace its checks,\n"
     "blocks and unblocks a second, the busiest first. It asks the server of the data folder once\n"
     "a second, as its user; q ends it. In a pipe, or with --once, it prints one second and ends.\n"
     "\n"
     "  leadblock top --data /var/lib/leadblock\n"
     "  leadblock top --once\n",
     LB_BIT(DATA) | LB_BIT(ONCE), 0, false, 0, 0, lb_cmd_top, LB_GROUP_OPERATION},
    {"ready", "", "Ask the running server whether it answers checks.",
     "Exit code 0: it does. 1: no server of the data folder is running, or it cannot. A server\n"
     "that is starting is waited for, so give a time limit, as health checks of containers have.\n"
     "\n"
     "  timeout 5 leadblock ready --data /var/lib/leadblock\n",
     LB_BIT(DATA), 0, false, 0, 0, lb_cmd_ready, LB_GROUP_OPERATION},
    {"version", "", "Print the version, commit, build, schemas and libraries.", "", LB_BIT(JSON), 0,
     false, 0, 0, lb_cmd_version, LB_GROUP_OPERATION},
    {"completion", "SHELL", "Print what completes words in bash, zsh or fish.",
     "Packages install it. By hand (zsh: with fpath+=~/.zfunc in ~/.zshrc):\n"
     "\n"
     "  leadblock completion bash \\\n"
     "      > ~/.local/share/bash-completion/completions/leadblock\n"
     "  leadblock completion zsh > ~/.zfunc/_leadblock\n"
     "  leadblock completion fish > ~/.config/fish/completions/leadblock.fish\n",
     0, 0, false, 1, 1, lb_cmd_completion, LB_GROUP_OPERATION},
    {"help", "[COMMAND]", "Explain a command.", "", LB_BIT(SETTINGS_MARKDOWN) | LB_BIT(MAN), 0,
     false, 0, 2, lb_cmd_help, LB_GROUP_OPERATION},
    {0},
};

/* Finds the command that the words begin with, and how many of them are its name. */
static const struct lb_cli_command *find_command(int count, char *const *words, int *out_used)
{
    for (const struct lb_cli_command *command = lb_cli_commands; command->name; command++) {
        size_t first = strcspn(command->name, " ");
        bool two = command->name[first] == ' ';
        if (strlen(words[0]) != first || strncmp(words[0], command->name, first) != 0)
            continue;
        if (two && (count < 2 || strcmp(words[1], command->name + first + 1) != 0))
            continue;
        *out_used = two ? 2 : 1;
        return command;
    }
    return NULL;
}

static bool is_group(const char *word)
{
    size_t len = strlen(word);
    for (const struct lb_cli_command *command = lb_cli_commands; command->name; command++) {
        if (strncmp(command->name, word, len) == 0 && command->name[len] == ' ')
            return true;
    }
    return false;
}

static int unknown_command(int count, char *const *words)
{
    const char *names[sizeof lb_cli_commands / sizeof *lb_cli_commands];
    size_t known = 0;
    char both[128];
    for (const struct lb_cli_command *command = lb_cli_commands; command->name; command++)
        names[known++] = command->name;
    if (is_group(words[0]) && count == 1) {
        fprintf(stderr, "leadblock: %s what?\nSee: leadblock help %s\n", words[0], words[0]);
        return LB_EXIT_USAGE;
    }
    snprintf(both, sizeof both, "%s %s", words[0], count > 1 ? words[1] : "");
    const char *near = lb_suggest(words[0], names, known);
    if (!near || is_group(words[0]))
        near = lb_suggest(both, names, known);
    fprintf(stderr, "leadblock: there is no command '%s'%s%s%s\nSee: leadblock help\n",
            is_group(words[0]) ? both : words[0], near ? "; did you mean '" : "", near ? near : "",
            near ? "'?" : "");
    return LB_EXIT_USAGE;
}

static int dispatch(int count, char *const *words)
{
    int used = 0;
    struct lb_cli cli;
    const struct lb_cli_command *command = find_command(count, words, &used);
    if (!command)
        return unknown_command(count, words);
    int code = lb_cli_parse(&cli, command, count - used, words + used);
    if (code == LB_EXIT_DONE && lb_cli_given(&cli, LB_OPT_HELP))
        lb_cli_help(stdout, command);
    else if (code == LB_EXIT_DONE)
        code = command->run(&cli);
    lb_cli_fini(&cli);
    return code;
}

/* A standard stream that the program was started without is held open, so that no file or
 * connection of ours takes its place and gets what is printed. Reading or writing it still fails.
 */
static bool hold_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        // cppcheck-suppress leakReturnValNotUsed ; it stays open
        if (open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (!hold_standard_streams()) {
        perror("leadblock: /dev/null, in place of a closed standard stream");
        return LB_EXIT_FAILED;
    }
    lb_terminal_guard();
    if (argc < 2) {
        lb_cli_help(stderr, NULL);
        return LB_EXIT_USAGE;
    }
    int code = LB_EXIT_DONE;
    bool group_help =
        argc == 3 && is_group(argv[1]) && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"));
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        lb_cli_help(stdout, NULL);
    else if (strcmp(argv[1], "--version") == 0)
        code = dispatch(1, (char *[]){"version", NULL});
    else if (group_help)
        code = dispatch(2, (char *[]){"help", argv[1], NULL});
    else
        code = dispatch(argc - 1, argv + 1);
    /* Output that did not get through is a failure, however well the rest went. */
    return code == LB_EXIT_DONE && !lb_cli_flush() ? LB_EXIT_FAILED : code;
}
