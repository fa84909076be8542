// The audit log in words, newest first, more on request.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api.js';
import { count } from '../format.js';
import { useAction, useApp } from '../hooks.js';
import { href } from '../router.js';
import { Button } from '../parts/button.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Table } from '../parts/table.jsx';
import { Tabs } from '../parts/tabs.jsx';
import { By, Time } from '../parts/text.jsx';

const take = 20;

const words = {
  'leads.block': 'Blocked', 'leads.unblock': 'Unblocked', 'leads.undo': 'Undid a change',
  'campaign.create': 'Created campaign', 'campaign.delete': 'Deleted campaign', 'campaign.activate': 'Activated campaign', 'campaign.pause': 'Paused campaign',
  'key.create': 'Created API key', 'key.revoke': 'Revoked API key',
  'hook.subscribe': 'Subscribed to events', 'hook.unsubscribe': 'Ended subscription', 'hook.pause': 'Paused subscription', 'hook.resume': 'Resumed subscription', 'hook.rotate': 'Changed secret of subscription',
  'workspace.create': 'Created workspace', 'workspace.set_plan': 'Changed license',
  'user.create': 'Added user', 'user.delete': 'Deleted user', 'user.set_password': 'Set a password', 'user.sign_in': 'Signed in', 'user.sign_out': 'Signed out',
};

function What({ entry }) {
  const ofLeads = entry.action.startsWith('leads.');
  const place = entry.campaignId ? `campaign ${entry.campaignId}` : 'the workspace';
  return (
    <>
      {words[entry.action] ?? entry.action}
      {ofLeads && ` ${count(entry.count ?? 0, 'lead')} in ${place}`}
      {!ofLeads && entry.target && <> <code>{entry.target}</code></>}
    </>
  );
}

const columns = [
  { label: 'When', header: true, class: 'time-cell', render: (entry) => <Time at={entry.at} /> },
  { label: 'What', render: (entry) => <What entry={entry} /> },
  { label: 'Who', render: (entry) => <By by={entry.by} /> },
  { label: 'From', render: (entry) => (entry.from ? <code>{entry.from}</code> : <span class="muted">–</span>) },
];

/** Pages that are added to the ones that are shown. */
function useHistory(installation) {
  const [state, setState] = useState({ rows: null, next: null });
  const options = installation ? { workspaceId: null } : {};
  const older = useAction(async () => {
    const { data, next } = await api.get('audit', { ...options, query: { take, ...state.next } });
    setState((old) => ({ rows: [...(old.rows ?? []), ...data], next }));
  });
  useEffect(() => {
    older.run();
  }, []);
  return { ...state, older };
}

function OfWhat({ installation, query }) {
  const tabs = [
    { id: 'workspace', label: 'This workspace', href: href('overview', [], { ...query, of: '' }) },
    { id: 'installation', label: 'Whole installation', href: href('overview', [], { ...query, of: 'installation' }) },
  ];
  return <Tabs label="Actions of" tabs={tabs} current={installation ? 'installation' : 'workspace'} />;
}

function History({ installation }) {
  const { rows, next, older } = useHistory(installation);
  return (
    <>
      {rows?.length === 0 && <Empty title="There are no actions yet" />}
      {(rows === null ? !older.error : rows.length > 0) && <Table caption="Recent actions" columns={columns} rows={rows} keyOf={(entry) => entry.id} />}
      {older.error && <ErrorNotice error={older.error} onRetry={older.run} />}
      {next && <Button busy={older.busy} onClick={() => older.run()}>Older</Button>}
    </>
  );
}

export function RecentActions({ installation, query }) {
  const { isOperator } = useApp();
  const shown = installation && isOperator ? 'installation' : 'workspace';
  return (
    <section class="recent">
      <h2>Recent actions</h2>
      {isOperator && <OfWhat installation={installation} query={query} />}
      <History key={shown} installation={shown === 'installation'} />
    </section>
  );
}
