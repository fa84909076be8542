-- A data folder as version 0.1.0 left it (the program of commit 69b0283, `sqlite3 leadblock.db .dump`):
-- john-doe is blocked in the campaign q1, jane-smith was and is not any more, ada-lovelace is blocked in the
-- workspace. Its key is lb_5dsfa5jqv9s0_g5gd7f9d8ja26j3xrb4z0gvrp5dy2pd25c60b941.
PRAGMA journal_mode=WAL;
PRAGMA application_id=1818583396;
PRAGMA user_version=1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE workspace (
    no         INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    id         TEXT NOT NULL UNIQUE,              -- ws_...
    name       TEXT NOT NULL,
    plan       TEXT NOT NULL CHECK (plan IN ('starter', 'pro', 'agency')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER                            -- end of the licence
);
INSERT INTO workspace VALUES(1,'ws_yr5tk7rqv94bkq9x','Acme','agency',1795957016715,NULL);
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
INSERT INTO api_key VALUES(1,'5dsfa5jqv9s0',1,'crm',X'5836e8c2fb3c4820896ed23289af45d1ea3aef73c6196b133537bb704bcb0b38',0,0,1795957016825,NULL,NULL,1795957017860);
CREATE TABLE campaign (
    no         INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace  INTEGER NOT NULL REFERENCES workspace (no),
    id         TEXT NOT NULL,    -- what clients use; unique among the workspace's campaigns
    name       TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('draft', 'active', 'paused', 'completed', 'error')),
    created_at INTEGER NOT NULL,
    deleted_at INTEGER           -- its blocklist ended with it
);
INSERT INTO campaign VALUES(1,1,'q1','Q1 outreach','draft',1795957017025,NULL);
CREATE TABLE blocklist_log (
    id        INTEGER PRIMARY KEY, -- entry id of the first item
    workspace INTEGER NOT NULL,
    campaign  INTEGER NOT NULL,    -- 0: the workspace's own list
    kind      INTEGER NOT NULL,    -- 0: block, 1: unblock, 2: restore (an unblock was undone)
    continues INTEGER NOT NULL,    -- 1: same request as the row before
    key       INTEGER NOT NULL,    -- who: api_key.no, 0: an operator
    at        INTEGER NOT NULL,
    reason    TEXT,
    items     TEXT NOT NULL        -- joined by commas: identifiers (kind 0), else entry ids
);
INSERT INTO blocklist_log VALUES(1,1,1,0,0,1,1795957017424,'asked to stop','john-doe,jane-smith');
INSERT INTO blocklist_log VALUES(3,1,0,0,0,1,1795957017644,'client','ada-lovelace');
INSERT INTO blocklist_log VALUES(4,1,1,1,0,1,1795957017861,NULL,'2');
CREATE TABLE audit_log (
    id        INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    key       INTEGER NOT NULL, -- who: api_key.no, 0: an operator
    at        INTEGER NOT NULL,
    action    TEXT NOT NULL,    -- such as campaign.delete
    target    TEXT NOT NULL     -- id of what it was done to
);
INSERT INTO audit_log VALUES(1,1,0,1795957016716,'workspace.create','ws_yr5tk7rqv94bkq9x');
INSERT INTO audit_log VALUES(2,1,0,1795957016825,'key.create','5dsfa5jqv9s0');
INSERT INTO audit_log VALUES(3,1,0,1795957017025,'campaign.create','q1');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('workspace',1);
INSERT INTO sqlite_sequence VALUES('api_key',1);
INSERT INTO sqlite_sequence VALUES('campaign',1);
CREATE UNIQUE INDEX campaign_by_id ON campaign (workspace, id) WHERE deleted_at IS NULL;
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
LEFT JOIN api_key k ON k.no = l.key
;
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
COMMIT;
