-- Events that are in no log; blocks and unblocks are read from the blocklist's log.
CREATE TABLE leadblock.event (
    workspace_id bigint NOT NULL,
    number       bigint NOT NULL,   -- counts in the workspace, in the order of commits
    log          bigint NOT NULL,   -- it came after the log's entries up to this number
    epoch        bigint NOT NULL,   -- random, of the process that wrote it
    at           bigint NOT NULL,
    type         smallint NOT NULL, -- 2 lead_opted_out, 3 campaign_completed,
                                    -- 4 campaign_without_leads, 5 connection_request_accepted,
                                    -- 6 message_received; 0: no event, but the items of the log's
                                    -- row of number `log` that changed nothing for their people, a
                                    -- bit each in detail
    campaign     bigint NOT NULL,   -- 0: none
    lead         bigint NOT NULL,   -- 0: none
    key          bigint NOT NULL,   -- who: api_key.no or account.no, 0: an operator, or the server
    detail       bigint NOT NULL,   -- of campaigns: progress in percent
    PRIMARY KEY (workspace_id, number)
);
