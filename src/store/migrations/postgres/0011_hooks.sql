-- Subscriptions: where events of one type are sent.
CREATE TABLE leadblock.hook (
    workspace_id     bigint NOT NULL,
    id               text COLLATE "C" NOT NULL, -- hk_ and random characters
    url              text NOT NULL,
    type             smallint NOT NULL, -- as of event.type; 0 lead_blocked, 1 lead_unblocked
    campaign         bigint NOT NULL,   -- 0: of all
    campaign_id      text,
    secret           bytea NOT NULL,    -- signs what is sent
    old_secret       bytea,             -- signs as well until then
    old_secret_until bigint,
    created_at       bigint NOT NULL,
    key              bigint NOT NULL,   -- who: api_key.no or account.no
    state            smallint NOT NULL, -- 0 active, 1 paused, 2 failing, 3 gone
    place            text NOT NULL,     -- among the events: what is before it was delivered
    tries            bigint NOT NULL,   -- of the next delivery, that failed
    failing_since    bigint,            -- the first of them
    next_at          bigint NOT NULL,   -- when the next may be made
    missed           bigint NOT NULL,   -- events that were left out and are to be named
    lease            bigint NOT NULL DEFAULT 0, -- the node that delivers now; 0: none
    beat             bigint NOT NULL DEFAULT 0, -- changes whenever it has recorded something
    PRIMARY KEY (workspace_id, id)
);

-- What was sent to subscribers: the latest deliveries of each.
CREATE TABLE leadblock.hook_delivery (
    workspace_id bigint NOT NULL,
    hook         text COLLATE "C" NOT NULL,
    no           bigint NOT NULL,   -- grows with the time of the first try
    kind         smallint NOT NULL, -- 0 an event, 1 a test, 2 an event once more
    state        smallint NOT NULL, -- 0 delivered, 1 failed, 2 failed and not tried any more
    event        text NOT NULL,     -- its id
    place        text,              -- from which the event can be read again
    tries        bigint NOT NULL,
    first_at     bigint NOT NULL,
    last_at      bigint NOT NULL,
    status       bigint NOT NULL,   -- of HTTP, of the last try; 0: no answer
    duration_ms  bigint NOT NULL,
    bytes        bigint NOT NULL,   -- of the body
    error        text,
    PRIMARY KEY (workspace_id, hook, no)
);
