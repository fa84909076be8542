// One list, page by page: filters, sort, unblock, export. All of the state is in the URL.
import { useEffect, useState } from 'preact/hooks';
import { number } from '../format.js';
import { useApp, useLive, useLoad } from '../hooks.js';
import { campaignOf, page as fetchPage, undoOf, whereBlocked, whereNamed } from '../lists.js';
import { givenAs, guessType, isLinkedIn, nameOf, typeWords } from '../names.js';
import { href, setQuery } from '../router.js';
import { noteActors, useActors } from '../parts/actors.jsx';
import { Button, LinkButton } from '../parts/button.jsx';
import { by, who } from '../parts/columns.jsx';
import { listName, useCampaignChoices } from '../parts/list-choice.jsx';
import { Empty } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Pager } from '../parts/pager.jsx';
import { Rows } from '../parts/rows.jsx';
import { Time, Who, orDash } from '../parts/text.jsx';
import { ListExport, UnblockDialog } from './blocklist-dialogs.jsx';
import { Filters, filtersOf, isFiltered, removeFilters, viewOf } from './blocklist-filters.jsx';
import { KindAndEnd } from './verdict.jsx';

function usePage(view, names) {
  const { list, size, page, sort } = view;
  const filters = filtersOf(view);
  return useLoad(async (signal) => {
    const { data, total, next } = await fetchPage(list, { ...filters, skip: (page - 1) * size, take: size, sort }, { signal });
    noteActors(names, data);
    return { rows: data, total, next };
  }, [list, size, page, sort, JSON.stringify(filters)]);
}

/**
 * While a search runs through the list, the very name is looked up, which is quick: its `row`, or the `other` name by which the
 * person is on the list. That one has no row, as an unblock would end the other name's entry under this one.
 */
function useExact({ list, search, type, ...view }) {
  const alone = search && !isFiltered({ ...view, search: '', type: '' });
  const { data, loading, reload } = useLoad(async (signal) => {
    const wanted = type || guessType(search);
    if (!alone || !wanted) return null;
    try {
      const { data: verdict } = await (wanted === 'publicIdentifier' ? whereBlocked(search, { signal }) : whereNamed({ type: wanted, value: search }, { signal }));
      const campaign = campaignOf(list);
      const here = verdict.blocks.filter(({ scope, campaignId }) => (campaign === null ? scope === 'workspace' : campaignId === campaign));
      const own = here.find(({ matched }) => !matched);
      return { search, list, row: own ? { ...own, id: 0, ...nameOf(verdict) } : null, other: own ? null : here[0]?.matched };
    } catch {
      return null; // Part of a name is often no name.
    }
  }, [list, search, type, alone ? 1 : 0]);
  return { ...(alone && !loading && data?.search === search && data.list === list ? data : { row: null }), reload };
}

/** People who were erased have no name, and cannot be selected. */
const rowKey = (row) => (row.erased ? row.id ?? row.createdAt : `${isLinkedIn(row) ? '' : row.type} ${givenAs(row)}`);

function useSelection(resetBy) {
  const [selected, setSelected] = useState(new Map());
  useEffect(() => setSelected(new Map()), resetBy);
  const toggle = (row) => setSelected((old) => {
    const copy = new Map(old);
    if (!copy.delete(rowKey(row))) copy.set(rowKey(row), row);
    return copy;
  });
  const setAll = (rows, on) => setSelected(new Map(on ? rows.map((row) => [rowKey(row), row]) : []));
  return { selected, toggle, setAll };
}

/** Rows of another page than is asked for (`stale`) cannot be selected; one that was found before the others (`found`) can. */
function selectColumn(shown, { stale, found }, { selected, toggle, setAll }) {
  const rows = shown.filter((row) => !row.erased);
  const all = rows.length > 0 && rows.every((row) => selected.has(rowKey(row)));
  const some = rows.some((row) => selected.has(rowKey(row)));
  return {
    label: 'Select', class: 'select-cell',
    head: <input type="checkbox" aria-label="Select all on this page" checked={all} disabled={stale || rows.length === 0} ref={(box) => { if (box) box.indeterminate = some && !all; }}
      onChange={(event) => setAll(rows, event.currentTarget.checked)} />,
    render: (row) => !row.erased && <input type="checkbox" aria-label={`Select ${row.value}`} checked={selected.has(rowKey(row))} disabled={stale && row !== found} onChange={() => toggle(row)} />,
  };
}

// Short, so that a row has one line.
const typeNames = { publicIdentifier: 'LinkedIn', memberId: 'LinkedIn', email: 'E-mail', phone: 'Phone' };

const plainColumns = [
  who(),
  { label: 'Type', class: 'type-cell', render: (row) => <span class={`muted ${isLinkedIn(row) ? 'none' : ''}`}>{typeNames[row.type] ?? typeWords[row.type] ?? row.type}</span> },
  { label: 'Reason', class: 'reason-cell line', render: (row) => <>{row.reason ?? (!row.kind && !row.expiresAt && orDash())}<KindAndEnd entry={row} /></> },
  { label: 'Blocked on', class: 'time-cell', render: (row) => <Time at={row.createdAt} dateOnly /> },
  by(),
];

