-- People who sign in to the dashboard, and what they want to see there.
-- Times are milliseconds since 1970 UTC; NULL means "none".
--
-- Accounts, their sessions and their links belong to the installation: their workspace_id is 0, so
-- that all of them lie together and an e-mail address can be unique among them. Whose workspace an
-- account may enter is in its column workspace.

-- `key` of the logs means keys and accounts, so their numbers are apart.
CREATE SEQUENCE leadblock.account_no MINVALUE 2147483648 MAXVALUE 4294967295;
ALTER SEQUENCE leadblock.key_no MAXVALUE 2147483647;

CREATE TABLE leadblock.account (
    workspace_id  bigint NOT NULL,           -- 0
    no            bigint NOT NULL,           -- from 2147483648
    id            text COLLATE "C" NOT NULL, -- us_...
    email         text COLLATE "C" NOT NULL, -- lower case
    role          text NOT NULL CHECK (role IN ('operator', 'member', 'viewer')),
    workspace     bigint NOT NULL,           -- workspace.workspace_id, 0: an operator's
    password_hash text,                      -- Argon2id
    created_at    bigint NOT NULL,
    deleted_at    bigint,
    signed_in_at  bigint,                    -- the last time
    PRIMARY KEY (workspace_id, no)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX account_by_id ON leadblock.account (workspace_id, id);
CREATE UNIQUE INDEX account_by_email ON leadblock.account (workspace_id, email)
    WHERE deleted_at IS NULL;

CREATE TABLE leadblock.session (
    workspace_id bigint NOT NULL, -- 0
    token_hash   bytea NOT NULL,  -- BLAKE2b-256 of the cookie's token
    account      bigint NOT NULL,
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL,
    PRIMARY KEY (workspace_id, token_hash)
);
CREATE INDEX session_by_account ON leadblock.session (workspace_id, account);

-- One-time links with which an account gets a password; an account has one at a time.
CREATE TABLE leadblock.link (
    workspace_id bigint NOT NULL, -- 0
    account      bigint NOT NULL, -- 0: makes the first operator
    token_hash   bytea NOT NULL,
    expires_at   bigint NOT NULL,
    PRIMARY KEY (workspace_id, account)
);
CREATE UNIQUE INDEX link_by_token ON leadblock.link (workspace_id, token_hash);

-- How many people were checked.
CREATE TABLE leadblock.check_count (
    workspace_id bigint NOT NULL,
    day          bigint NOT NULL, -- since 1970-01-01, UTC
    checks       bigint NOT NULL,
    blocked      bigint NOT NULL, -- of them, those whose answer was "blocked"
    PRIMARY KEY (workspace_id, day)
) WITH (fillfactor = 70);

-- The address that a request came from; NULL: the command line.
ALTER TABLE leadblock.blocklist_log ADD COLUMN source text;
ALTER TABLE leadblock.audit_log ADD COLUMN source text;

-- One row an event: who blocked or unblocked whom, where, when, why and from where. The accounts
-- are joined as a query of their own (hence OFFSET 0), because they do not lie with the workspace.
CREATE OR REPLACE VIEW leadblock.blocklist_history AS
SELECT l.id + item.place - 1 AS entry,
       w.id AS workspace_id,
       c.id AS campaign_id,                -- NULL: the workspace's own list
       c.deleted_at AS campaign_deleted_at,
       CASE l.kind WHEN 0 THEN 'block' WHEN 1 THEN 'unblock' ELSE 'restore' END AS event,
       CASE l.kind WHEN 0 THEN item.value END AS identifier,
       CASE l.kind WHEN 0 THEN l.id + item.place - 1 ELSE item.value::bigint END AS block_entry,
       l.reason,
       to_char(to_timestamp(l.at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       k.name AS key_name,
       a.email AS account_email,
       l.source
FROM leadblock.blocklist_log l
CROSS JOIN LATERAL unnest(string_to_array(l.items, ',')) WITH ORDINALITY AS item (value, place)
JOIN leadblock.workspace w ON w.workspace_id = l.workspace_id
LEFT JOIN leadblock.campaign c ON c.workspace_id = l.workspace_id AND c.no = l.campaign
LEFT JOIN leadblock.api_key k ON k.workspace_id = l.workspace_id AND k.no = l.key
LEFT JOIN (SELECT no, email FROM leadblock.account WHERE workspace_id = 0 OFFSET 0) a
    ON a.no = l.key;

-- Who is blocked now: blocks whose last event is not an unblock, of campaigns that still exist.
CREATE OR REPLACE VIEW leadblock.blocklist_live AS
SELECT b.entry, b.workspace_id, b.campaign_id, b.identifier, b.reason, b.at, b.key_id, b.key_name,
       b.account_email, b.source
FROM leadblock.blocklist_history b
LEFT JOIN (
    SELECT DISTINCT ON (h.workspace_id, h.block_entry) h.workspace_id, h.block_entry, h.event
    FROM leadblock.blocklist_history h
    WHERE h.event <> 'block'
    ORDER BY h.workspace_id, h.block_entry, h.entry DESC
) taken ON taken.workspace_id = b.workspace_id AND taken.block_entry = b.entry
WHERE b.event = 'block' AND b.campaign_deleted_at IS NULL
  AND coalesce(taken.event, 'restore') = 'restore';
