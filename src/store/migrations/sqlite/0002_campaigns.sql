-- Campaigns that contact people: sequences, leads, activities.
-- Times are milliseconds since 1970 UTC; NULL means "none".

ALTER TABLE campaign ADD COLUMN activated_at INTEGER; -- the last time
ALTER TABLE campaign ADD COLUMN variables TEXT;       -- custom variables, see lead.variables

-- How many leads the campaign has, by what they are; kept by whatever changes a lead.
ALTER TABLE campaign ADD COLUMN leads_waiting   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN leads_active    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN leads_paused    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN leads_completed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN leads_error     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN leads_set_aside INTEGER NOT NULL DEFAULT 0; -- of waiting, active, paused
ALTER TABLE campaign ADD COLUMN leads_invited   INTEGER NOT NULL DEFAULT 0; -- these four: lead.marks
ALTER TABLE campaign ADD COLUMN leads_accepted  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN leads_contacted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN leads_replied   INTEGER NOT NULL DEFAULT 0;

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
CREATE INDEX step_by_campaign ON step (campaign, position);

-- A person in a campaign. Whether somebody is blocked is what the blocklists say; set_aside is a
-- cache of that, kept by the transactions that change a blocklist, so that a claim need not wade
-- through blocked leads.
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
-- What claims take from. Of leads that are neither finished nor set aside.
CREATE INDEX lead_queue ON lead (campaign, queue, step, since) WHERE set_aside = 0 AND status <= 1;
CREATE INDEX lead_by_status ON lead (campaign, status, no);
CREATE INDEX lead_set_aside ON lead (campaign, no) WHERE set_aside = 1 AND status <= 2;

-- The names by which leads are known: public identifiers and member ids. A name stands once in a
-- campaign, so that one person is one lead; and a block finds the leads that it is about.
CREATE TABLE lead_name (
    workspace INTEGER NOT NULL,
    name      TEXT NOT NULL,
    campaign  INTEGER NOT NULL,
    lead      INTEGER NOT NULL,
    PRIMARY KEY (workspace, name, campaign)
) WITHOUT ROWID;

-- A step of one lead, from its first claim on.
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
CREATE INDEX activity_by_state ON activity (campaign, state, changed_at);
