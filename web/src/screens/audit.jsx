// What was done, by whom, when and with whom: the audit log with filters, all imports, and both as files.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api.js';
import { count, dateField, startOfDay } from '../format.js';
import { useApp } from '../hooks.js';
import { href, setQuery } from '../router.js';
import { WhoField, byId, noteActors, useActors } from '../parts/actors.jsx';
import { Action, actionWords, kindWords } from '../parts/action.jsx';
import { Button } from '../parts/button.jsx';
import { when } from '../parts/columns.jsx';
import { ExportDialog } from '../parts/export.jsx';
import { SelectField, TextField, optionsOf } from '../parts/field.jsx';
import { MoreTable, useMore } from '../parts/more.jsx';
import { Empty } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Tabs } from '../parts/tabs.jsx';
import { By, Lead, byText, orDash } from '../parts/text.jsx';
import { NotRead } from './check.jsx';
import { AllImports } from './imports.jsx';

const take = 50;
const replace = { replace: true };
const blank = { by: '', action: '', since: '', until: '', whom: '', importId: '', target: '' };
/** The state that the URL holds; days are of the reader's time zone. */
function viewOf({ query }, isOperator) {
  const of = query.of === 'imports' || (query.of === 'installation' && isOperator) ? query.of : 'workspace';
  return { of, ...Object.fromEntries(Object.keys(blank).map((name) => [name, query[name] ?? ''])) };
}

const isFiltered = ({ of, ...filters }) => Object.values(filters).some(Boolean);

/** What the API is asked. */
const filterOf = ({ of, whom, ...filters }) => ({ ...filters, since: startOfDay(filters.since), until: startOfDay(filters.until, 1), publicIdentifier: whom });

function WhatField({ action }) {
  const options = optionsOf({ ...kindWords, ...actionWords }, 'Anything');
  if (!options.some(({ value }) => value === action)) options.push({ value: action, label: action });
  return <SelectField label="What" value={action} options={options} onValue={(value) => setQuery({ action: value }, replace)} />;
}

function WhomField({ whom }) {
  const [text, setText] = useState(whom);
  useEffect(() => setText(whom), [whom]);
  const set = () => text.trim() !== whom && setQuery({ whom: text.trim() }, replace);
  return <TextField label="Whom" type="search" frame="whom-field" value={text} onValue={setText} onBlur={set} placeholder="Name or URL" spellcheck={false} />;
}

function Filters({ view, names }) {
  const isInstallation = view.of === 'installation';
  const submit = (event) => {
    event.preventDefault();
    const whom = event.currentTarget.querySelector('input[type="search"]')?.value.trim() ?? '';
    setQuery({ whom }, replace);
  };
  const today = dateField(Date.now());
  return (
    <form class="filters audit-filters" role="search" aria-label="Filters" onSubmit={submit}>
      <WhoField key={isInstallation} by={view.by} names={names} onBy={(value) => setQuery({ by: value }, replace)} />
      <WhatField action={view.action} />
      <TextField label="From" type="date" max={today} value={view.since} onValue={(value) => setQuery({ since: value }, replace)} />
      <TextField label="To" type="date" max={today} value={view.until} onValue={(value) => setQuery({ until: value }, replace)} />
      {!isInstallation && <WhomField whom={view.whom} />}
      <button type="submit" class="hidden" tabIndex={-1}>Filter</button>
    </form>
  );
}

function columnsFor(query) {
  const who = (entry) => (byId(entry.by)
    ? <a class="by row-link" href={href('audit', [], { ...query, by: byId(entry.by) })} title={`Only what ${byText(entry.by)} did`}>{byText(entry.by)}</a>
    : <By by={entry.by} />);
  return [
    when(),
    { label: 'What', class: 'line', render: (entry) => <><Action entry={entry} />{entry.importId && <> by <a href={href('import', [entry.importId])}>an import</a></>}</> },
    { label: 'Who', class: 'by-cell line', render: who },
    { label: 'From', class: 'address-cell', render: (entry) => orDash(entry.from && <code>{entry.from}</code>) },
  ];
}

const placeOf = ({ of }) => (of === 'installation' ? { workspaceId: null } : {});

function Actions({ view, query, names, onNames }) {
  const list = useMore(async (cursor) => {
    const answer = await api.withRetry(() => api.get('audit', { ...placeOf(view), query: { take, ...filterOf(view), ...cursor } }));
    noteActors(names, answer.data);
    onNames();
    return answer;
  });
  const { rows, next, more } = list;
  const empty = isFiltered(view)
    ? <Empty title="Nothing found"><Button onClick={() => setQuery(blank)}>Remove the filters</Button></Empty>
    : <Empty title="There are no actions yet" />;
  if (more.error?.code === 'invalid_identifier') return <NotRead error={more.error} value={view.whom} />;
  const status = more.busy ? 'Searching…' : rows ? `${count(rows.length, 'action')}${next ? ' so far' : ''}.` : '';
  return (
    <section class="recent">
      <p class="list-status" role="status">{status}</p>
      {view.whom && !more.busy && rows?.length > 0 && <p>Changes about <Lead id={view.whom} /></p>}
      <MoreTable caption="Actions" columns={columnsFor(query)} keyOf={(entry) => entry.id} list={list} empty={empty} />
    </section>
  );
}

function OfWhat({ of }) {
  const { isOperator } = useApp();
  const tabs = [
    { id: 'workspace', label: 'Actions', href: href('audit') },
    { id: 'imports', label: 'Imports', href: href('audit', [], { of: 'imports' }) },
    { id: 'installation', label: 'Installation', href: href('audit', [], { of: 'installation' }) },
  ];
  return <Tabs label="Actions of" tabs={isOperator ? tabs : tabs.slice(0, 2)} current={of} />;
}

function Filtered({ view, query }) {
  const [, redraw] = useState(0);
  const names = useActors(view.of === 'installation');
  return (
    <>
      <Filters view={view} names={names} />
      {isFiltered(view) && <p><Button icon="close" onClick={() => setQuery(blank)}>Remove the filters</Button></p>}
      <Actions key={JSON.stringify(view)} view={view} query={query} names={names} onNames={() => redraw((turn) => turn + 1)} />
    </>
  );
}

function AuditExport({ view, onClose }) {
  const fetch = (onPiece, more) => api.getTable('audit', onPiece, { ...more, ...placeOf(view), query: filterOf(view) });
  const text = isFiltered(view) ? 'The actions that the filters leave.' : view.of === 'installation' ? 'All actions of the installation.' : 'All actions of the workspace.';
  return <ExportDialog text={text} fetch={fetch} name="audit" total={null} onClose={onClose} />;
}

export function Audit({ route }) {
  const { isOperator } = useApp();
  const [exporting, setExporting] = useState(false);
  const [turn, setTurn] = useState(0);
  const view = viewOf(route, isOperator);
  const actions = view.of !== 'imports' && <Button icon="download" onClick={() => setExporting(true)}>Export as CSV</Button>;
  return (
    <Page title="Audit" lead="What was done, by whom and when. Nothing here is ever changed or deleted." actions={actions}>
      <OfWhat of={view.of} />
      {view.of === 'imports' ? <AllImports key={turn} onUndone={() => setTurn(turn + 1)} /> : <Filtered key={view.of} view={view} query={route.query} />}
      {exporting && <AuditExport view={view} onClose={() => setExporting(false)} />}
    </Page>
  );
}
