// One list, page by page: search, sort, unblock, export. All of the state is in the URL.
import { useEffect, useState } from 'preact/hooks';
import { number } from '../format.js';
import { useApp, useLive, useLoad, useSettled } from '../hooks.js';
import { campaignOf, isList, page as fetchPage, undo, undoneText, whereBlocked, workspaceList } from '../lists.js';
import { href, setQuery } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { SelectField, TextField } from '../parts/field.jsx';
import { ListChoice, listName, useCampaignChoices } from '../parts/list-choice.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Pager, pageOf } from '../parts/pager.jsx';
import { Table } from '../parts/table.jsx';
import { By, Lead, Time } from '../parts/text.jsx';
import { ListExport, UnblockDialog } from './blocklist-dialogs.jsx';

const sizes = ['25', '50', '100'];
const searchMs = 250;
const replace = { replace: true };

/** The state that the URL holds. */
function viewOf({ query }) {
  const list = isList(query.list) ? query.list : workspaceList;
  const size = Number(sizes.includes(query.size) ? query.size : sizes[0]);
  return { list, size, page: pageOf(query), search: query.search ?? '', sort: query.sort === 'ASC' ? 'ASC' : 'DESC' };
}

function usePage({ list, size, page, search, sort }) {
  const options = { skip: (page - 1) * size, take: size, search, sort, by: true };
  return useLoad(async (signal) => {
    const { data, total, next } = await fetchPage(list, options, { signal });
    return { rows: data, total, more: total === null ? Boolean(next) || data.length === size : page * size < total };
  }, [list, size, page, search, sort]);
}

/** While a search runs through the list, the very lead is looked up, which is quick. */
function useExact({ list, search }) {
  const { data } = useLoad(async (signal) => {
    if (!search) return null;
    try {
      const { data: verdict } = await whereBlocked(search, { signal });
      const campaign = campaignOf(list);
      const entry = verdict.blocks?.find(({ scope, campaignId }) => (campaign === null ? scope === 'workspace' : campaignId === campaign));
      return entry ? { search, list, row: { ...entry, publicIdentifier: verdict.publicIdentifier } } : null;
    } catch {
      return null; // Part of a name is often no identifier.
    }
  }, [list, search]);
  return data?.search === search && data.list === list ? data.row : null;
}

/** People who were erased have no name, and cannot be selected. */
const rowKey = (row) => row.publicIdentifier ?? row.id ?? row.createdAt;

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

function selectColumn(shown, { selected, toggle, setAll }) {
  const rows = shown.filter((row) => !row.erased);
  const all = rows.length > 0 && rows.every((row) => selected.has(rowKey(row)));
  const some = rows.some((row) => selected.has(rowKey(row)));
  return {
    label: 'Select', class: 'select-cell',
    head: <input type="checkbox" aria-label="Select all on this page" checked={all} ref={(box) => { if (box) box.indeterminate = some && !all; }}
      onChange={(event) => setAll(rows, event.currentTarget.checked)} />,
    render: (row) => !row.erased && <input type="checkbox" aria-label={`Select ${row.publicIdentifier}`} checked={selected.has(rowKey(row))} onChange={() => toggle(row)} />,
  };
}

const plainColumns = [
  { label: 'Lead', header: true, class: 'lead-cell', render: (row) => <Lead id={row.publicIdentifier} /> },
  { label: 'Reason', class: 'reason-cell', render: (row) => row.reason ?? <span class="muted none">–</span> },
  { label: 'Blocked on', class: 'time-cell', render: (row) => <Time at={row.createdAt} /> },
  { label: 'By', class: 'by-cell', render: (row) => <By by={row.by} /> },
];

function SearchField({ search }) {
  const [text, setText] = useState(search);
  const settled = useSettled(text, searchMs);
  useEffect(() => {
    if (settled.trim() !== search) setQuery({ search: settled.trim(), page: '' }, replace);
  }, [settled]);
  useEffect(() => {
    if (search !== settled.trim()) setText(search);
  }, [search]);
  return <TextField label="Search" type="search" value={text} onValue={setText} placeholder="Part of a name" spellcheck={false} frame="search-field" />;
}

