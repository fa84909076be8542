// The installation's own blocklist: who is blocked in every workspace. For operators.
import { useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { count } from '../format.js';
import { useAction, useApp, useLoad } from '../hooks.js';
import { importFile, rowsNotTaken } from '../lists.js';
import { kindWords, typeWords } from '../names.js';
import { Button } from '../parts/button.jsx';
import { by, day } from '../parts/columns.jsx';
import { CountryField, DetailFields, detailsOf, isNational, noDetails } from '../parts/details.jsx';
import { ConfirmDialog, FormDialog } from '../parts/dialog.jsx';
import { CheckField, SelectField, TextField, optionsOf } from '../parts/field.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Paged, pageOf } from '../parts/pager.jsx';
import { NotTaken, Reading, Warnings } from './add-findings.jsx';
import { statusText } from '../parts/text.jsx';
import { blockOne } from './verdict.jsx';

const list = 'installation/blocklist';
const size = 50;
const types = { ...typeWords, publicIdentifier: 'LinkedIn name or address', memberId: 'LinkedIn id' };
const undoPath = (id) => api.path('installation', id.startsWith('ch_') ? 'changes' : 'imports', id, 'undo');

/** Says what was done, with its undo. */
function useDone(reload) {
  const { toast } = useApp();
  return (text, id) => {
    const run = async () => {
      await api.post(undoPath(id));
      toast('Undone.');
      reload();
    };
    toast(text, id && id !== 'ch_0' ? { action: { label: 'Undo', run } } : undefined);
    reload();
  };
}

function BlockDialog({ onDone, onClose }) {
  const [type, setType] = useState('publicIdentifier');
  const [value, setValue] = useState('');
  const [details, setDetails] = useState(noDetails);
  const [force, setForce] = useState(null);
  const [country, setCountry] = useState('');
  const block = async () => {
    try {
      const stored = await blockOne('installation', { type, value: value.trim() }, detailsOf(details), { force, country: isNational(value, type) ? country : '' });
      onDone(`${stored.value} is blocked in every workspace.`, stored.changeId);
      onClose();
    } catch (error) {
      setForce(error.force ? false : null);
      throw error;
    }
  };
  return (
    <FormDialog title="Block in every workspace" submitLabel="Block" onSubmit={block} onClose={onClose}>
      <SelectField label="What" value={type} onValue={setType} options={optionsOf(types)} />
      <TextField label="Name" value={value} onValue={(text) => { setValue(text); setForce(null); }} required maxLength={2000} />
      {isNational(value, type) && <CountryField country={country} onCountry={setCountry} />}
      <DetailFields details={details} onDetails={setDetails} />
      {force !== null && <CheckField label="Block it all the same" checked={force} onChecked={setForce} />}
    </FormDialog>
  );
}

function UnblockDialog({ entry, onDone, onClose }) {
  const unblock = async () => {
    const { changeId } = await api.del(list, [entry.id]);
    onDone(`${entry.value} is not in the list any more.`, changeId);
  };
  return (
    <ConfirmDialog title={`Unblock ${entry.value}?`} confirmLabel="Unblock" onConfirm={unblock} onClose={onClose}>
      <p>Campaigns may contact them, unless their workspace blocks them.</p>
    </ConfirmDialog>
  );
}

const send = async (file, query) => (await importFile('installation', file, query, {}, true)).data;

/** A file with names of every type is sent as it is: first to say what would be blocked. */
function ImportButton({ onDone }) {
  const input = useRef(null);
  const [tried, setTried] = useState(null);
  const action = useAction(async (file, type) => {
    setTried(null);
    setTried({ file, type, found: await send(file, { type, dryRun: true }) });
  });
  const notTaken = () => rowsNotTaken('installation', tried.file, { type: tried.type }, {}, true);
  const block = async () => {
    const { message, blocked, importId } = await send(tried.file, { type: tried.type });
    onDone(`${message}.`, blocked ? importId : null);
  };
  const choose = (event) => {
    const [file] = event.currentTarget.files;
    event.currentTarget.value = '';
    if (file) action.run(file);
  };
  return (
    <>
      <input ref={input} type="file" class="hidden" aria-label="File of names" tabIndex={-1} onChange={choose} />
      <Button icon="download" busy={action.busy} onClick={() => input.current.click()}>Import a file</Button>
      <ErrorNotice error={action.error} />
      {tried && (
        <ConfirmDialog title={`${tried.found.message} in every workspace`} confirmLabel="Block" onConfirm={tried.found.blocked && block} onClose={() => setTried(null)}>
          <SelectField label="What" value={tried.type} onValue={(type) => action.run(tried.file, type)} options={optionsOf(types, 'Recognize the type')} />
          <Warnings found={tried.found} />
          <Reading found={tried.found} />
          <NotTaken job={{ notTaken }} found={tried.found} />
        </ConfirmDialog>
      )}
    </>
  );
}

const columns = (onUnblock) => [
  { label: 'Name', header: true, class: 'detail-cell', render: (entry) => <bdi>{entry.value}</bdi> },
  { label: 'What', class: 'type-cell', render: (entry) => types[entry.type] ?? statusText(entry.type) },
  { label: 'Reason', class: 'reason-cell line', render: (entry) => <>{entry.kind && <span class="muted">{kindWords[entry.kind]} · </span>}{entry.reason ?? <span class="muted">No reason given</span>}</> },
  day('Blocked', 'createdAt'), day('Ends', 'expiresAt', 'Never'), by(),
  { label: 'Unblock', hideLabel: true, class: 'action-cell', render: (entry) => <Button aria-label={`Unblock ${entry.value}`} onClick={() => onUnblock(entry)}>Unblock</Button> },
];

export function Installation({ route }) {
  const page = pageOf(route.query);
  const answer = useLoad((signal) => api.get(list, { signal, query: { skip: (page - 1) * size, take: size, include: 'by' } }), [page]);
  const [unblocking, setUnblocking] = useState(null);
  const [blocking, setBlocking] = useState(false);
  const { data, reload } = answer;
  const done = useDone(reload);
  const actions = <><ImportButton onDone={done} /> <Button kind="primary" icon="add" onClick={() => setBlocking(true)}>Block</Button></>;
  return (
    <Page title="Installation list" lead="Who is in this list is blocked in every workspace. Workspaces see that a name is in it, and not why." actions={actions}>
      {data?.total > 0 && <p class="list-status" role="status">{count(data.total, 'entry', 'entries')}</p>}
      <Paged caption="Installation list" columns={columns(setUnblocking)} page={page} size={size} answer={answer} empty={page === 1 && <Empty title="The list is empty" />} />
      {blocking && <BlockDialog onDone={done} onClose={() => setBlocking(false)} />}
      {unblocking && <UnblockDialog entry={unblocking} onDone={done} onClose={() => setUnblocking(null)} />}
    </Page>
  );
}