function statusOf({ view, loading, data, exact }) {
  if (loading && view.search) return exact ? 'Exact match found. Searching for more…' : 'Searching…';
  if (loading) return 'Loading…';
  if (!data) return '';
  if (isFiltered(view) && data.total === null) return data.rows.length === 0 && !exact ? 'Nothing found.' : 'Search finished.';
  return data.total === null ? '' : `${number(data.total)} blocked.`;
}

function NothingHere({ view }) {
  const { canWrite } = useApp();
  if (view.page > 1) return <Empty title="This page is empty"><Button onClick={() => setQuery({ page: '' })}>Go to the first page</Button></Empty>;
  if (isFiltered(view)) return <Empty title="Nothing found"><p>{view.search ? <>Nothing in this list has “{view.search}” in its name or reason{isFiltered({ ...view, search: '' }) && ' and fits the other filters'}.</> : 'Nothing in this list fits the filters.'}</p><Button onClick={removeFilters}>Remove the filters</Button></Empty>;
  return (
    <Empty title="Nobody is blocked in this list">
      <p>Leads that are blocked here are never handed out for outreach.</p>
      {canWrite && <LinkButton kind="primary" icon="add" href={href('add', [], { list: view.list })}>Add to the list</LinkButton>}
    </Empty>
  );
}

function ListActions({ view, onExport }) {
  const { canWrite } = useApp();
  return (
    <>
      <Button icon="download" onClick={onExport}>Export as CSV</Button>
      {canWrite && <LinkButton kind="primary" icon="add" href={href('add', [], { list: view.list })}>Add</LinkButton>}
    </>
  );
}

/** Floats over the end of the list, so that the rows stay where they are. */
function SelectionBar({ selected, onUnblock, onClear }) {
  return (
    <div class="selection-bar">
      <p role="status">{number(selected.size)} selected</p>
      <Button kind="quiet" onClick={onClear}>Clear</Button>
      <Button kind="danger" onClick={onUnblock}>Unblock selected</Button>
    </div>
  );
}

/** The exact match comes first, and only once. */
function rowsOf(data, exact) {
  if (!exact) return data?.rows ?? null;
  return [exact, ...(data?.rows ?? []).filter((row) => rowKey(row) !== rowKey(exact))];
}

export function Blocklist({ route }) {
  const app = useApp();
  const { canWrite } = app;
  const view = viewOf(route);
  const campaigns = useCampaignChoices();
  const names = useActors();
  const { data, error, loading, reload, refresh } = usePage(view, names);
  const { row: exact, other, reload: lookAgain } = useExact(view);
  const selection = useSelection([JSON.stringify(view)]);
  const [open, setOpen] = useState('');
  useLive(refresh, selection.selected.size > 0 || open !== '');
  const rows = rowsOf(loading && view.search && exact ? null : data, exact);
  const unblocked = (text, changeId) => {
    selection.setAll([], false);
    const renew = () => {
      reload();
      lookAgain();
    };
    renew();
    app.toast(text, changeId ? { action: undoOf(changeId, app, renew) } : {});
  };
  const columns = canWrite ? [selectColumn(rows ?? [], { stale: loading || error !== null, found: exact }, selection), ...plainColumns] : plainColumns;
  const name = listName(view.list, campaigns);
  return (
    <Page title="Blocklist" actions={<ListActions view={view} onExport={() => setOpen('export')} />}>
      <Filters view={view} campaigns={campaigns} names={names} />
      <div class="status-row">
        <p class="list-status" role="status">{error ? '' : statusOf({ view, loading, data, exact })}{other && <> Blocked here by the other name <Who name={nameOf(other)} /></>}</p>
        {isFiltered(view) && rows?.length > 0 && <Button kind="quiet" icon="close" onClick={removeFilters}>Remove the filters</Button>}
      </div>
      <Rows caption={`Blocked in ${name}`} columns={columns} rows={rows} keyOf={rowKey} loading={loading} busy={loading && !exact} error={error} onRetry={reload}
        empty={<NothingHere view={view} />} rowClass={(row) => (row === exact ? 'exact' : '')} />
      {data && (data.rows.length > 0 || view.page > 1) && <Pager label="Pages of the blocklist" page={view.page} size={view.size} shown={data.rows.length} total={data.total} more={data.total === null ? data.next : view.page * view.size < data.total} busy={loading} />}
      {canWrite && selection.selected.size > 0 && <SelectionBar selected={selection.selected} onClear={() => selection.setAll([], false)} onUnblock={() => setOpen('unblock')} />}
      {open === 'unblock' && <UnblockDialog list={view.list} name={name} rows={[...selection.selected.values()]} onDone={unblocked} onClose={() => setOpen('')} />}
      {open === 'export' && <ListExport view={view} name={name} total={loading ? null : data?.total ?? null} onClose={() => setOpen('')} />}
    </Page>
  );
}
