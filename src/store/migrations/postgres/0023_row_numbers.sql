-- Leads, steps and variants are numbered in their workspace, with random bits at the end
-- (store/row_number.h). Rows of before keep their numbers, which are smaller.
ALTER TABLE leadblock.workspace ADD COLUMN numbers bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN leadblock.workspace.numbers IS 'that were given out so';
DROP SEQUENCE leadblock.lead_no;
DROP SEQUENCE leadblock.step_no;
DROP SEQUENCE leadblock.variant_no;
DROP SEQUENCE leadblock.audit_id;
-- Earlier versions would cut such numbers of steps off. One that runs all the same misses this column
-- whenever it asks where a workspace stands.
ALTER TABLE leadblock.workspace RENAME COLUMN batch TO batches;
