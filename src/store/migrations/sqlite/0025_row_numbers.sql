-- Leads, steps and variants are numbered in their workspace, with random bits at the end
-- (store/row_number.h). Rows of before keep their numbers, which are smaller.
ALTER TABLE workspace ADD COLUMN numbers INTEGER NOT NULL DEFAULT 0; -- that were given out so
