// Adding names of any type, one a line. The server reads them, first without recording anything.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { count, number } from '../format.js';
import { useAction, useApp } from '../hooks.js';
import { block, undoOf } from '../lists.js';
import { guessType, nameOf, reasonText, typeChoices, typeWords } from '../names.js';
import { href, setQuery } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { who } from '../parts/columns.jsx';
import { DetailFields, ForWhat, OtherCountry, detailsOf, isNational, noDetails } from '../parts/details.jsx';
import { SelectField, optionsOf } from '../parts/field.jsx';
import { Folded } from '../parts/folded.jsx';
import { ListChoice, listName, useCampaignChoices } from '../parts/list-choice.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Pairs } from '../parts/pairs.jsx';
import { Table } from '../parts/table.jsx';
import { TakeAll } from './add-findings.jsx';
import { LeadSource, noSource } from './add-source.jsx';

const most = 10_000;

/** [{line, text, type}], without blank lines. What may be several things is a company's name: persons have profiles. */
export function linesOf(text, type) {
  return text.split(/\r\n?|\n/).map((line, index) => ({ line: index + 1, text: line.trim() })).filter((row) => row.text)
    .map((row) => ({ ...row, type: type || (guessType(row.text) ?? 'company') }));
}

/** What the server would do with the lines. */
async function validate(form) {
  const lines = linesOf(form.source.text, form.type);
  if (lines.length === 0) throw new Error('Type or paste at least one name, or choose a file.');
  if (lines.length > most) throw new Error(`These are ${number(lines.length)} names. Add up to ${number(most)} at a time.`);
  const names = lines.map(({ type, text }) => ({ type, value: text }));
  const { data } = await block(form.list, names, detailsOf(form.details), { dryRun: true, force: form.force, country: form.country });
  const bad = new Map((data.invalid ?? []).map((item) => [item.index, item.reason]));
  const already = new Set(data.already);
  const repeated = new Set(data.duplicates);
  const good = lines.map((row, index) => ({ ...row, index })).filter(({ index }) => !bad.has(index));
  return {
    names, blocked: data.blocked,
    rows: good.map((row, place) => ({ ...row, stored: nameOf(data.entries[place]), leads: data.entries[place].leads, state: repeated.has(row.index) ? 'Repeated' : already.has(row.index) ? 'Already blocked' : 'New' })),
    bad: lines.map((row, index) => ({ ...row, reason: bad.get(index) })).filter(({ reason }) => reason),
  };
}

const goodColumns = [
  { label: 'Line', class: 'number', render: (row) => number(row.line) },
  who(false, (row) => row.stored),
  { label: 'Type', render: (row) => typeWords[row.stored.type] },
  { label: 'State', render: (row) => row.state },
  { label: 'Leads excluded', class: 'number', render: (row) => (row.leads == null ? '–' : number(row.leads)) },
];

const badColumns = [
  { label: 'Line', class: 'number', render: (row) => number(row.line) },
  { label: 'Value', header: true, render: (row) => <span class="value">{row.text.slice(0, 200)}</span> },
  { label: 'Read as', render: (row) => typeWords[row.type] },
  { label: 'What is wrong', render: (row) => reasonText(row.reason) },
];

function Figures({ found }) {
  const of = (state) => found.rows.filter((row) => row.state === state).length;
  const figures = [['New', found.blocked], ['Already blocked', of('Already blocked')], ['Repeated', of('Repeated')], ['Invalid', found.bad.length]];
  return <Pairs pairs={figures} />;
}

