-- What a batch compares before its commit: another one that had the same lock at once has counted,
-- also when it moved leads alone, which the log and the version of keys and campaigns say nothing of.
ALTER TABLE leadblock.workspace ADD COLUMN batch bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN leadblock.workspace.batch IS 'batches that have changed something of it';
