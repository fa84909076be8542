// What a campaign is called, its variables, what it does with replies and people whom others contact, and its end.
import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { changesOf } from '../changes.js';
import { useAction, useApp } from '../hooks.js';
import { go, href } from '../router.js';
import { Button } from '../parts/button.jsx';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { CheckField, TextField } from '../parts/field.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Pairs } from '../parts/pairs.jsx';

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
    <ConfirmDialog title={`Delete ${campaign.name}?`} confirmLabel="Delete" typed={campaign.name} typedLabel="Type the name of the campaign to confirm" onConfirm={remove} onClose={onClose}>
      <p>Its leads, steps and activities are deleted, and cannot be brought back.</p>
      <CheckField label="End its blocklist, too" hint="Otherwise the blocklist is kept, and a campaign that is made under the same id takes it over." checked={drops} onChecked={setDrops} />
    </ConfirmDialog>
  );
}

const formOf = ({ name, customVariables, settings: { blockOnReply = false, skipContacted = null, stopColleagues = false } = {} }) => ({
  name, rows: rowsOf(customVariables), blockOnReply, days: skipContacted ? String(skipContacted.days) : '', stopColleagues,
});

/** Each variable is a field: others may have changed another one. */
const fieldsOf = ({ name, rows, ...settings }) => ({ name: name.trim(), ...settings, ...Object.fromEntries(rows.map((row) => [`{{${row.name}}}`, row.value])) });
const labels = { name: 'Name', days: 'Days' };

/** Of the changed fields; what is undefined is not sent. Variables are replaced as a whole, so those that are saved `now` go along. */
function bodyOf({ name, blockOnReply, days, stopColleagues, ...variables }, now) {
  const changed = Object.entries(variables).map(([field, value]) => [field.slice(2, -2), value]);
  return {
    name, settings: { blockOnReply, stopColleagues, skipContacted: days ? { days: Number(days) } : days === '' ? null : undefined },
    customVariables: changed.length > 0 ? { ...now.customVariables, ...Object.fromEntries(changed) } : undefined,
  };
}

function Replies({ settings, set }) {
  return (
    <fieldset class="variables">
      <legend>Replies and other campaigns</legend>
      <CheckField label="Block who replies" hint="In the whole workspace, by all names of the lead." checked={settings.blockOnReply} onChecked={(blockOnReply) => set({ blockOnReply })} />
      <CheckField label="A reply stops colleagues" hint="Leads with the same company page, or else the same company name, are completed." checked={settings.stopColleagues} onChecked={(stopColleagues) => set({ stopColleagues })} />
      <TextField label="Days in which another campaign's contact counts" hint="Leads whom another campaign has sent an invitation or message within these days are skipped. Leave it empty to skip nobody."
        value={settings.days} onValue={(days) => set({ days })} type="number" inputmode="numeric" min={1} max={3650} step={1} />
    </fieldset>
  );
}

function Facts({ campaign }) {
  const { name, rows, blockOnReply, days, stopColleagues } = formOf(campaign);
  return (
    <Pairs class="facts card" pairs={[
      ['Name', name], ...rows.map((row) => [<code>{row.name}</code>, row.value]),
      ['Who replies is blocked', blockOnReply ? 'Yes' : 'No'], ['A reply stops colleagues', stopColleagues ? 'Yes' : 'No'],
      ['Contacted by another campaign', days ? `Skipped for ${days} days` : 'Not skipped']]} />
  );
}

export function SettingsTab({ campaign, onChange }) {
  const { canWrite, toast } = useApp();
  const [form, setForm] = useState(formOf(campaign));
  const [deleting, setDeleting] = useState(false);
  const fields = fieldsOf(form);
  const base = useRef(fields);
  const set = (change) => setForm((old) => ({ ...old, ...change }));
  useEffect(() => setForm((old) => { // as it is now: what was typed since the page was drawn stays, too
    if (JSON.stringify(fieldsOf(old)) !== JSON.stringify(base.current)) return old;
    const saved = formOf(campaign);
    base.current = fieldsOf(saved);
    return saved;
  }), [campaign]);
  const save = useAction(async () => {
    const path = api.path('campaigns', campaign.id);
    const now = (await api.get(path)).data;
    const { data } = await api.patch(path, bodyOf(changesOf(base.current, fields, fieldsOf(formOf(now)), labels), now));
    base.current = fields;
    toast(data.message);
    onChange();
  });
  if (!canWrite) return <Facts campaign={campaign} />;
  return (
    <>
      <form class="card" onSubmit={save.submit}>
        <TextField label="Name" value={form.name} onValue={(name) => set({ name })} required maxLength={100} />
        <Variables rows={form.rows} onRows={(rows) => set({ rows })} />
        <Replies settings={form} set={set} />
        <ErrorNotice error={save.error} />
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
