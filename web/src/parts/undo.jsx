// The undo of a change or an import as a whole: what is asked before, and whom it left blocked, and why.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { count } from '../format.js';
import { useApp } from '../hooks.js';
import { href } from '../router.js';
import { Button } from './button.jsx';
import { by, who } from './columns.jsx';
import { ConfirmDialog } from './dialog.jsx';
import { Folded } from './folded.jsx';
import { Notice } from './notice.jsx';
import { Table } from './table.jsx';
import { Time } from './text.jsx';

/** undo(more): what the API does. onDone(answer): {data, changeId}. `text` says what is taken back, `name` what it is. */
export function UndoButton({ name, text, undo, onDone, label, kind = 'plain' }) {
  const { workspace } = useApp();
  const [asking, setAsking] = useState(false);
  const run = async () => {
    const more = { workspaceId: workspace.id };
    onDone(await api.withRetry(() => undo(more), more));
  };
  return (
    <>
      <Button kind={kind} icon="undo" aria-label={label} onClick={() => setAsking(true)}>Undo</Button>
      {asking && (
        <ConfirmDialog title={`Undo this ${name}?`} confirmLabel="Undo" kind="primary" onConfirm={run} onClose={() => setAsking(false)}>
          <p>{text}. All of that is taken back; what others did stays.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

const columns = [
  who(true),
  { label: 'Blocked because', class: 'reason-cell line', render: (row) => row.reason ?? <span class="muted">No reason given</span> },
  { label: 'Since', class: 'time-cell', render: (row) => <Time at={row.createdAt} /> },
  by(),
];

/** What came of an undo. */
export function Undone({ answer: { data, changeId } }) {
  const { message, stayed, stayedBecause } = data;
  return (
    <section class="undone" aria-label="What came of the undo">
      <Notice kind="ok"><p role="status">{message}.{changeId && changeId !== 'ch_0' && <> <a href={href('change', [changeId])}>Show this undo</a></>}</p></Notice>
      {stayed > 0 && (
        <>
          <h2>{count(stayed, 'name')} {stayed === 1 ? 'stays' : 'stay'} blocked</h2>
          <p class="muted">Another request asked for them, too, which stays.{stayed > stayedBecause.length && ` The first ${stayedBecause.length} are shown.`}</p>
          <Folded items={stayedBecause} more="names">{(rows) => <Table caption="Names that stay blocked" columns={columns} rows={rows} keyOf={(row) => `${row.type ?? ''} ${row.publicIdentifier ?? row.value}`} />}</Folded>
        </>
      )}
    </section>
  );
}
