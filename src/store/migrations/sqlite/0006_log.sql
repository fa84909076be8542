-- The blocklist log with all that is to come of it: numbers that count in the workspace, epochs, and
-- a chain of digests. Digests are made by the program, which copies the old table into this one
-- before the next migration (src/store/sqlite/chain_log.c).
CREATE TABLE blocklist_log_next (
    id        INTEGER PRIMARY KEY, -- entry id of the first item, in the order of commits
    workspace INTEGER NOT NULL,
    number    INTEGER NOT NULL,    -- of the first item, in its workspace: what ids outside are made of
    campaign  INTEGER NOT NULL,    -- 0: the workspace's own list
    kind      INTEGER NOT NULL,    -- 0 block, 1 unblock, 2 restore (an unblock was undone). Not written
                                   -- yet: 3 block_again, 4 expired, 5 carried_over, 6 erased, 7 link,
                                   -- 8 link_end
    continues INTEGER NOT NULL,    -- 1: same request as the row before
    key       INTEGER NOT NULL,    -- who: api_key.no or account.no, 0: an operator
    at        INTEGER NOT NULL,
    undoes    INTEGER,             -- the change (number of its first row) that this one takes back
    epoch     INTEGER,             -- random, of the process; NULL: that of the workspace's row before
    reason    TEXT,
    items     TEXT NOT NULL,       -- joined by commas: identifiers (kinds 0, 3, 5), names (7, 8), else
                                   -- numbers of entries
    source    TEXT,                -- the address that the request came from; NULL: the command line
    import    TEXT,                -- the import that it belongs to
    seal      BLOB NOT NULL        -- 32 bytes of digest: BLAKE2b-256 of this row and of the digest before
                                   -- it; then 16 random ones, the seed of what is hashed of reason,
                                   -- source, import and items: docs/storage.md
);
