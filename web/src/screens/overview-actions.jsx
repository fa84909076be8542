// What happened lately, in words; Audit has all of it.
import { useGet, useLive } from '../hooks.js';
import { href } from '../router.js';
import { Action } from '../parts/action.jsx';
import { by, when } from '../parts/columns.jsx';
import { Empty } from '../parts/notice.jsx';
import { Rows } from '../parts/rows.jsx';

const take = 10;

const columns = [
  when(),
  { label: 'What', class: 'line', render: (entry) => <Action entry={entry} /> },
  by('Who'),
];

export function RecentActions() {
  const { data: rows, error, reload, refresh } = useGet('audit', { query: { take } });
  useLive(refresh);
  return (
    <section class="recent">
      <div class="section-head">
        <h2>Recent actions</h2>
        <a href={href('audit')}>All actions</a>
      </div>
      <Rows caption="Recent actions" columns={columns} rows={rows} keyOf={(entry) => entry.id} error={error} onRetry={reload} empty={<Empty title="There are no actions yet" />} />
    </section>
  );
}
