-- The country whose national phone numbers the workspace takes: two letters (ISO 3166-1).
ALTER TABLE workspace ADD COLUMN default_country TEXT; -- NULL: none
