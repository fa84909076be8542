-- Who invited whom until when, and where users are signed in.

ALTER TABLE leadblock.account ADD COLUMN made_by bigint; -- api_key.no or account.no; 0: the command line; NULL: unknown
ALTER TABLE leadblock.link ADD COLUMN created_at bigint; -- NULL: before this was kept
ALTER TABLE leadblock.session ADD COLUMN source text;         -- the address that it was last used from
ALTER TABLE leadblock.session ADD COLUMN user_agent text;     -- what the browser called itself at the sign-in
ALTER TABLE leadblock.session ADD COLUMN last_used_at bigint; -- to some minutes
