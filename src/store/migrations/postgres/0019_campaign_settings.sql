-- Settings of a campaign.
ALTER TABLE leadblock.campaign
    ADD COLUMN block_on_reply      boolean NOT NULL DEFAULT false,
    ADD COLUMN skip_contacted_days bigint NOT NULL DEFAULT 0, -- 0: off
    ADD COLUMN stop_colleagues     boolean NOT NULL DEFAULT false,
    -- Of the waiting, active and paused leads, those that another campaign contacted;
    -- leads_set_aside are the others.
    ADD COLUMN leads_skipped       bigint NOT NULL DEFAULT 0;
CREATE INDEX campaign_skipping ON leadblock.campaign (workspace_id, no) WHERE leads_skipped > 0;

-- A lead is set aside because of that, not because of a block: when it was contacted. It comes back
-- when the days of its campaign have passed since.
ALTER TABLE leadblock.lead ADD COLUMN contacted_at bigint;
CREATE INDEX lead_contacted ON leadblock.lead (workspace_id, campaign, contacted_at)
    WHERE contacted_at IS NOT NULL;

-- Companies of which a person has replied in a campaign that stops colleagues then
-- (domain/outreach/restraint.h).
CREATE TABLE leadblock.stopped_company (
    workspace_id bigint NOT NULL,
    campaign     bigint NOT NULL,
    key          text COLLATE "C" NOT NULL,
    lead         bigint NOT NULL, -- who replied first
    at           bigint NOT NULL,
    PRIMARY KEY (workspace_id, campaign, key)
);
