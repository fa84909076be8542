-- Who invited whom until when, and where users are signed in.

ALTER TABLE account ADD COLUMN made_by INTEGER; -- api_key.no or account.no; 0: the command line; NULL: unknown
ALTER TABLE link ADD COLUMN created_at INTEGER; -- NULL: before this was kept
CREATE INDEX link_by_account ON link (account);
ALTER TABLE session ADD COLUMN source TEXT;          -- the address that it was last used from
ALTER TABLE session ADD COLUMN user_agent TEXT;      -- what the browser called itself at the sign-in
ALTER TABLE session ADD COLUMN last_used_at INTEGER; -- to some minutes
