// Previous and next page; pages are counted from 1 and live in the URL.
import { number } from '../format.js';
import { setQuery } from '../router.js';
import { Button } from './button.jsx';
import { Rows } from './rows.jsx';

/**
 * total: null where the server does not count (searches). busy: the page is on its way, so that only a count says whether
 * there is one after it.
 */
export function Pager({ page, size, shown, total, more, busy = false, label }) {
  const open = (next) => setQuery({ page: next > 1 ? next : '' });
  const first = (page - 1) * size + 1;
  const range = `${number(first)}–${number(first + shown - 1)}`;
  return (
    <nav class="pager" aria-label={label}>
      <p>{shown > 0 ? range : 'Nothing'}{shown > 0 && total !== null && ` of ${number(total)}`}</p>
      <Button disabled={page <= 1} onClick={() => open(page - 1)}>Previous</Button>
      <Button disabled={!more} busy={busy && total === null} onClick={() => open(page + 1)}>Next</Button>
    </nav>
  );
}

/** One page of a list, with the way to the others. answer: of useLoad; `further`: looks on where a search ended before the page was full. */
export function Paged({ caption, columns, page, size, answer: { data, error, loading, reload, further }, empty }) {
  const rows = data?.data ?? null;
  const cut = further && rows?.length < size && data.next?.cursor;
  const more = Boolean(data && !cut && (data.total === null ? data.next : page * size < data.total));
  return (
    <>
      <Rows caption={caption} columns={columns} rows={rows} keyOf={(row) => row.id} loading={loading} error={error} onRetry={reload} empty={!cut && empty} />
      {cut && <Button busy={loading} onClick={further}>Look further</Button>}
      {rows && (rows.length > 0 || page > 1) && <Pager label={`Pages of ${caption.toLowerCase()}`} page={page} size={size} shown={rows.length} total={data.total} more={more} busy={loading} />}
    </>
  );
}

/** The page number of a route's query. */
export function pageOf(query) {
  const page = Number(query.page);
  return Number.isInteger(page) && page > 0 ? page : 1;
}
