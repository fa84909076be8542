// What is asked before leads are unblocked or a list is saved.
import { useEffect, useRef, useState } from 'preact/hooks';
import { exportList } from '../download.js';
import { count, number } from '../format.js';
import { campaignOf, unblock } from '../lists.js';
import { Button } from '../parts/button.jsx';
import { ConfirmDialog, Dialog } from '../parts/dialog.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Progress } from '../parts/progress.jsx';

// Up to this many are unblocked with a click; for more, the user types the number.
const freely = 10;
const named = 5;

export function UnblockDialog({ list, name, rows, onDone, onClose }) {
  const confirm = async () => {
    const { data, changeId } = await unblock(list, rows);
    onDone(`${count(data.unblocked, 'lead')} unblocked.`, changeId);
  };
  const must = rows.length > freely;
  const names = rows.slice(0, named).map((row) => row.publicIdentifier).join(', ');
  return (
    <ConfirmDialog title={`Unblock ${count(rows.length, 'lead')}?`} confirmLabel="Unblock" onConfirm={confirm} onClose={onClose}
      typed={must ? String(rows.length) : undefined} typedLabel={`Type ${rows.length} to confirm`}>
      <p>Campaigns may then contact these leads again, unless they are on another list: <strong>{names}</strong>{rows.length > named && ` and ${number(rows.length - named)} more`}.</p>
      <p class="muted">List: {name}.</p>
    </ConfirmDialog>
  );
}

const fileNameOf = (list) => `blocklist-${campaignOf(list) ?? 'workspace'}-${new Date().toISOString().slice(0, 10)}.csv`;

export function ExportDialog({ view, name, total, onClose }) {
  const [state, setState] = useState({ rows: 0, total, done: false, error: null });
  const control = useRef(null);
  const run = async () => {
    control.current = new AbortController();
    const { signal } = control.current;
    setState((old) => ({ ...old, rows: 0, error: null }));
    const onProgress = (rows, all) => setState((old) => ({ ...old, rows, total: all ?? old.total }));
    try {
      await exportList(view.list, { search: view.search, sort: view.sort, fileName: fileNameOf(view.list), signal, onProgress });
      setState((old) => ({ ...old, done: true }));
    } catch (error) {
      if (!signal.aborted) setState((old) => ({ ...old, error }));
    }
  };
  useEffect(() => {
    run();
    return () => control.current.abort();
  }, []);
  const known = state.total !== null && state.total > 0;
  return (
    <Dialog title="Export as CSV" onClose={onClose}>
      <p>{view.search ? `Leads with “${view.search}” in` : 'All leads of'} {name}.</p>
      {state.error
        ? <ErrorNotice error={state.error} onRetry={run} />
        : <Progress label={state.done ? 'Saved' : 'Fetching'} value={state.done ? 1 : known ? state.rows : undefined} max={state.done || !known ? 1 : state.total} note={count(state.rows, 'row')} />}
      <p role="status" class="hidden">{state.done ? `Saved ${count(state.rows, 'row')}.` : ''}</p>
      <div class="dialog-actions">
        <Button onClick={onClose}>{state.done ? 'Close' : 'Cancel'}</Button>
      </div>
    </Dialog>
  );
}
