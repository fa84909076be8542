-- Times are milliseconds since 1970 UTC; NULL means "none".

-- A customer. Everything else belongs to one.
CREATE TABLE workspace (
    no         INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    id         TEXT NOT NULL UNIQUE,              -- ws_...
    name       TEXT NOT NULL,
    plan       TEXT NOT NULL CHECK (plan IN ('starter', 'pro', 'agency')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER                            -- end of the licence
);

-- Keys of the API. Only a hash of the secret is kept.
CREATE TABLE api_key (
    no           INTEGER PRIMARY KEY AUTOINCREMENT, -- what blocklist_log.key refers to
    id           TEXT NOT NULL UNIQUE,              -- the middle part of lb_<id>_<secret>
    workspace    INTEGER NOT NULL REFERENCES workspace (no),
    name         TEXT NOT NULL,
    secret_hash  BLOB NOT NULL,                     -- BLAKE2b-256 of the secret
    read_only    INTEGER NOT NULL,                  -- 1: may only check and list
    rate_limit   INTEGER NOT NULL,                  -- requests per second, 0: the server's default
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER                            -- written about once a minute
);

CREATE TABLE campaign (
    no         INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace  INTEGER NOT NULL REFERENCES workspace (no),
    id         TEXT NOT NULL,    -- what clients use; unique among the workspace's campaigns
    name       TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('draft', 'active', 'paused', 'completed', 'error')),
    created_at INTEGER NOT NULL,
    deleted_at INTEGER           -- its blocklist ended with it
);
CREATE UNIQUE INDEX campaign_by_id ON campaign (workspace, id) WHERE deleted_at IS NULL;

-- Every block and unblock, in order; rows are only ever appended. A row packs up to 50 items, and
-- item i of a row (from 0) has the entry id `id + i`. What is blocked now is the view
-- blocklist_live; every event one by one is the view blocklist_history.
CREATE TABLE blocklist_log (
    id        INTEGER PRIMARY KEY, -- entry id of the first item
    workspace INTEGER NOT NULL,
    campaign  INTEGER NOT NULL,    -- 0: the workspace's own list
    kind      INTEGER NOT NULL,    -- 0: block, 1: unblock, 2: restore (an unblock was undone)
    continues INTEGER NOT NULL,    -- 1: same request as the row before
    key       INTEGER NOT NULL,    -- who: api_key.no, 0: an operator
    at        INTEGER NOT NULL,
    reason    TEXT,
    undoes    INTEGER,             -- the change (id of its first row) that this one takes back
    items     TEXT NOT NULL        -- joined by commas: identifiers (kind 0), else entry ids
);
CREATE INDEX blocklist_log_undoes ON blocklist_log (undoes) WHERE undoes IS NOT NULL;

-- What was done besides blocking: campaigns, keys, licences.
CREATE TABLE audit_log (
    id        INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    key       INTEGER NOT NULL, -- who: api_key.no, 0: an operator
    at        INTEGER NOT NULL,
    action    TEXT NOT NULL,    -- such as campaign.delete
    target    TEXT NOT NULL     -- id of what it was done to
);

-- One row an event: who blocked or unblocked whom, where, when and why.
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
       k.id AS key_id,                     -- NULL: an operator
       k.name AS key_name
FROM blocklist_log l
JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
JOIN workspace w ON w.no = l.workspace
LEFT JOIN campaign c ON c.no = l.campaign
LEFT JOIN api_key k ON k.no = l.key;

-- Who is blocked now: blocks whose last event is not an unblock, of campaigns that still exist.
CREATE VIEW blocklist_live AS
SELECT b.entry, b.workspace_id, b.campaign_id, b.identifier, b.reason, b.at, b.key_id, b.key_name
FROM blocklist_history b
LEFT JOIN (
    SELECT CAST(item.value AS INTEGER) AS block_entry, max(l.id) AS last, l.kind AS kind
    FROM blocklist_log l JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
    WHERE l.kind > 0
    GROUP BY 1
) taken ON taken.block_entry = b.entry
WHERE b.event = 'block' AND b.campaign_deleted_at IS NULL AND coalesce(taken.kind, 2) = 2;
