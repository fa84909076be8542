-- The country whose national phone numbers the workspace takes.
ALTER TABLE leadblock.workspace ADD COLUMN default_country text;
COMMENT ON COLUMN leadblock.workspace.default_country IS 'two letters (ISO 3166-1); NULL: none';
