-- The rules for names changed: what was stored before is read under today's form, and rows stay as
-- they are. The number matters: a node that does not know the rules must not run beside one that does.
COMMENT ON COLUMN leadblock.lead_name.name IS
    'canonical under the rules of the version that stored it; look-ups ask for later forms, too';
