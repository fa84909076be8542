import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { number } from '../format.js';
import { useApp, useLive, useLoad } from '../hooks.js';
import { go, href, setQuery } from '../router.js';
import { Button } from '../parts/button.jsx';
import { day } from '../parts/columns.jsx';
import { FormDialog } from '../parts/dialog.jsx';
import { SelectField, TextField } from '../parts/field.jsx';
import { Empty } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Paged, pageOf } from '../parts/pager.jsx';
import { Progress } from '../parts/progress.jsx';
import { Status, statusOptions } from '../parts/text.jsx';

const size = 20;
const statuses = ['draft', 'active', 'paused', 'completed', 'error'];

const columns = [
  { label: 'Campaign', header: true, class: 'line', render: (row) => <a class="row-link" href={href('campaign', [row.id])}>{row.name}</a> },
  { label: 'Status', render: (row) => <Status status={row.status} /> },
  { label: 'Progress', class: 'progress-cell', render: (row) => <Progress label={<span class="hidden">Progress of {row.name}</span>} value={row.progress} note={`${number(row.progress)} %`} /> },
  { label: 'Leads', class: 'number', render: (row) => number(row.analytics.totalLeads) },
  { label: 'Blocked', class: 'number', render: (row) => number(row.analytics.leads.blocked) },
  day('Created', 'createdAt'),
];

function CreateDialog({ onClose }) {
  const { toast } = useApp();
  const [name, setName] = useState('');
  const [id, setId] = useState('');
  const create = async () => {
    const { data } = await api.post('campaigns', { name: name.trim(), ...(id.trim() ? { id: id.trim() } : {}) });
    toast(`The campaign ${data.name} is created.`);
    onClose();
    go(href('campaign', [data.id]));
  };
  return (
    <FormDialog title="New campaign" submitLabel="Create campaign" onSubmit={create} onClose={onClose}>
      <TextField label="Name" value={name} onValue={setName} required maxLength={100} />
      <TextField label="Id (optional)" value={id} onValue={setId} maxLength={64} pattern="[A-Za-z0-9_\-]+" spellcheck={false}
        hint="The id that your outreach tool uses: letters, digits, - and _. If empty, the server chooses one." />
    </FormDialog>
  );
}

function NothingHere({ status, onCreate }) {
  const { canWrite } = useApp();
  if (status) return <Empty title={`No campaign is ${status}`}><Button onClick={() => setQuery({ status: '', page: '' })}>Show all</Button></Empty>;
  return (
    <Empty title="There are no campaigns yet">
      <p>A campaign has its own blocklist, in addition to the workspace’s.</p>
      {canWrite && <Button kind="primary" icon="add" onClick={onCreate}>New campaign</Button>}
    </Empty>
  );
}

export function Campaigns({ route }) {
  const { canWrite } = useApp();
  const page = pageOf(route.query);
  const status = statuses.includes(route.query.status) ? route.query.status : '';
  const [creating, setCreating] = useState(false);
  const answer = useLoad((signal) => (
    api.get('campaigns', { signal, query: { skip: (page - 1) * size, take: size, status } })), [page, status]);
  useLive(answer.refresh);
  const create = () => setCreating(true);
  return (
    <Page title="Campaigns" actions={canWrite && <Button kind="primary" icon="add" onClick={create}>New campaign</Button>}>
      <div class="filters">
        <SelectField label="Status" value={status} onValue={(value) => setQuery({ status: value, page: '' }, { replace: true })} options={statusOptions(statuses, 'Any')} />
      </div>
      <Paged caption="Campaigns" columns={columns} page={page} size={size} answer={answer} empty={page === 1 && <NothingHere status={status} onCreate={create} />} />
      {creating && <CreateDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}