function Filters({ view, campaigns }) {
  const set = (name) => (value) => setQuery({ [name]: value, page: '' }, replace);
  const sorts = [{ value: 'DESC', label: 'Newest first' }, { value: 'ASC', label: 'Oldest first' }];
  return (
    <div class="filters" role="search">
      <ListChoice label="List" list={view.list} campaigns={campaigns} onList={set('list')} />
      <SearchField search={view.search} />
      <SelectField label="Order" value={view.sort} onValue={set('sort')} options={sorts} />
      <SelectField label="Rows" value={String(view.size)} onValue={set('size')} options={sizes.map((size) => ({ value: size, label: size }))} />
    </div>
  );
}

function statusOf({ view, loading, data, exact }) {
  if (loading && view.search) return exact ? 'Exact match found. Searching for more…' : 'Searching…';
  if (loading) return 'Loading…';
  if (!data) return '';
  if (view.search) return data.rows.length === 0 && !exact ? 'Nothing found.' : 'Search finished.';
  return data.total === null ? '' : `${number(data.total)} blocked.`;
}

function NothingHere({ view }) {
  const { canWrite } = useApp();
  if (view.search) return <Empty title="Nothing found"><p>No lead of this list has “{view.search}” in its name. Try a shorter part, or another list.</p></Empty>;
  if (view.page > 1) return <Empty title="This page is empty"><Button onClick={() => setQuery({ page: '' })}>Go to the first page</Button></Empty>;
  return (
    <Empty title="No leads are blocked in this list">
      <p>Leads that are blocked here are never handed out for outreach.</p>
      {canWrite && <LinkButton kind="primary" icon="add" href={href('add', [], { list: view.list })}>Add leads</LinkButton>}
    </Empty>
  );
}

function ListActions({ view, onExport }) {
  const { canWrite } = useApp();
  return (
    <>
      <Button icon="download" onClick={onExport}>Export as CSV</Button>
      {canWrite && <LinkButton kind="primary" icon="add" href={href('add', [], { list: view.list })}>Add leads</LinkButton>}
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
  const { canWrite, toast, workspace } = useApp();
  const view = viewOf(route);
  const campaigns = useCampaignChoices();
  const { data, error, loading, reload, refresh } = usePage(view);
  const exact = useExact(view);
  const selection = useSelection([view.list, view.page, view.search, view.sort, view.size]);
  const [open, setOpen] = useState('');
  useLive(refresh, selection.selected.size > 0 || open !== '');
  const rows = rowsOf(loading && view.search && exact ? null : data, exact);
  const unblocked = (text, changeId) => {
    selection.setAll([], false);
    reload();
    const run = async () => {
      const { data } = await undo(changeId, { workspaceId: workspace.id });
      toast(undoneText(data));
      reload();
    };
    toast(text, changeId ? { action: { label: 'Undo', run } } : {});
  };
  const columns = canWrite ? [selectColumn(rows ?? [], selection), ...plainColumns] : plainColumns;
  const name = listName(view.list, campaigns);
  return (
    <Page title="Blocklist" actions={<ListActions view={view} onExport={() => setOpen('export')} />}>
      <Filters view={view} campaigns={campaigns} />
      <p class="list-status" role="status">{error ? '' : statusOf({ view, loading, data, exact })}</p>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {rows?.length === 0 && !loading
        ? <NothingHere view={view} />
        : !(error && !data) && <Table caption={`Blocked in ${name}`} columns={columns} rows={rows} keyOf={rowKey} busy={loading && !exact} rowClass={(row) => (row === exact ? 'exact' : '')} />}
      {data && (data.rows.length > 0 || view.page > 1) && <Pager label="Pages of the blocklist" page={view.page} size={view.size} shown={data.rows.length} total={data.total} more={data.more}
        onPage={(page) => setQuery({ page: page > 1 ? page : '' })} />}
      {canWrite && selection.selected.size > 0 && <SelectionBar selected={selection.selected} onClear={() => selection.setAll([], false)} onUnblock={() => setOpen('unblock')} />}
      {open === 'unblock' && <UnblockDialog list={view.list} name={name} rows={[...selection.selected.values()]} onDone={unblocked} onClose={() => setOpen('')} />}
      {open === 'export' && <ListExport view={view} name={name} total={data?.total ?? null} onClose={() => setOpen('')} />}
    </Page>
  );
}
