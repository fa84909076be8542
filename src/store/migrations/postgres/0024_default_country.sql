-- The country whose national phone numbers the workspace takes.
ALTER TABLE leadblock.workspace ADD COLUMN default_country text;
COMMENT ON COLUMN leadblock.workspace.default_country IS 'two letters (ISO 3166-1); NULL: none';
-- Earlier versions know fewer legal forms of companies' names, so that they would not find what is
-- recorded under today's. One that runs all the same misses this column whenever it asks where a
-- workspace stands.
ALTER TABLE leadblock.workspace RENAME COLUMN batches TO batch_count;
