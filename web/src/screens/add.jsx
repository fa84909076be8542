// Adds leads to a blocklist: from a text or a file, looked at before anything is blocked.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { findColumn, leadsOf, readTable } from '../csv.js';
import { count } from '../format.js';
import { useApp } from '../hooks.js';
import { currentImport, forgetImport, startImport } from '../import-job.js';
import { isList, workspaceList } from '../lists.js';
import { setQuery } from '../router.js';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Button } from '../parts/button.jsx';
import { CheckField, SelectField, TextField } from '../parts/field.jsx';
import { ListChoice, listName, useCampaignChoices } from '../parts/list-choice.jsx';
import { Page } from '../parts/page.jsx';
import { ImportProgress } from './add-progress.jsx';
import { LeadSource } from './add-source.jsx';

// What was entered, for “Back” and for looking at another screen in between.
const blank = { text: '', file: null };
let draft = { owner: null, source: blank, reason: '' };

const rest = () => new Promise((resolve) => { setTimeout(resolve); });
const settleMs = 300;

/** Reads text into a table a little after it last changed: {table, place, reading}; place: which column, header or not. */
function useTable(source) {
  const [state, setState] = useState({ source: null, table: null, place: null });
  useEffect(() => {
    let dropped = false;
    const read = async () => {
      const table = await readTable(source.text, { rest });
      if (!dropped) setState({ source, table, place: table.rows.length > 0 ? findColumn(table.rows) : null });
    };
    const timer = setTimeout(read, source.file ? 0 : settleMs);
    return () => {
      dropped = true;
      clearTimeout(timer);
    };
  }, [source]);
  return { ...state, reading: state.source !== source, setPlace: (change) => setState((old) => ({ ...old, place: { ...old.place, ...change } })) };
}

function ColumnChoice({ place, onPlace }) {
  if (!place || (place.columns.length < 2 && !place.hasHeader)) return null;
  const options = place.columns.map((name, index) => ({ value: String(index), label: name }));
  return (
    <div class="column-choice">
      <SelectField label="Column with the leads" value={String(place.column)} options={options} onValue={(value) => onPlace({ column: Number(value) })} />
      <CheckField label="The first line is a header" checked={place.hasHeader} onChecked={(hasHeader) => onPlace({ hasHeader })} />
    </div>
  );
}

function Summary({ reading, items, examples }) {
  return (
    <p class="summary" role="status">
      {reading && 'Reading…'}
      {!reading && items.length > 0 && <>{count(items.length, 'lead')}: <span class="muted">{examples}</span></>}
    </p>
  );
}

function AddForm({ owner, list, onStart }) {
  if (draft.owner !== owner) draft = { owner, source: blank, reason: '' };
  const campaigns = useCampaignChoices();
  const [source, setSource] = useState(draft.source);
  const [reason, setReason] = useState(draft.reason);
  const [wanted, setWanted] = useState(false);
  const [missing, setMissing] = useState(false);
  Object.assign(draft, { source, reason });
  const { table, place, reading, setPlace } = useTable(source);
  const items = useMemo(() => (table && place ? leadsOf(table.rows, place) : []), [table, place]);
  const submit = (event) => {
    event.preventDefault();
    setWanted(true);
  };
  useEffect(() => {
    // Who is quick presses the button before the text is read.
    if (!wanted || reading) return;
    setWanted(false);
    setMissing(items.length === 0);
    if (items.length > 0) onStart({ list, listLabel: listName(list, campaigns), reason: reason.trim(), items });
  }, [wanted, reading]);
  return (
    <form class="card" onSubmit={submit}>
      <div class="form-row">
        <ListChoice label="Block in" list={list} campaigns={campaigns} onList={(value) => setQuery({ list: value }, { replace: true })}
          hint="A lead that is blocked in the workspace is blocked in all of its campaigns." />
        <TextField label="Reason (optional)" value={reason} onValue={setReason} maxLength={500} hint="For example: existing client" />
      </div>
      <LeadSource source={source} onSource={setSource} />
      {table?.unclosedQuoteAt && <Notice kind="warn"><p>The quotation mark in line {table.unclosedQuoteAt} is never closed. All quotation marks are read as ordinary characters.</p></Notice>}
      <ColumnChoice place={place} onPlace={setPlace} />
      <Summary reading={reading && source.text !== ''} items={items} examples={items.slice(0, 3).map((item) => item.value).join(', ')} />
      {missing && items.length === 0 && <ErrorNotice error={{ message: 'Paste at least one lead, or choose a file.' }} />}
      <Button type="submit" kind="primary" busy={wanted}>Validate</Button>
      <p class="hint">Validating changes nothing. It shows which leads are new, already blocked or invalid.</p>
    </form>
  );
}

export function Add({ route }) {
  const { session, workspace } = useApp();
  const [, redraw] = useState(0);
  const owner = `${session.user.id}/${workspace.id}`;
  const job = currentImport()?.owner === owner ? currentImport() : null;
  const onChange = () => redraw((turn) => turn + 1);
  if (job) job.onChange = onChange;
  useEffect(() => () => {
    const left = currentImport();
    if (left) left.onChange = () => {};
  }, []);
  const start = (options) => {
    startImport({ ...options, owner, workspaceId: session.user.role === 'operator' ? workspace.id : null, onChange });
    onChange();
  };
  const again = () => {
    if (!['validating', 'validated'].includes(job.step)) draft.owner = null;
    forgetImport();
    onChange();
  };
  const list = isList(route.query.list) ? route.query.list : workspaceList;
  return (
    <Page title="Add" lead="Paste leads or choose a file to block them. Any spelling of a name or profile URL works.">
      {job ? <ImportProgress job={job} onAgain={again} /> : <AddForm owner={owner} list={list} onStart={start} />}
    </Page>
  );
}
