// What a blocklist is filtered by. All of it is in the URL.
import { useEffect, useState } from 'preact/hooks';
import { dateField, startOfDay } from '../format.js';
import { isList, workspaceList } from '../lists.js';
import { kindWords, typeChoices, typeWords } from '../names.js';
import { setQuery } from '../router.js';
import { WhoField } from '../parts/actors.jsx';
import { SelectField, TextField, optionsOf } from '../parts/field.jsx';
import { ListChoice } from '../parts/list-choice.jsx';
import { pageOf } from '../parts/pager.jsx';
import { SearchField } from '../parts/search.jsx';

const sizes = ['25', '50', '100'];
const dayMs = 86_400_000;
const endOptions = [{ value: '', label: 'Any or none' }, { value: '7', label: 'Within 7 days' }, { value: '30', label: 'Within 30 days' }, { value: '36500', label: 'Some day' }];

/** The state that the URL holds; days are of the reader's time zone. */
export function viewOf({ query }) {
  const { search = '', by = '', since = '', until = '' } = query;
  return {
    list: isList(query.list) ? query.list : workspaceList, search, by, since, until,
    type: typeWords[query.type] ? query.type : '', kind: kindWords[query.kind] ? query.kind : '', ends: endOptions.some(({ value }) => value === query.ends) ? query.ends : '',
    size: Number(sizes.includes(query.size) ? query.size : sizes[0]), page: pageOf(query), sort: query.sort === 'ASC' ? 'ASC' : 'DESC',
  };
}

const blank = { search: '', type: '', kind: '', by: '', since: '', until: '', ends: '', page: '' };

export const isFiltered = (view) => Object.keys(blank).some((name) => name !== 'page' && view[name]);
export const removeFilters = () => setQuery(blank);

/** What the API is asked. The day of an end is counted from the whole hour, so that a page is not another one each moment. */
export function filtersOf({ search, type, kind, by, since, until, ends }) {
  const hour = Math.ceil(Date.now() / 3_600_000) * 3_600_000;
  const endsBefore = ends && new Date(hour + Number(ends) * dayMs).toISOString();
  return { search, type, kind, by, since: startOfDay(since) ?? '', until: startOfDay(until, 1) ?? '', endsBefore };
}

const set = (name) => (value) => setQuery({ [name]: value, page: '' }, { replace: true });

const counted = ({ kind, by, since, until, ends }) => [kind, by, since, until, ends].filter(Boolean).length;

export function Filters({ view, campaigns, names }) {
  const sorts = [{ value: 'DESC', label: 'Newest first' }, { value: 'ASC', label: 'Oldest first' }];
  const more = counted(view);
  const [open, setOpen] = useState(more > 0);
  useEffect(() => { if (more > 0) setOpen(true); }, [more > 0]);
  const today = dateField(Date.now());
  return (
    <div class="filter-rows" role="search">
      <div class="filters list-filters">
        <ListChoice label="List" list={view.list} campaigns={campaigns} onList={set('list')} />
        <SearchField search={view.search} placeholder="Part of a name or reason" />
        <SelectField label="Type" value={view.type} onValue={set('type')} options={optionsOf(typeChoices, 'All')} />
        <SelectField label="Order" value={view.sort} onValue={set('sort')} options={sorts} />
        <SelectField label="Rows" value={String(view.size)} onValue={set('size')} options={sizes.map((size) => ({ value: size, label: size }))} />
      </div>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>More filters{more > 0 && ` (${more})`}</summary>
        {open && (
          <div class="filters">
            <SelectField label="Kind" value={view.kind} onValue={set('kind')} options={optionsOf(kindWords, 'Any')} />
            <SelectField label="Ends" value={view.ends} onValue={set('ends')} options={endOptions} />
            <WhoField by={view.by} names={names} onBy={set('by')} />
            <TextField label="From" type="date" max={today} value={view.since} onValue={set('since')} />
            <TextField label="To" type="date" max={today} value={view.until} onValue={set('until')} />
          </div>
        )}
      </details>
    </div>
  );
}
