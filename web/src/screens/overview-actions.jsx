// What happened lately, in words; Audit has all of it.
import * as api from '../api.js';
import { useLive, useLoad } from '../hooks.js';
import { href } from '../router.js';
import { Action } from '../parts/action.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Table } from '../parts/table.jsx';
import { By, Time } from '../parts/text.jsx';

const take = 10;

const columns = [
  { label: 'When', header: true, class: 'time-cell', render: (entry) => <Time at={entry.at} /> },
  { label: 'What', render: (entry) => <Action entry={entry} /> },
  { label: 'Who', class: 'by-cell', render: (entry) => <By by={entry.by} /> },
];

export function RecentActions() {
  const { data: rows, error, reload, refresh } = useLoad(async (signal) => (await api.get('audit', { signal, query: { take } })).data, []);
  useLive(refresh);
  return (
    <section class="recent">
      <div class="section-head">
        <h2>Recent actions</h2>
        <a href={href('audit')}>All actions</a>
      </div>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {rows?.length === 0 && <Empty title="There are no actions yet" />}
      {(rows ? rows.length > 0 : !error) && <Table caption="Recent actions" columns={columns} rows={rows} keyOf={(entry) => entry.id} />}
    </section>
  );
}
