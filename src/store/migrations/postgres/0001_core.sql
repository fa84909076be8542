-- Times are milliseconds since 1970 UTC; NULL means "none".
--
-- All rows of a workspace are found by its number, which begins every primary key: so they can lie
-- together, in one partition or on one node (Citus distributes the tables by workspace_id), and a
-- transaction of one workspace stays there. What belongs together is kept so by the transactions
-- of leadblock, which lock the workspace's row, and not by foreign keys.
--
-- Texts are compared byte by byte (COLLATE "C"): the order of an index must not change with a
-- library of the operating system.

-- Where numbers come from. None is given out twice; what was rolled back leaves gaps.
CREATE SEQUENCE leadblock.workspace_no MAXVALUE 4294967295;
CREATE SEQUENCE leadblock.key_no MAXVALUE 4294967295;
CREATE SEQUENCE leadblock.campaign_no MAXVALUE 4294967295;
CREATE SEQUENCE leadblock.step_no MAXVALUE 4294967295;
CREATE SEQUENCE leadblock.lead_no INCREMENT BY 1000; -- a thousand at a time, for one process
CREATE SEQUENCE leadblock.entry_id;                  -- the last one taken of blocklist_log's
CREATE SEQUENCE leadblock.audit_id;

-- A customer. Everything else belongs to one. Its row is what transactions that change things of
-- the workspace lock, and where nodes see whether what they have in memory is still true.
CREATE TABLE leadblock.workspace (
    workspace_id   bigint NOT NULL,      -- never used twice
    id             text COLLATE "C" NOT NULL, -- ws_...
    name           text NOT NULL,
    plan           text NOT NULL CHECK (plan IN ('starter', 'pro', 'agency')),
    created_at     bigint NOT NULL,
    expires_at     bigint,               -- end of the licence
    access_version bigint NOT NULL,      -- grows with each change of licence, keys and campaigns
    log_row        bigint NOT NULL DEFAULT 0, -- the last row of its blocklist_log, 0: there is none
    log_token      bigint NOT NULL DEFAULT 0, -- and that one's token
    has_leads      boolean NOT NULL DEFAULT false, -- whether there ever was one
    PRIMARY KEY (workspace_id)
) WITH (fillfactor = 70);

-- Keys of the API. Only a hash of the secret is kept.
CREATE TABLE leadblock.api_key (
    workspace_id bigint NOT NULL,
    no           bigint NOT NULL,           -- what blocklist_log.key refers to
    id           text COLLATE "C" NOT NULL, -- the middle part of lb_<id>_<secret>
    name         text NOT NULL,
    secret_hash  bytea NOT NULL,            -- BLAKE2b-256 of the secret
    read_only    boolean NOT NULL,          -- may only check and list
    rate_limit   bigint NOT NULL,           -- requests per second, 0: the server's default
    created_at   bigint NOT NULL,
    expires_at   bigint,
    revoked_at   bigint,
    last_used_at bigint,                    -- written about once a minute
    version      bigint NOT NULL,           -- workspace.access_version of its last change
    PRIMARY KEY (workspace_id, no)
) WITH (fillfactor = 80);
CREATE INDEX api_key_changed ON leadblock.api_key (workspace_id, version);
-- The one index without the workspace: it answers whose a key is.
CREATE INDEX api_key_by_id ON leadblock.api_key (id);

CREATE TABLE leadblock.campaign (
    workspace_id bigint NOT NULL,
    no           bigint NOT NULL,
    id           text COLLATE "C" NOT NULL, -- what clients use; unique among the workspace's
    name         text NOT NULL,
    status       text NOT NULL
                 CHECK (status IN ('draft', 'active', 'paused', 'completed', 'error')),
    created_at   bigint NOT NULL,
    deleted_at   bigint, -- its blocklist ended with it
    activated_at bigint, -- the last time
    variables    text,   -- custom variables, see lead.variables
    version      bigint NOT NULL, -- workspace.access_version of its last change
    -- How many leads the campaign has, by what they are; kept by whatever changes a lead.
    leads_waiting   bigint NOT NULL DEFAULT 0,
    leads_active    bigint NOT NULL DEFAULT 0,
    leads_paused    bigint NOT NULL DEFAULT 0,
    leads_completed bigint NOT NULL DEFAULT 0,
    leads_error     bigint NOT NULL DEFAULT 0,
    leads_set_aside bigint NOT NULL DEFAULT 0, -- of waiting, active, paused
    leads_invited   bigint NOT NULL DEFAULT 0, -- these four: lead.marks
    leads_accepted  bigint NOT NULL DEFAULT 0,
    leads_contacted bigint NOT NULL DEFAULT 0,
    leads_replied   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, no)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX campaign_by_id ON leadblock.campaign (workspace_id, id)
    WHERE deleted_at IS NULL;
