// A table that grows page by page, and the button that lets it.
import { useEffect, useState } from 'preact/hooks';
import { useAction } from '../hooks.js';
import { Button } from './button.jsx';
import { Empty, ErrorNotice } from './notice.jsx';
import { Table } from './table.jsx';

// A page of a search may be empty and still have a next one: so many are looked at before the user is asked.
const emptyPages = 20;

/** {rows (null: none yet), next, total, more: an action}. `fetch(query)` answers a page; the first one comes at once. */
export function useMore(fetch) {
  const [state, setState] = useState({ rows: null, next: null, total: null });
  const more = useAction(async () => {
    let { next } = state;
    for (let page = 0; ; page++) {
      const answer = await fetch(next ?? {});
      next = answer.next;
      if (answer.data.length === 0 && next && page < emptyPages) continue;
      setState((old) => ({ rows: [...(old.rows ?? []), ...answer.data], next, total: answer.total }));
      return;
    }
  });
  useEffect(() => {
    more.run();
  }, []);
  return { ...state, more };
}

/** empty: what is shown in place of a table without rows. label: of the button. */
export function MoreTable({ caption, columns, keyOf, list, empty, label = 'Older' }) {
  const { rows, next, more } = list;
  return (
    <>
      {rows?.length === 0 && (next ? <Empty title="Nothing found so far" /> : empty)}
      {(rows === null ? !more.error : rows.length > 0) && <Table caption={caption} columns={columns} rows={rows} keyOf={keyOf} />}
      <ErrorNotice error={more.error} onRetry={() => more.run()} />
      {next && !more.error && <Button busy={more.busy} onClick={() => more.run()}>{rows.length > 0 ? label : 'Search further'}</Button>}
    </>
  );
}
