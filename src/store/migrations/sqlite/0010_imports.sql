-- Imports of files into blocklists, or out of them. What they did is in the log, whose rows have
-- their ids.
CREATE TABLE blocklist_import (
    workspace   INTEGER NOT NULL,
    no          INTEGER NOT NULL, -- counts in the workspace
    id          TEXT NOT NULL,    -- the client's own, or im_...
    campaign    INTEGER NOT NULL, -- 0: the workspace's own list
    unblocks    INTEGER NOT NULL, -- 1: its people were unblocked
    key         INTEGER NOT NULL, -- who: api_key.no or account.no, 0: an operator
    started_at  INTEGER NOT NULL,
    touched_at  INTEGER NOT NULL, -- when something of it was recorded last
    finished_at INTEGER,
    undone_at   INTEGER,
    run         INTEGER,          -- random, of the sending under way; NULL: none is
    bytes       INTEGER NOT NULL, -- of the file
    done        INTEGER NOT NULL, -- people whom it blocked, or unblocked
    rest        INTEGER NOT NULL, -- who were blocked already, or not blocked. This and what follows is
    duplicates  INTEGER NOT NULL, -- known at the end; rows is 0 until then
    rows        INTEGER NOT NULL,
    bad         INTEGER NOT NULL,
    blank       INTEGER NOT NULL,
    column_no   INTEGER,          -- where the people were, from 1; NULL: in running text
    column_name TEXT,
    PRIMARY KEY (workspace, no)
) WITHOUT ROWID;
CREATE UNIQUE INDEX blocklist_import_by_id ON blocklist_import (workspace, id);
-- The changes of an import, without the further rows of each.
CREATE INDEX blocklist_log_import ON blocklist_log (workspace, import, number)
    WHERE import IS NOT NULL AND continues = 0;