function Found({ form, found, campaigns, onForce, onBack }) {
  const app = useApp();
  const [done, setDone] = useState(null);
  const heading = useRef(null);
  const details = detailsOf(form.details);
  const act = useAction(async () => {
    const { data, changeId } = await block(form.list, found.names, details, { force: form.force, country: form.country });
    setDone({ blocked: data.blocked, changeId });
  });
  useLayoutEffect(() => heading.current.focus(), [done]);
  const back = useAction(() => undoOf(done.changeId, app, onBack).run());
  const where = listName(form.list, campaigns);
  return (
    <section class="card import">
      <h2 ref={heading} tabIndex={-1}>{done ? 'Done' : 'Ready to block'}</h2>
      <p class="muted">Names <ForWhat where={where} of={details} /></p>
      {done && <Notice kind="ok"><p role="status">{count(done.blocked, 'entry', 'entries')} blocked in {where}.</p></Notice>}
      {!done && <Figures found={found} />}
      {!form.type && found.rows.some(({ text }) => guessType(text) === null) && <Notice><p>People are not blocked by their names: words alone are read as a company.</p></Notice>}
      <ErrorNotice error={act.error ?? back.error} />
      <div class="import-actions">
        {!done && found.blocked > 0 && <Button kind="primary" busy={act.busy} onClick={() => act.run()}>{`Block ${count(found.blocked, 'new entry', 'new entries')}`}</Button>}
        {!done && found.blocked === 0 && <Notice><p>There is nothing new to block.</p></Notice>}
        {done?.blocked > 0 && <Button icon="undo" busy={back.busy} onClick={() => back.run()}>Undo</Button>}
        {done && <LinkButton href={href('blocklist', [], { list: form.list })}>Open the blocklist</LinkButton>}
        <Button onClick={() => onBack(!done)}>{done ? 'Add more' : 'Back'}</Button>
      </div>
      {found.bad.length > 0 && (
        <section class="bad-lines">
          <div class="section-head">
            <h3>{count(found.bad.length, 'line')} not taken</h3>
            {!done && <TakeAll found={found.bad} onTake={onForce} />}
          </div>
          <Folded items={found.bad} more="lines">{(rows) => <Table caption="Lines not taken" columns={badColumns} rows={rows} keyOf={(row) => row.line} />}</Folded>
        </section>
      )}
      {found.rows.length > 0 && <Folded items={found.rows} more="names">{(rows) => <Table caption="Names" columns={goodColumns} rows={rows} keyOf={(row) => row.line} />}</Folded>}
    </section>
  );
}

const blank = { source: noSource, type: '', details: noDetails, force: false, country: '' };

const placeholder = 'acme.com\njane.doe@example.com\n+49 170 1234567\nUmbrella Holding GmbH\nlinkedin.com/company/acme';

/** text: what the form begins with. onFile: a file is read by the server, with all its columns. */
export function AddNames({ list, text, onFile }) {
  const campaigns = useCampaignChoices();
  const [form, setForm] = useState({ ...blank, source: { ...noSource, text } });
  const [found, setFound] = useState(null);
  const national = form.type === 'phone' || form.source.file !== null || form.source.text.split('\n').some((line) => isNational(line.trim(), form.type));
  const country = national ? form.country : '';
  const look = useAction(async (force) => setFound(await validate({ ...form, list, country, force })));
  const set = (name) => (value) => setForm((old) => ({ ...old, [name]: value }));
  if (found) return <Found form={{ ...form, list, country }} found={found} campaigns={campaigns} onForce={() => { set('force')(true); look.run(true); }} onBack={(keeps) => { setFound(null); if (!keeps) setForm({ ...blank, type: form.type, country: form.country }); }} />;
  const submit = (event) => {
    event.preventDefault();
    set('force')(false);
    const { file } = form.source;
    if (file) onFile({ list, listLabel: listName(list, campaigns), ...detailsOf(form.details), source: { name: file.name, body: file }, typed: { type: form.type, country } });
    else if (!look.busy) look.run(false);
  };
  return (
    <form class="card" onSubmit={submit}>
      <div class="form-row">
        <ListChoice label="Block in" list={list} campaigns={campaigns} onList={(value) => setQuery({ list: value }, { replace: true })} />
        <SelectField label="Type" value={form.type} onValue={set('type')} options={optionsOf(typeChoices, 'Recognize each line')} />
        <DetailFields details={form.details} onDetails={set('details')} />
        {national && <OtherCountry country={form.country} onCountry={set('country')} />}
      </div>
      <LeadSource source={form.source} onSource={set('source')} label="Names, one per line" placeholder={placeholder} files=".csv or .txt: a list of clients, numbers, an export of a CRM"
        hint="E-mail addresses, phone numbers, domains, companies (by name or company page) and LinkedIn profiles. A domain covers all addresses and websites under it." />
      <ErrorNotice error={look.error} />
      <Button type="submit" kind="primary" busy={look.busy}>Validate</Button>
      <p class="hint">Validating changes nothing. It shows how each line is read, and which names are new, already blocked or invalid.</p>
    </form>
  );
}
