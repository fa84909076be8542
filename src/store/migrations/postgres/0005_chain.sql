-- Every row has its digest. Ids are counted in the workspace's row.
ALTER TABLE leadblock.blocklist_log ALTER COLUMN digest SET NOT NULL;
ALTER TABLE leadblock.blocklist_log DROP COLUMN token;
DROP SEQUENCE leadblock.entry_id;
