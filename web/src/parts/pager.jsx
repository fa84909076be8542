// Previous and next page; pages are counted from 1 and live in the URL.
import { number } from '../format.js';
import { Button } from './button.jsx';

/** total: null where the server does not count (searches). */
export function Pager({ page, size, shown, total, more, onPage, label }) {
  const first = (page - 1) * size + 1;
  const range = `${number(first)}–${number(first + shown - 1)}`;
  return (
    <nav class="pager" aria-label={label}>
      <p>{shown > 0 ? range : 'Nothing'}{shown > 0 && total !== null && ` of ${number(total)}`}</p>
      <Button disabled={page <= 1} onClick={() => onPage(page - 1)}>Previous</Button>
      <Button disabled={!more} onClick={() => onPage(page + 1)}>Next</Button>
    </nav>
  );
}

/** The page number of a route's query. */
export function pageOf(query) {
  const page = Number(query.page);
  return Number.isInteger(page) && page > 0 ? page : 1;
}
