-- Subscriptions: where events of one type are sent.
CREATE TABLE hook (
    workspace        INTEGER NOT NULL,
    id               TEXT NOT NULL,    -- hk_ and random characters
    url              TEXT NOT NULL,
    type             INTEGER NOT NULL, -- as of event.type; 0 lead_blocked, 1 lead_unblocked
    campaign         INTEGER NOT NULL, -- 0: of all
    campaign_id      TEXT,
    secret           BLOB NOT NULL,    -- signs what is sent
    old_secret       BLOB,             -- signs as well until then
    old_secret_until INTEGER,
    created_at       INTEGER NOT NULL,
    key              INTEGER NOT NULL, -- who: api_key.no or account.no
    state            INTEGER NOT NULL, -- 0 active, 1 paused, 2 failing, 3 gone
    place            TEXT NOT NULL,    -- among the events: what is before it was delivered
    tries            INTEGER NOT NULL, -- of the next delivery, that failed
    failing_since    INTEGER,          -- the first of them
    next_at          INTEGER NOT NULL, -- when the next may be made
    missed           INTEGER NOT NULL, -- events that were left out and are to be named
    lease            INTEGER NOT NULL DEFAULT 0, -- of shared databases
    beat             INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace, id)
) WITHOUT ROWID;

-- What was sent to subscribers: the latest deliveries of each.
CREATE TABLE hook_delivery (
    workspace   INTEGER NOT NULL,
    hook        TEXT NOT NULL,
    no          INTEGER NOT NULL, -- grows with the time of the first try
    kind        INTEGER NOT NULL, -- 0 an event, 1 a test, 2 an event once more
    state       INTEGER NOT NULL, -- 0 delivered, 1 failed, 2 failed and not tried any more
    event       TEXT NOT NULL,    -- its id
    place       TEXT,             -- from which the event can be read again
    tries       INTEGER NOT NULL,
    first_at    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    status      INTEGER NOT NULL, -- of HTTP, of the last try; 0: no answer
    duration_ms INTEGER NOT NULL,
    bytes       INTEGER NOT NULL, -- of the body
    error       TEXT,
    PRIMARY KEY (workspace, hook, no)
) WITHOUT ROWID;
