-- It is empty.
DROP TABLE blocklist_log_old;
