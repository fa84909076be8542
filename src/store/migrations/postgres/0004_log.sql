-- The blocklist log with all that is to come of it: ids that count in the workspace, epochs, and a
-- chain of digests. Digests are made by the program before the next migration
-- (src/store/postgres/chain_log.c). Nodes of an earlier version that run already record nothing and
-- answer nothing from memory from here on: see 0003.
ALTER TABLE leadblock.workspace RENAME COLUMN last_row TO head_row;
ALTER TABLE leadblock.workspace DROP COLUMN last_token;
ALTER TABLE leadblock.workspace ADD COLUMN head_number bigint NOT NULL DEFAULT 0;
ALTER TABLE leadblock.workspace ADD COLUMN head_digest bytea;

ALTER TABLE leadblock.blocklist_log ALTER COLUMN token DROP NOT NULL;
ALTER TABLE leadblock.blocklist_log ADD COLUMN epoch bigint;
ALTER TABLE leadblock.blocklist_log ADD COLUMN import text;
ALTER TABLE leadblock.blocklist_log ADD COLUMN seed bytea;
ALTER TABLE leadblock.blocklist_log ADD COLUMN digest bytea;

COMMENT ON COLUMN leadblock.workspace.head_row IS
    'where its blocklist_log ends: id of the last row, 0: it is empty';
COMMENT ON COLUMN leadblock.workspace.head_number IS 'id of the last item; the next is one more';
COMMENT ON COLUMN leadblock.workspace.head_digest IS 'digest of the last row';
COMMENT ON COLUMN leadblock.blocklist_log.id IS
    'entry id of the first item: its number in the workspace';
COMMENT ON COLUMN leadblock.blocklist_log.kind IS
    '0 block, 1 unblock, 2 restore (an unblock was undone). Not written yet: 3 block_again,'
    ' 4 expired, 5 carried_over, 6 erased, 7 link, 8 link_end';
COMMENT ON COLUMN leadblock.blocklist_log.epoch IS
    'random, of the node; NULL: that of the row before';
COMMENT ON COLUMN leadblock.blocklist_log.import IS 'the import that it belongs to';
COMMENT ON COLUMN leadblock.blocklist_log.seed IS
    '16 random bytes, for what is hashed of reason, source, import and items';
COMMENT ON COLUMN leadblock.blocklist_log.digest IS
    'BLAKE2b-256 of this row and of the digest before it: docs/storage.md';
