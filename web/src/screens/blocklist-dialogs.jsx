// What is asked before leads are unblocked or a list is saved.
import { count, number } from '../format.js';
import { campaignOf, table, unblock } from '../lists.js';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { ExportDialog } from '../parts/export.jsx';
import { filtersOf, isFiltered } from './blocklist-filters.jsx';

// Up to this many are unblocked with a click; for more, the user types the number.
const freely = 10;
const named = 5;

export function UnblockDialog({ list, name, rows, onDone, onClose }) {
  const confirm = async () => {
    const { data, changeId } = await unblock(list, rows);
    onDone(`${count(data.unblocked, 'entry', 'entries')} unblocked.`, changeId);
  };
  const must = rows.length > freely;
  const names = rows.slice(0, named).map((row) => row.value).join(', ');
  return (
    <ConfirmDialog title={`Unblock ${count(rows.length, 'entry', 'entries')}?`} confirmLabel="Unblock" onConfirm={confirm} onClose={onClose}
      typed={must ? String(rows.length) : undefined} typedLabel={`Type ${rows.length} to confirm`}>
      <p>Campaigns may then contact these people and companies again, unless they are on another list: <strong>{names}</strong>{rows.length > named && ` and ${number(rows.length - named)} more`}.</p>
      <p class="muted">List: {name}.</p>
    </ConfirmDialog>
  );
}

export function ListExport({ view, name, total, onClose }) {
  const fetch = (onPiece, more) => table(view.list, { ...filtersOf(view), sort: view.sort }, onPiece, more);
  const text = `${isFiltered(view) ? 'What the filters leave of' : 'All of'} ${name}.`;
  return <ExportDialog text={text} fetch={fetch} name={`blocklist-${campaignOf(view.list) ?? 'workspace'}`} total={total} onClose={onClose} />;
}
