// Saves a list as a CSV file, with a bar that says how far it is.
import { useEffect, useRef, useState } from 'preact/hooks';
import { exportTable } from '../download.js';
import { count } from '../format.js';
import { Dialog, DialogEnd } from './dialog.jsx';
import { ErrorNotice } from './notice.jsx';
import { Progress } from './progress.jsx';

/** fetch(onPiece, more): asks for the file. name: of the file, without the day. total: how many rows there will be, or null. */
export function ExportDialog({ text, fetch, name, total, onClose }) {
  const [state, setState] = useState({ rows: 0, total, done: false, error: null });
  const control = useRef(null);
  const run = async () => {
    control.current = new AbortController();
    const { signal } = control.current;
    setState((old) => ({ ...old, rows: 0, error: null }));
    const onProgress = (rows, all) => setState((old) => ({ ...old, rows, total: all ?? old.total }));
    const fileName = `${name}-${new Date().toISOString().slice(0, 10)}.csv`;
    try {
      await exportTable(fetch, { fileName, signal, onProgress });
      setState((old) => ({ ...old, done: true }));
    } catch (error) {
      if (!signal.aborted) setState((old) => ({ ...old, error }));
    }
  };
  useEffect(() => {
    run();
    return () => control.current.abort();
  }, []);
  const isKnown = state.total !== null && state.total > 0;
  return (
    <Dialog title="Export as CSV" onClose={onClose}>
      <p>{text}</p>
      {state.error
        ? <ErrorNotice error={state.error} onRetry={run} />
        : <Progress label={state.done ? 'Saved' : 'Fetching'} value={state.done ? 1 : isKnown ? state.rows : undefined} max={state.done || !isKnown ? 1 : state.total} note={count(state.rows, 'row')} />}
      <p role="status" class="hidden">{state.done ? `Saved ${count(state.rows, 'row')}.` : ''}</p>
      <DialogEnd kind="plain" label={state.done ? 'Close' : 'Cancel'} onClose={onClose} />
    </Dialog>
  );
}
