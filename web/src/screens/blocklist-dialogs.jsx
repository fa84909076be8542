// What is asked before leads are unblocked or a list is saved.
import { count, number } from '../format.js';
import { campaignOf, table, unblock } from '../lists.js';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { ExportDialog } from '../parts/export.jsx';

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

export function ListExport({ view, name, total, onClose }) {
  const fetch = (onPiece, more) => table(view.list, { search: view.search, sort: view.sort }, onPiece, more);
  const text = `${view.search ? `Leads with “${view.search}” in` : 'All leads of'} ${name}.`;
  return <ExportDialog text={text} fetch={fetch} name={`blocklist-${campaignOf(view.list) ?? 'workspace'}`} total={total} onClose={onClose} />;
}
