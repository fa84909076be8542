// Where a user is signed in: the own sessions on Account, and for operators those of others.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { useAction, useApp, useGet } from '../hooks.js';
import { Button } from '../parts/button.jsx';
import { Dialog, DialogEnd } from '../parts/dialog.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Rows } from '../parts/rows.jsx';
import { Badge, Time, orDash } from '../parts/text.jsx';

const browsers = [['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari'], ['curl/', 'curl'], ['python', 'Python']];
const systems = [['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Android', 'Android'], ['Windows', 'Windows'], ['Mac OS X', 'macOS'], ['CrOS', 'ChromeOS'], ['Linux', 'Linux']];
const named = (list, agent) => list.find(([word]) => agent.includes(word))?.[1];

/** What a browser calls itself, in words that people know: "Firefox on Linux". */
export function deviceOf(agent) {
  if (!agent) return 'Unknown device';
  const browser = named(browsers, agent);
  const system = named(systems, agent);
  return [browser ?? (system ? 'A browser' : agent.slice(0, 40)), system && `on ${system}`].filter(Boolean).join(' ');
}

const none = { workspaceId: null };

function columns(onEnd, busy) {
  return [
    { label: 'Device', header: true, render: (row) => <span title={row.userAgent}>{deviceOf(row.userAgent)} {row.current && <Badge kind="accent">This one</Badge>}</span> },
    { label: 'Address', render: (row) => orDash(row.from && <code>{row.from}</code>) },
    { label: 'Last used', labelled: true, render: (row) => (row.current ? 'Now' : <Time at={row.lastUsedAt} />) },
    { label: 'Signed in', labelled: true, render: (row) => <Time at={row.createdAt} /> },
    {
      label: 'End', hideLabel: true, class: 'action-cell',
      render: (row) => !row.current && <Button busy={busy === row.id} aria-label={`End the session of ${deviceOf(row.userAgent)}`} onClick={() => onEnd(row.id)}>End</Button>,
    },
  ];
}

/** path: segments of the API's path to the sessions; `own`: of the user who is signed in. */
export function Sessions({ path, empty }) {
  const { toast } = useApp();
  const [busy, setBusy] = useState('');
  const { data: rows, error, loading, reload } = useGet(api.path(...path), none);
  const end = useAction(async (...ids) => {
    setBusy(ids[0] ?? 'all');
    await api.del(api.path(...path, ...ids), undefined, none).finally(() => setBusy(''));
    toast(ids.length > 0 ? 'The session has ended.' : 'The sessions have ended.');
    reload();
  });
  const others = rows?.filter((row) => !row.current) ?? [];
  return (
    <>
      <ErrorNotice error={end.error} />
      <Rows caption="Sessions" columns={columns(end.run, busy)} rows={rows} keyOf={(row) => row.id} loading={loading} error={error} onRetry={reload} empty={<p class="muted">{empty}</p>} />
      {others.length > 1 && <Button busy={busy === 'all'} onClick={() => end.run()}>{rows.length > others.length ? 'End all other sessions' : 'End all sessions'}</Button>}
    </>
  );
}

export function SessionsDialog({ user, onClose }) {
  return (
    <Dialog title={`Sessions of ${user.email}`} wide onClose={onClose}>
      <Sessions path={['users', user.id, 'sessions']} empty="This user is not signed in anywhere." />
      <DialogEnd onClose={onClose} />
    </Dialog>
  );
}
