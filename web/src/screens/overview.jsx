// The workspace in figures, and what happened lately.
import { useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { changesOf } from '../changes.js';
import { day, number, percent } from '../format.js';
import { useApp, useGet, useLive } from '../hooks.js';
import { href } from '../router.js';
import { Button } from '../parts/button.jsx';
import { DaysChart } from '../parts/chart.jsx';
import { CountryField } from '../parts/details.jsx';
import { FormDialog } from '../parts/dialog.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Pairs } from '../parts/pairs.jsx';
import { Table } from '../parts/table.jsx';
import { Tabs } from '../parts/tabs.jsx';
import { FailingHooks } from './hooks.jsx';
import { LastImports } from './imports.jsx';
import { RecentActions } from './overview-actions.jsx';

const periods = [30, 90];

function Figures({ statistics }) {
  const { names, days } = statistics;
  const sum = (name) => days.reduce((total, entry) => total + entry[name], 0);
  const checks = sum('checks');
  const figures = [
    ['Blocked in the workspace', names.workspace],
    ['Blocked in campaigns', names.campaigns],
    [`Checks in ${days.length} days`, checks],
    ['Checks that said “blocked”', checks > 0 ? percent(sum('checksBlocked') / checks) : '–'],
  ];
  return <Pairs class="figures large" pairs={figures} />;
}

const dayColumns = [
  { label: 'Day', header: true, render: (entry) => <time dateTime={entry.date}>{day(entry.date)}</time> },
  ...[['Blocked', 'blocked'], ['Unblocked', 'unblocked'], ['Checks', 'checks'], ['Said blocked', 'checksBlocked']].map(([label, name]) => (
    { label, class: 'number', render: (entry) => number(entry[name]) })),
];

function Days({ days }) {
  const [asTable, setAsTable] = useState(false);
  return (
    <section class="card">
      <div class="section-head">
        <h2>Blocks and unblocks per day</h2>
        <Button aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>Show as table</Button>
      </div>
      {asTable
        ? <Table caption="Blocks, unblocks and checks per day" columns={dayColumns} rows={[...days].reverse()} keyOf={(entry) => entry.date} />
        : <DaysChart days={days} />}
    </section>
  );
}

const countryOf = (me) => ({ country: me.workspace.defaultCountry ?? '' });

function SettingsDialog({ onClose }) {
  const { toast } = useApp();
  const { data, error, reload } = useGet('me');
  const base = useRef();
  const [country, setCountry] = useState();
  const save = async () => {
    base.current ??= countryOf(data);
    changesOf(base.current, { country }, countryOf((await api.get('me')).data), { country: 'Country' });
    await api.patch('workspace', { defaultCountry: country || null });
    toast('Saved.');
    onClose();
  };
  return (
    <FormDialog title="Settings of this workspace" submitLabel="Save" disabled={country === undefined} onSubmit={save} onClose={onClose}>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {data && <CountryField country={data.workspace.defaultCountry} onCountry={setCountry} />}
    </FormDialog>
  );
}

const bar = () => <span class="bar" />;

function Placeholder() {
  return (
    <>
      <Pairs class="figures large skeleton" aria-hidden="true" pairs={[0, 1, 2, 3].map(() => [bar(), bar()])} />
      <div class="card chart-placeholder" />
    </>
  );
}

export function Overview({ route }) {
  const days = periods.includes(Number(route.query.days)) ? Number(route.query.days) : periods[0];
  const { data: statistics, error, loading, reload, refresh } = useGet('statistics', { query: { days } });
  const { canWrite } = useApp();
  const [open, setOpen] = useState(false);
  useLive(refresh);
  return (
    <Page title="Overview" actions={canWrite && <Button onClick={() => setOpen(true)}>Settings</Button>}>
      <FailingHooks />
      <Tabs label="Period" current={days} tabs={periods.map((period) => ({ id: period, label: `${period} days`, href: href('overview', [], { days: period }) }))} />
      <ErrorNotice error={error} onRetry={reload} />
      {statistics && (
        <div class={loading ? 'stale' : ''}>
          <Figures statistics={statistics} />
          {statistics.days.length > 0 ? <Days days={statistics.days} /> : <Empty title="There are no statistics yet" />}
        </div>
      )}
      {!statistics && !error && <Placeholder />}
      <LastImports />
      <RecentActions />
      {open && <SettingsDialog onClose={() => setOpen(false)} />}
    </Page>
  );
}
