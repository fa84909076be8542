// The last imports of files, each of which can be taken back as a whole.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { count } from '../format.js';
import { useApp, useLoad } from '../hooks.js';
import { undoImport } from '../lists.js';
import { Button } from '../parts/button.jsx';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Table } from '../parts/table.jsx';
import { By, Time } from '../parts/text.jsx';

const take = 5;

const states = { running: 'Running', done: 'Done', broken_off: 'Broken off', undone: 'Undone' };

const placeOf = ({ scope, campaignId }) => (scope === 'workspace' ? 'the workspace' : campaignId === null ? 'a deleted campaign' : `campaign ${campaignId}`);

const whatOf = (entry) => (entry.action === 'block'
  ? `Blocked ${count(entry.blocked, 'lead')} in ${placeOf(entry)}`
  : `Unblocked ${count(entry.unblocked, 'lead')} in ${placeOf(entry)}`);

/** Those of a deleted campaign have nothing left to take back. */
const canBeUndone = ({ state, scope, campaignId, blocked, unblocked }) => (
  ['done', 'broken_off'].includes(state) && (blocked ?? unblocked) > 0 && (scope === 'workspace' || campaignId !== null));

function UndoImport({ entry, onDone }) {
  const { toast, workspace } = useApp();
  const [asking, setAsking] = useState(false);
  const undo = async () => {
    const more = { workspaceId: workspace.id };
    const { data } = await api.withRetry(() => undoImport(entry.importId, more), more);
    toast(`${data.message}.`);
    onDone();
  };
  return (
    <>
      <Button kind="quiet" icon="undo" aria-label={`Undo: ${whatOf(entry)}`} onClick={() => setAsking(true)}>Undo</Button>
      {asking && (
        <ConfirmDialog title="Undo this import?" confirmLabel="Undo" kind="primary" onConfirm={undo} onClose={() => setAsking(false)}>
          <p>{whatOf(entry)}. All of that is taken back; what others did stays.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

const plainColumns = [
  { label: 'When', header: true, class: 'time-cell', render: (entry) => <Time at={entry.startedAt} /> },
  { label: 'What', render: whatOf },
  { label: 'State', render: (entry) => states[entry.state] ?? entry.state },
  { label: 'Who', render: (entry) => <By by={entry.by} /> },
];

/** Nothing as long as there are none. */
export function Imports() {
  const { canWrite } = useApp();
  const { data: rows, error, reload } = useLoad(async (signal) => (await api.get('imports', { signal, query: { take } })).data, []);
  const undoColumn = { label: 'Undo', hideLabel: true, render: (entry) => canBeUndone(entry) && <UndoImport entry={entry} onDone={reload} /> };
  if (error) return <ErrorNotice error={error} onRetry={reload} />;
  if (!rows?.length) return null;
  return (
    <section class="recent">
      <h2>Last imports</h2>
      <Table caption="Last imports" columns={canWrite ? [...plainColumns, undoColumn] : plainColumns} rows={rows} keyOf={(entry) => entry.importId} />
    </section>
  );
}