CREATE INDEX campaign_changed ON leadblock.campaign (workspace_id, version);

-- Every block and unblock, in order; rows are only ever appended. A row packs up to 50 items, and
-- item i of a row (from 0) has the entry id `id + i`. The ids of one workspace grow from one commit
-- to the next. What is blocked now is the view blocklist_live; every event one by one is the view
-- blocklist_history.
CREATE TABLE leadblock.blocklist_log (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,   -- entry id of the first item
    campaign     bigint NOT NULL,   -- 0: the workspace's own list
    kind         smallint NOT NULL, -- 0: block, 1: unblock, 2: restore (an unblock was undone)
    continues    boolean NOT NULL,  -- same request as the row before
    key          bigint NOT NULL,   -- who: api_key.no, 0: an operator
    at           bigint NOT NULL,
    undoes       bigint,            -- the change (id of its first row) that this one takes back
    token        bigint NOT NULL,   -- random, of the transaction: tells two logs apart
    reason       text,
    items        text NOT NULL,     -- joined by commas: identifiers (kind 0), else entry ids
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX blocklist_log_undoes ON leadblock.blocklist_log (workspace_id, undoes)
    WHERE undoes IS NOT NULL;

-- What was done besides blocking: campaigns, keys, licences.
CREATE TABLE leadblock.audit_log (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    key          bigint NOT NULL, -- who: api_key.no, 0: an operator
    at           bigint NOT NULL,
    action       text NOT NULL,   -- such as campaign.delete
    target       text NOT NULL,   -- id of what it was done to
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE leadblock.step (
    workspace_id  bigint NOT NULL,
    no            bigint NOT NULL,
    campaign      bigint NOT NULL,
    position      bigint NOT NULL,  -- its place in the sequence, among deleted ones too
    type          text NOT NULL CHECK (type IN ('visit_profile', 'invitation', 'message')),
    delay_hours   bigint NOT NULL,
    stop_on_reply boolean NOT NULL,
    body          text,             -- a template
    deleted_at    bigint,           -- leads that waited for it go on with the step behind it
    PRIMARY KEY (workspace_id, no)
);
CREATE INDEX step_by_campaign ON leadblock.step (workspace_id, campaign, position);

-- A person in a campaign. Whether somebody is blocked is what the blocklists say; set_aside is a
-- cache of that, kept by the transactions that change a blocklist, so that a claim need not wade
-- through blocked leads.
CREATE TABLE leadblock.lead (
    workspace_id bigint NOT NULL,
    no           bigint NOT NULL,
    campaign     bigint NOT NULL,
    identifier   text COLLATE "C" NOT NULL, -- canonical
    member_id    text COLLATE "C",
    first_name   text,
    last_name    text,
    company_name text,
    variables    text,              -- lines of name, tab, value; \n \t \\ stand for what they say
    added_at     bigint NOT NULL,
    status       smallint NOT NULL, -- 0 waiting, 1 active, 2 paused, 3 completed, 4 error
    set_aside    boolean NOT NULL,  -- blocked
    queue        smallint NOT NULL, -- 0 scheduled, 1 claimed, 2 to be retried
    step         bigint NOT NULL,   -- the step that is next: step.no, 0: the first
    since        bigint NOT NULL,   -- scheduled: what the delay counts from; else: when it is due
    marks        bigint NOT NULL,   -- bits: 1 invited, 2 accepted, 4 contacted, 8 replied
    PRIMARY KEY (workspace_id, no)
) WITH (fillfactor = 80);
-- What claims take from. Of leads that are neither finished nor set aside.
CREATE INDEX lead_queue ON leadblock.lead (workspace_id, campaign, queue, step, since, no)
    WHERE NOT set_aside AND status <= 1;
CREATE INDEX lead_by_status ON leadblock.lead (workspace_id, campaign, status, no);
CREATE INDEX lead_set_aside ON leadblock.lead (workspace_id, campaign, no)
    WHERE set_aside AND status <= 2;

-- The names by which leads are known: public identifiers and member ids. A name stands once in a
-- campaign, so that one person is one lead; and a block finds the leads that it is about.
CREATE TABLE leadblock.lead_name (
    workspace_id bigint NOT NULL,
    name         text COLLATE "C" NOT NULL,
    campaign     bigint NOT NULL,
    lead         bigint NOT NULL,
    PRIMARY KEY (workspace_id, name, campaign)
);

-- A step of one lead, from its first claim on.
CREATE TABLE leadblock.activity (
    workspace_id bigint NOT NULL,
    lead         bigint NOT NULL,
    step         bigint NOT NULL,
    campaign     bigint NOT NULL,
    state        smallint NOT NULL, -- 0 to be retried, 1 claimed, 2 done, 3 replied, 4 failed
    attempts     bigint NOT NULL,   -- claims so far
    retries      bigint NOT NULL,   -- of them, those that the sender gave back
    lease_token  text,              -- of the last claim: tells one from another
    lease_until  bigint,
    claimed_at   bigint,
    completed_at bigint,
    changed_at   bigint NOT NULL,
    detail       text,
    PRIMARY KEY (workspace_id, lead, step)
) WITH (fillfactor = 80);
-- Ordered as a page of activities is, so that one is read without sorting.
CREATE INDEX activity_by_state
    ON leadblock.activity (workspace_id, campaign, state, changed_at, lead, step);

-- One row an event: who blocked or unblocked whom, where, when and why.
CREATE VIEW leadblock.blocklist_history AS
SELECT l.id + item.place - 1 AS entry,
       w.id AS workspace_id,
       c.id AS campaign_id,                -- NULL: the workspace's own list
       c.deleted_at AS campaign_deleted_at,
       CASE l.kind WHEN 0 THEN 'block' WHEN 1 THEN 'unblock' ELSE 'restore' END AS event,
       CASE l.kind WHEN 0 THEN item.value END AS identifier,
       CASE l.kind WHEN 0 THEN l.id + item.place - 1 ELSE item.value::bigint END AS block_entry,
       l.reason,
       to_char(to_timestamp(l.at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
       k.id AS key_id,                     -- NULL: an operator
       k.name AS key_name
FROM leadblock.blocklist_log l
CROSS JOIN LATERAL unnest(string_to_array(l.items, ',')) WITH ORDINALITY AS item (value, place)
JOIN leadblock.workspace w ON w.workspace_id = l.workspace_id
LEFT JOIN leadblock.campaign c ON c.workspace_id = l.workspace_id AND c.no = l.campaign
LEFT JOIN leadblock.api_key k ON k.workspace_id = l.workspace_id AND k.no = l.key;

-- Who is blocked now: blocks whose last event is not an unblock, of campaigns that still exist.
CREATE VIEW leadblock.blocklist_live AS
SELECT b.entry, b.workspace_id, b.campaign_id, b.identifier, b.reason, b.at, b.key_id, b.key_name
FROM leadblock.blocklist_history b
LEFT JOIN (
    SELECT DISTINCT ON (h.workspace_id, h.block_entry) h.workspace_id, h.block_entry, h.event
    FROM leadblock.blocklist_history h
    WHERE h.event <> 'block'
    ORDER BY h.workspace_id, h.block_entry, h.entry DESC
) taken ON taken.workspace_id = b.workspace_id AND taken.block_entry = b.entry
WHERE b.event = 'block' AND b.campaign_deleted_at IS NULL
  AND coalesce(taken.event, 'restore') = 'restore';
