// Forgetting a person: what would go is shown first, and the name is typed, as it cannot be undone.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { useApp, useLoad } from '../hooks.js';
import { count } from '../format.js';
import { Button } from '../parts/button.jsx';
import { ConfirmDialog, WaitDialog } from '../parts/dialog.jsx';

const erase = ({ type, value }, more) => api.post('erasures', { [type]: value }, more);

function EraseDialog({ of: name, onDone, onClose }) {
  const { toast, workspace } = useApp();
  const { data, error, reload } = useLoad(async (signal) => (await erase(name, { signal, query: { dryRun: true } })).data, [name.value]);
  const title = 'Erase this person?';
  const confirm = async () => {
    const answer = await erase(name, { workspaceId: workspace.id });
    toast(answer.data.message);
    onDone();
  };
  if (!data) return <WaitDialog title={title} error={error} onRetry={reload} onClose={onClose} />;
  const { names, entries, reasons, leads } = data.erased;
  return (
    <ConfirmDialog title={title} confirmLabel="Erase" typed={name.value} typedLabel={`Type ${name.value} to confirm`} onConfirm={confirm} onClose={onClose}>
      <p>This removes {count(names, 'name')} of the person, {count(entries, 'blocklist entry', 'blocklist entries')}, {count(reasons, 'reason')} and {count(leads, 'lead')} with what was done for them. It cannot be undone.</p>
      <p>{data.blocked
        ? 'The person stays blocked: a keyed hash takes the place of each name.'
        : 'The person is not blocked, and will not be: block the person first if they must not be contacted.'}</p>
      <p>Backups that were made before still have the names.</p>
    </ConfirmDialog>
  );
}

/** of: a name of the person. */
export function Erase({ of, onDone }) {
  const { canWrite } = useApp();
  const [asking, setAsking] = useState(false);
  if (!canWrite) return null;
  return (
    <section class="recent">
      <h2>Privacy</h2>
      <p class="muted">At the person’s request, erase what this workspace knows of them. Who is blocked stays blocked.</p>
      <Button kind="danger" onClick={() => setAsking(true)}>Erase…</Button>
      {asking && <EraseDialog of={of} onDone={onDone} onClose={() => setAsking(false)} />}
    </section>
  );
}
