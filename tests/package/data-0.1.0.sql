-- A data folder as version 0.1.0 left it (the program of commit 91bb612f, `sqlite3 leadblock.db .dump`):
-- john-doe is blocked in the campaign q1, jane-smith was and is not any more, ada-lovelace is blocked in the
-- workspace. Its key is lb_j4c4xqdmwrd7_0cdq6j13tvh9qbpn0c8mdwqtszkz7sm4773d009b.
PRAGMA journal_mode=WAL;
PRAGMA application_id=1818583396;
PRAGMA user_version=3;
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
INSERT INTO workspace VALUES(1,'ws_yw4dnk2rd3qgxbpt','Acme','agency',1795983564832,NULL);
INSERT INTO workspace VALUES(2,'ws_qcepcfp6cydwbv0k','Other','starter',1795983564997,NULL);
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
INSERT INTO api_key VALUES(1,'j4c4xqdmwrd7',1,'crm',X'6c64f29eec94fef55865b3c14ec57cf8f8644ee2a9d9329ecd03a4fcedc55775',0,0,1795983565081,NULL,NULL,1795983565341);
INSERT INTO api_key VALUES(2,'36e2ghemp2pk',1,'gone',X'1cdcc160043ef459a9dfb2c27d203ca380f34510b19a62d4c162cb968740f655',0,0,1795983565185,NULL,1795983565295,NULL);
INSERT INTO api_key VALUES(3,'k1wr9zqexvth',2,'o',X'cd2d691fa1e0a101a27be1aaa0e639fb7b017037ade956b86e1187e7d5c3b4b4',0,0,1795983565219,NULL,NULL,1795983565332);
CREATE TABLE campaign (
    no         INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace  INTEGER NOT NULL REFERENCES workspace (no),
    id         TEXT NOT NULL,    -- what clients use; unique among the workspace's campaigns
    name       TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('draft', 'active', 'paused', 'completed', 'error')),
    created_at INTEGER NOT NULL,
    deleted_at INTEGER           -- its blocklist ended with it
