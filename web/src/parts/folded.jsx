// A long result shows its first rows, and the rest when asked.
import { useState } from 'preact/hooks';
import { number } from '../format.js';
import { Button } from './button.jsx';

/** items: all that came; `more`: how the rest is called, such as "rows". children(shown): renders them. */
export function Folded({ items, first = 8, more, children }) {
  const [open, setOpen] = useState(false);
  const isLong = items.length > first + 2; // not for the sake of one or two
  return (
    <>
      {children(isLong && !open ? items.slice(0, first) : items)}
      {isLong && <Button kind="quiet" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? 'Show fewer' : `Show all ${number(items.length)} ${more}`}</Button>}
    </>
  );
}
