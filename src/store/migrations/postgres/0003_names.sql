-- The rules for names changed: what was stored before is read under today's form, and rows stay as
-- they are. A node that does not know the rules must not run beside one that does: it would record
-- under old forms what this one looks for under those of today. The number keeps it from starting.
-- One that runs already names log_row whenever it locks a workspace or asks whether its memory lacks
-- something: without that column it records nothing and answers nothing from memory. A later
-- migration that earlier nodes must not outlive can rename the column again.
ALTER TABLE leadblock.workspace RENAME COLUMN log_row TO last_row;
ALTER TABLE leadblock.workspace RENAME COLUMN log_token TO last_token;

COMMENT ON COLUMN leadblock.lead_name.name IS
    'canonical under the rules of the version that stored it; look-ups ask for later forms, too';

-- Leads whose name may have another form today: it has a character that names have no longer (a
-- default-ignorable one, a variation selector, a full-width form), or another of the same ranges.
CREATE INDEX lead_name_old_form ON leadblock.lead_name (workspace_id, name) WHERE name ~
    '[\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u3164\uFE00-\uFE0F\uFF01-\uFFA0\U000E0100-\U000E01EF]';
CREATE VIEW leadblock.old_lead_name AS
SELECT DISTINCT workspace_id, name FROM leadblock.lead_name WHERE name ~
    '[\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u3164\uFE00-\uFE0F\uFF01-\uFFA0\U000E0100-\U000E01EF]';
