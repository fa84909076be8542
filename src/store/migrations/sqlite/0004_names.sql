-- The rules for names changed: what was stored before is read under today's form, and rows stay as
-- they are. The number keeps versions out that do not know the rules.

-- Leads whose name may have another form today: it has a character that names have no longer (a
-- default-ignorable one, a variation selector, a full-width form), or another of the same ranges.
CREATE INDEX lead_name_old_form ON lead_name (workspace, name) WHERE name GLOB
    '*[' || char(0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b) || '-' || char(0x180f, 0x3164, 0xfe00)
        || '-' || char(0xfe0f, 0xff01) || '-' || char(0xffa0, 0xe0100) || '-' || char(0xe01ef) || ']*';
CREATE VIEW old_lead_name AS
SELECT DISTINCT workspace, name FROM lead_name INDEXED BY lead_name_old_form WHERE name GLOB
    '*[' || char(0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b) || '-' || char(0x180f, 0x3164, 0xfe00)
        || '-' || char(0xfe0f, 0xff01) || '-' || char(0xffa0, 0xe0100) || '-' || char(0xe01ef) || ']*';
