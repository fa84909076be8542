-- People who sign in to the dashboard, and what they want to see there.
-- Times are milliseconds since 1970 UTC; NULL means "none".

CREATE TABLE account (
    no            INTEGER PRIMARY KEY AUTOINCREMENT, -- from 2147483648: `key` of the logs means it too
    id            TEXT NOT NULL UNIQUE,              -- us_...
    email         TEXT NOT NULL,                     -- lower case
    role          TEXT NOT NULL CHECK (role IN ('operator', 'member', 'viewer')),
    workspace     INTEGER NOT NULL,                  -- 0: an operator's
    password_hash TEXT,                              -- Argon2id
    created_at    INTEGER NOT NULL,
    deleted_at    INTEGER,
    signed_in_at  INTEGER                            -- the last time
);
CREATE UNIQUE INDEX account_by_email ON account (email) WHERE deleted_at IS NULL;
INSERT INTO sqlite_sequence (name, seq) VALUES ('account', 2147483647);

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,  -- BLAKE2b-256 of the cookie's token
    account    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_by_account ON session (account);

-- One-time links with which an account gets a password.
CREATE TABLE link (
    token_hash BLOB PRIMARY KEY,
    account    INTEGER NOT NULL,  -- 0: makes the first operator
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- How many people were checked.
CREATE TABLE check_count (
    workspace INTEGER NOT NULL,
    day       INTEGER NOT NULL,  -- since 1970-01-01, UTC
    checks    INTEGER NOT NULL,
    blocked   INTEGER NOT NULL,  -- of them, those whose answer was "blocked"
    PRIMARY KEY (workspace, day)
) WITHOUT ROWID;

-- The address that a request came from; NULL: the command line.
ALTER TABLE blocklist_log ADD COLUMN source TEXT;
ALTER TABLE audit_log ADD COLUMN source TEXT;
CREATE INDEX audit_log_by_workspace ON audit_log (workspace, id);

DROP VIEW blocklist_live;
DROP VIEW blocklist_history;

-- One row an event: who blocked or unblocked whom, where, when, why and from where.
CREATE VIEW blocklist_history AS
SELECT l.id + item.key AS entry,
       w.id AS workspace_id,
       c.id AS campaign_id,                -- NULL: the workspace's own list
       c.deleted_at AS campaign_deleted_at,
       CASE l.kind WHEN 0 THEN 'block' WHEN 1 THEN 'unblock' ELSE 'restore' END AS event,
       CASE l.kind WHEN 0 THEN item.value END AS identifier,
       CASE l.kind WHEN 0 THEN l.id + item.key ELSE CAST(item.value AS INTEGER) END AS block_entry,
       l.reason,
       strftime('%Y-%m-%dT%H:%M:%fZ', l.at / 1000.0, 'unixepoch') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       k.name AS key_name,
       a.email AS account_email,
       l.source
FROM blocklist_log l
JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
JOIN workspace w ON w.no = l.workspace
LEFT JOIN campaign c ON c.no = l.campaign
LEFT JOIN api_key k ON k.no = l.key
LEFT JOIN account a ON a.no = l.key;

-- Who is blocked now: blocks whose last event is not an unblock, of campaigns that still exist.
CREATE VIEW blocklist_live AS
SELECT b.entry, b.workspace_id, b.campaign_id, b.identifier, b.reason, b.at, b.key_id, b.key_name,
       b.account_email, b.source
FROM blocklist_history b
LEFT JOIN (
    SELECT CAST(item.value AS INTEGER) AS block_entry, max(l.id) AS last, l.kind AS kind
    FROM blocklist_log l JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
    WHERE l.kind > 0
    GROUP BY 1
) taken ON taken.block_entry = b.entry
WHERE b.event = 'block' AND b.campaign_deleted_at IS NULL AND coalesce(taken.kind, 2) = 2;
