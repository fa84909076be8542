// What a campaign is called, its variables, and its end.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { useAction, useApp } from '../hooks.js';
import { go, href } from '../router.js';
import { Button } from '../parts/button.jsx';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { CheckField, TextField } from '../parts/field.jsx';
import { ErrorNotice } from '../parts/notice.jsx';

const most = 50;

const rowsOf = (variables) => Object.entries(variables ?? {}).map(([name, value]) => ({ name, value }));

function Variables({ rows, onRows }) {
  const set = (index, change) => onRows(rows.map((row, place) => (place === index ? { ...row, ...change } : row)));
  return (
    <fieldset class="variables">
      <legend>Variables</legend>
      <p class="hint">For texts of messages, where a lead has no value of its own: {'{{sender}}'} stands for the value of sender.</p>
      {rows.map((row, index) => (
        <div class="variable" key={index}>
          <TextField label={`Name ${index + 1}`} value={row.name} onValue={(name) => set(index, { name })} maxLength={64} pattern="[A-Za-z0-9_.\-]+" required spellcheck={false} />
          <TextField label={`Value ${index + 1}`} value={row.value} onValue={(value) => set(index, { value })} maxLength={2000} />
          <Button kind="quiet" icon="close" aria-label={`Remove variable ${index + 1}`} onClick={() => onRows(rows.filter((_, place) => place !== index))} />
        </div>
      ))}
      {rows.length < most && <Button icon="add" onClick={() => onRows([...rows, { name: '', value: '' }])}>Add a variable</Button>}
    </fieldset>
  );
}

function DeleteDialog({ campaign, onClose }) {
  const { toast } = useApp();
  const [drops, setDrops] = useState(false);
  const remove = async () => {
    const { data } = await api.del(`${api.path('campaigns', campaign.id)}${drops ? '?blocks=drop' : ''}`);
    toast(data.message);
    setTimeout(() => go(href('campaigns')));
  };
  return (
    <ConfirmDialog title={`Delete ${campaign.name}?`} confirmLabel="Delete" typed={campaign.name} typedLabel="Type the name of the campaign to confirm" typedMode="text" onConfirm={remove} onClose={onClose}>
      <p>Its leads, steps and activities are deleted, and cannot be brought back.</p>
      <CheckField label="End its blocklist, too" hint="Otherwise the blocklist is kept, and a campaign that is made under the same id takes it over." checked={drops} onChecked={setDrops} />
    </ConfirmDialog>
  );
}

export function SettingsTab({ campaign, onChange }) {
  const { canWrite, toast } = useApp();
  const [name, setName] = useState(campaign.name);
  const [rows, setRows] = useState(rowsOf(campaign.customVariables));
  const [deleting, setDeleting] = useState(false);
  const save = useAction(async () => {
    const { data } = await api.patch(api.path('campaigns', campaign.id), { name: name.trim(), customVariables: Object.fromEntries(rows.map((row) => [row.name, row.value])) });
    toast(data.message);
    onChange();
  });
  const submit = (event) => {
    event.preventDefault();
    if (!save.busy) save.run();
  };
  if (!canWrite) {
    return (
      <dl class="facts card">
        <div><dt>Name</dt><dd>{campaign.name}</dd></div>
        {rows.map((row) => <div key={row.name}><dt><code>{row.name}</code></dt><dd>{row.value}</dd></div>)}
      </dl>
    );
  }
  return (
    <>
      <form class="card" onSubmit={submit}>
        <TextField label="Name" value={name} onValue={setName} required maxLength={100} />
        <Variables rows={rows} onRows={setRows} />
        {save.error && <ErrorNotice error={save.error} />}
        <Button type="submit" kind="primary" busy={save.busy}>Save</Button>
      </form>
      <section class="card">
        <h2>Delete this campaign</h2>
        <p class="muted">With its leads, steps and activities. Its blocklist may be kept.</p>
        <Button kind="danger" onClick={() => setDeleting(true)}>Delete the campaign</Button>
      </section>
      {deleting && <DeleteDialog campaign={campaign} onClose={() => setDeleting(false)} />}
    </>
  );
}
