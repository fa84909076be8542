-- Imports of files into blocklists, or out of them. What they did is in the log, whose rows have
-- their ids.
CREATE TABLE leadblock.blocklist_import (
    workspace_id bigint NOT NULL,
    no           bigint NOT NULL,           -- counts in the workspace
    id           text COLLATE "C" NOT NULL, -- the client's own, or im_...
    campaign     bigint NOT NULL,           -- 0: the workspace's own list
    unblocks     boolean NOT NULL,          -- its people were unblocked
    key          bigint NOT NULL,           -- who: api_key.no or account.no, 0: an operator
    started_at   bigint NOT NULL,
    touched_at   bigint NOT NULL,           -- when something of it was recorded last
    finished_at  bigint,
    undone_at    bigint,
    run          bigint,                    -- random, of the sending under way; NULL: none is
    bytes        bigint NOT NULL,           -- of the file
    done         bigint NOT NULL,           -- people whom it blocked, or unblocked
    rest         bigint NOT NULL,           -- who were blocked already, or not blocked. This and
    duplicates   bigint NOT NULL,           -- what follows is known at the end; rows is 0 until then
    rows         bigint NOT NULL,
    bad          bigint NOT NULL,
    blank        bigint NOT NULL,
    column_no    bigint,                    -- where the people were, from 1; NULL: in running text
    column_name  text,
    PRIMARY KEY (workspace_id, no)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX blocklist_import_by_id ON leadblock.blocklist_import (workspace_id, id);
-- The changes of an import, without the further rows of each.
CREATE INDEX blocklist_log_import ON leadblock.blocklist_log (workspace_id, import, id)
    WHERE import IS NOT NULL AND NOT continues;
