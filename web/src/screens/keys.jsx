import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { curl } from '../api-lines.js';
import { endOfDay, isPast } from '../format.js';
import { useApp, useLoad } from '../hooks.js';
import { Button } from '../parts/button.jsx';
import { day } from '../parts/columns.jsx';
import { CopyText } from '../parts/copy.jsx';
import { DeleteDialog, Dialog, DialogEnd, FormDialog } from '../parts/dialog.jsx';
import { CheckField, TextField } from '../parts/field.jsx';
import { Empty, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Rows } from '../parts/rows.jsx';
import { Badge } from '../parts/text.jsx';

function CreateDialog({ onDone, onClose }) {
  const [name, setName] = useState('');
  const [readOnly, setReadOnly] = useState(false);
  const [end, setEnd] = useState('');
  const create = async () => {
    const { data } = await api.post('keys', { name: name.trim(), readOnly, ...(end ? { expiresAt: endOfDay(end) } : {}) });
    // For the example; without a campaign there is another one.
    const campaigns = await api.get('campaigns', { query: { take: 1 } }).catch(() => ({ data: [] }));
    onDone(data, campaigns.data[0]?.id);
  };
  return (
    <FormDialog title="New API key" submitLabel="Create key" onSubmit={create} onClose={onClose}>
      <TextField label="Name" value={name} onValue={setName} required maxLength={100} hint="What will use it, for example: CRM" />
      <CheckField label="Read only" hint="The key can check and list, but not block or unblock." checked={readOnly} onChecked={setReadOnly} />
      <TextField label="Valid until (optional)" type="date" value={end} onValue={setEnd} />
    </FormDialog>
  );
}

/** A line that works as it is pasted: blocks john-doe, or checks with a key that may only read. */
function curlLine(publicUrl, key, readOnly, campaignId) {
  const headers = { 'x-api-key': key };
  if (readOnly) return curl({ method: 'GET', url: `${publicUrl}/v1/blocked-leads/john-doe`, headers });
  const path = campaignId ? api.path('campaigns', campaignId, 'blocked-leads') : 'blocked-leads';
  const body = campaignId ? { publicIdentifiers: ['john-doe'] } : { leads: [{ publicIdentifier: 'john-doe' }] };
  return curl({ method: 'POST', url: `${publicUrl}/v1/${path}`, headers: { ...headers, 'Content-Type': 'application/json' }, body });
}

function CreatedDialog({ created, campaignId, onClose }) {
  const { session } = useApp();
  const what = created.readOnly ? 'Check john-doe from a terminal' : `Block john-doe ${campaignId ? `in the campaign ${campaignId}` : 'in the workspace'} from a terminal`;
  return (
    <Dialog title="Your new API key" wide onClose={onClose}>
      <Notice kind="warn"><p>Copy the key now. It is shown only once.</p></Notice>
      <CopyText label={`Key ${created.name}`} text={created.key} what="key" />
      <CopyText label={what} text={curlLine(session.publicUrl, created.key, created.readOnly, campaignId)} what="command" />
      <DialogEnd onClose={onClose} />
    </Dialog>
  );
}

function KeyState({ apiKey }) {
  if (apiKey.revokedAt) return <Badge>Revoked</Badge>;
  if (isPast(apiKey.expiresAt)) return <Badge kind="warn">Expired</Badge>;
  return <Badge kind="ok">Valid</Badge>;
}

/** Whose key it is, where that may be a reason to revoke it. */
function DeletedMaker({ apiKey }) {
  if (!apiKey.by?.deleted) return null;
  return <div class="muted">Made by {apiKey.by.name ?? 'a user'}, who was deleted</div>;
}

const columns = (canWrite, onRevoke) => [
  { label: 'Name', header: true, render: (key) => <><span>{key.name}</span> <code class="muted">{key.prefix}…</code><DeletedMaker apiKey={key} /></> },
  { label: 'Access', class: 'role-cell', render: (key) => (key.readOnly ? 'Read only' : 'Read and write') },
  { label: 'State', render: (key) => <KeyState apiKey={key} /> },
  day('Last used', 'lastUsedAt', 'Never'), day('Created', 'createdAt'), day('Valid until', 'expiresAt', 'Never'),
  ...(canWrite ? [{
    label: 'Revoke', hideLabel: true, class: 'action-cell',
    render: (key) => !key.revokedAt && <Button aria-label={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>Revoke</Button>,
  }] : []),
];

const RevokeDialog = ({ apiKey: { id, name }, ...rest }) => (
  <DeleteDialog {...rest} title={`Revoke ${name}?`} confirmLabel="Revoke" path={api.path('keys', id)} said={`The key ${name} is revoked.`}>
    <p>Requests with this key are refused from now on. This cannot be undone.</p>
  </DeleteDialog>
);

export function Keys() {
  const { canWrite } = useApp();
  const { data: keys, error, loading, reload } = useLoad((signal) => api.allOf('keys', { take: 1000, signal }), []);
  const [open, setOpen] = useState({});
  const close = () => setOpen({});
  const create = () => setOpen({ dialog: 'create' });
  const created = (key, campaignId) => {
    reload();
    setOpen({ dialog: 'created', key, campaignId });
  };
  const newKey = canWrite && <Button kind="primary" icon="add" onClick={create}>New API key</Button>;
  return (
    <Page title="API keys" lead="Outreach tools use an API key to check and block leads." actions={newKey}>
      <Rows caption="API keys" columns={columns(canWrite, (key) => setOpen({ dialog: 'revoke', key }))} rows={keys} keyOf={(key) => key.id} loading={loading} error={error} onRetry={reload}
        empty={<Empty title="There are no API keys yet"><p>Create one key for each tool, so that you can revoke it separately.</p>{newKey}</Empty>} />
      {open.dialog === 'create' && <CreateDialog onDone={created} onClose={close} />}
      {open.dialog === 'created' && <CreatedDialog created={open.key} campaignId={open.campaignId} onClose={close} />}
      {open.dialog === 'revoke' && <RevokeDialog apiKey={open.key} onDone={reload} onClose={close} />}
    </Page>
  );
}