, activated_at INTEGER, variables TEXT, leads_waiting   INTEGER NOT NULL DEFAULT 0, leads_active    INTEGER NOT NULL DEFAULT 0, leads_paused    INTEGER NOT NULL DEFAULT 0, leads_completed INTEGER NOT NULL DEFAULT 0, leads_error     INTEGER NOT NULL DEFAULT 0, leads_set_aside INTEGER NOT NULL DEFAULT 0, leads_invited   INTEGER NOT NULL DEFAULT 0, leads_accepted  INTEGER NOT NULL DEFAULT 0, leads_contacted INTEGER NOT NULL DEFAULT 0, leads_replied   INTEGER NOT NULL DEFAULT 0);
INSERT INTO campaign VALUES(1,1,'q1','Q1','active',1795983565323,NULL,1795983565339,NULL,1,2,0,0,0,1,0,0,0,0);
INSERT INTO campaign VALUES(2,1,'gone','Gone','draft',1795983565325,1795983565336,NULL,NULL,0,0,0,0,0,0,0,0,0,0);
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
, source TEXT);
INSERT INTO blocklist_log VALUES(1,1,1,0,0,1,1795983565326,'opted out',NULL,'john-doe,jane-smith','127.0.0.1');
INSERT INTO blocklist_log VALUES(3,1,1,1,0,1,1795983565327,NULL,NULL,'2','127.0.0.1');
INSERT INTO blocklist_log VALUES(4,1,0,0,0,1,1795983565330,'client',NULL,'ada-lovelace','127.0.0.1');
INSERT INTO blocklist_log VALUES(5,1,0,0,1,1,1795983565330,NULL,NULL,'müller-gross','127.0.0.1');
INSERT INTO blocklist_log VALUES(6,2,0,0,0,3,1795983565332,NULL,NULL,'theirs','127.0.0.1');
INSERT INTO blocklist_log VALUES(7,1,2,0,0,1,1795983565334,NULL,NULL,'of-gone','127.0.0.1');
INSERT INTO blocklist_log VALUES(8,1,1,0,0,1,1795983565342,NULL,NULL,'last-one','127.0.0.1');
CREATE TABLE audit_log (
    id        INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    key       INTEGER NOT NULL, -- who: api_key.no, 0: an operator
    at        INTEGER NOT NULL,
    action    TEXT NOT NULL,    -- such as campaign.delete
    target    TEXT NOT NULL     -- id of what it was done to
, source TEXT);
INSERT INTO audit_log VALUES(1,1,0,1795983564833,'workspace.create','ws_yw4dnk2rd3qgxbpt',NULL);
INSERT INTO audit_log VALUES(2,2,0,1795983564997,'workspace.create','ws_qcepcfp6cydwbv0k',NULL);
INSERT INTO audit_log VALUES(3,1,0,1795983565081,'key.create','j4c4xqdmwrd7',NULL);
INSERT INTO audit_log VALUES(4,1,0,1795983565185,'key.create','36e2ghemp2pk',NULL);
INSERT INTO audit_log VALUES(5,2,0,1795983565219,'key.create','k1wr9zqexvth',NULL);
INSERT INTO audit_log VALUES(6,1,0,1795983565295,'key.revoke','36e2ghemp2pk',NULL);
INSERT INTO audit_log VALUES(7,0,0,1795983565319,'user.create','us_w13rbnqn52y93cns',NULL);
INSERT INTO audit_log VALUES(8,1,1,1795983565323,'campaign.create','q1','127.0.0.1');
INSERT INTO audit_log VALUES(9,1,1,1795983565325,'campaign.create','gone','127.0.0.1');
INSERT INTO audit_log VALUES(10,1,1,1795983565336,'campaign.delete','gone','127.0.0.1');
INSERT INTO audit_log VALUES(11,1,1,1795983565339,'campaign.activate','q1','127.0.0.1');
CREATE TABLE step (
    no            INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace     INTEGER NOT NULL,
    campaign      INTEGER NOT NULL,
    position      INTEGER NOT NULL,  -- its place in the sequence, among deleted ones too
    type          TEXT NOT NULL CHECK (type IN ('visit_profile', 'invitation', 'message')),
    delay_hours   INTEGER NOT NULL,
    stop_on_reply INTEGER NOT NULL,
    body          TEXT,              -- a template
    deleted_at    INTEGER            -- leads that waited for it go on with the step behind it
);
INSERT INTO step VALUES(1,1,1,1,'visit_profile',0,1,NULL,NULL);
INSERT INTO step VALUES(2,1,1,2,'message',24,1,'Hi {{firstName|there}}',NULL);
CREATE TABLE lead (
    no           INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace    INTEGER NOT NULL,
    campaign     INTEGER NOT NULL,
    identifier   TEXT NOT NULL,    -- canonical
    member_id    TEXT,
    first_name   TEXT,
    last_name    TEXT,
    company_name TEXT,
    variables    TEXT,             -- lines of name, tab, value; \n \t \\ stand for what they say
    added_at     INTEGER NOT NULL,
    status       INTEGER NOT NULL, -- 0 waiting, 1 active, 2 paused, 3 completed, 4 error
    set_aside    INTEGER NOT NULL, -- 1: blocked
    queue        INTEGER NOT NULL, -- 0 scheduled, 1 claimed, 2 to be retried
    step         INTEGER NOT NULL, -- the step that is next: step.no, 0: the first
    since        INTEGER NOT NULL, -- scheduled: what the delay counts from; else: when it is due
    marks        INTEGER NOT NULL  -- bits: 1 invited, 2 accepted, 4 contacted, 8 replied
);
INSERT INTO lead VALUES(1,1,1,'john-doe',NULL,'John',NULL,NULL,NULL,1795983565338,0,1,0,0,1795983565338,0);
INSERT INTO lead VALUES(2,1,1,'free-one',NULL,'Free',NULL,NULL,NULL,1795983565338,1,0,1,1,1795983865340,0);
INSERT INTO lead VALUES(3,1,1,'free-two',NULL,NULL,NULL,NULL,NULL,1795983565338,1,0,1,1,1795983865340,0);
CREATE TABLE lead_name (
    workspace INTEGER NOT NULL,
    name      TEXT NOT NULL,
    campaign  INTEGER NOT NULL,
    lead      INTEGER NOT NULL,
    PRIMARY KEY (workspace, name, campaign)
) WITHOUT ROWID;
INSERT INTO lead_name VALUES(1,'free-one',1,2);
INSERT INTO lead_name VALUES(1,'free-two',1,3);
INSERT INTO lead_name VALUES(1,'john-doe',1,1);
CREATE TABLE activity (
    lead         INTEGER NOT NULL,
    step         INTEGER NOT NULL,
    workspace    INTEGER NOT NULL,
    campaign     INTEGER NOT NULL,
    state        INTEGER NOT NULL, -- 0 to be retried, 1 claimed, 2 done, 3 replied, 4 failed
    attempts     INTEGER NOT NULL, -- claims so far
    retries      INTEGER NOT NULL, -- of them, those that the sender gave back
    lease_token  TEXT,             -- of the last claim: tells one from another
    lease_until  INTEGER,
    claimed_at   INTEGER,
    completed_at INTEGER,
    changed_at   INTEGER NOT NULL,
    detail       TEXT,
    PRIMARY KEY (lead, step)
) WITHOUT ROWID;
INSERT INTO activity VALUES(2,1,1,1,1,1,0,'1q93n6tm4r027w4q35xmh7xvzb',1795983865340,1795983565340,NULL,1795983565340,NULL);
INSERT INTO activity VALUES(3,1,1,1,1,1,0,'3nhckaxn8q6g1z4eq44591tgnx',1795983865340,1795983565340,NULL,1795983565340,NULL);
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
INSERT INTO account VALUES(2147483648,'us_w13rbnqn52y93cns','ada@example.com','operator',0,NULL,1795983565319,NULL,NULL);
CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,  -- BLAKE2b-256 of the cookie's token
    account    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE link (
    token_hash BLOB PRIMARY KEY,
    account    INTEGER NOT NULL,  -- 0: makes the first operator
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO link VALUES(X'dd6af4a4d906fc1812ff159796e3378f0b616fd77ae69618858c30adf0f896c8',2147483648,1795984465319);
CREATE TABLE check_count (
    workspace INTEGER NOT NULL,
    day       INTEGER NOT NULL,  -- since 1970-01-01, UTC
    checks    INTEGER NOT NULL,
    blocked   INTEGER NOT NULL,  -- of them, those whose answer was "blocked"
    PRIMARY KEY (workspace, day)
) WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('account',2147483648);
INSERT INTO sqlite_sequence VALUES('workspace',2);
INSERT INTO sqlite_sequence VALUES('api_key',3);
INSERT INTO sqlite_sequence VALUES('campaign',2);
INSERT INTO sqlite_sequence VALUES('step',2);
INSERT INTO sqlite_sequence VALUES('lead',3);
CREATE UNIQUE INDEX campaign_by_id ON campaign (workspace, id) WHERE deleted_at IS NULL;
CREATE INDEX blocklist_log_undoes ON blocklist_log (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX step_by_campaign ON step (campaign, position);
CREATE INDEX lead_queue ON lead (campaign, queue, step, since) WHERE set_aside = 0 AND status <= 1;
CREATE INDEX lead_by_status ON lead (campaign, status, no);
CREATE INDEX lead_set_aside ON lead (campaign, no) WHERE set_aside = 1 AND status <= 2;
CREATE INDEX activity_by_state ON activity (campaign, state, changed_at);
CREATE UNIQUE INDEX account_by_email ON account (email) WHERE deleted_at IS NULL;
CREATE INDEX session_by_account ON session (account);
CREATE INDEX audit_log_by_workspace ON audit_log (workspace, id);
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
LEFT JOIN account a ON a.no = l.key
;
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
COMMIT;
