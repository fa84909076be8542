import { useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { changesOf } from '../changes.js';
import { dateField, endOfDay, isPast, number } from '../format.js';
import { useApp } from '../hooks.js';
import { go, href, setQuery } from '../router.js';
import { Button } from '../parts/button.jsx';
import { day } from '../parts/columns.jsx';
import { FormDialog } from '../parts/dialog.jsx';
import { SelectField, TextField, optionsOf } from '../parts/field.jsx';
import { Empty } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Table } from '../parts/table.jsx';
import { Badge, Time, statusText } from '../parts/text.jsx';

const plans = { starter: 'Starter', pro: 'Pro', agency: 'Agency' };
const planHint = 'Blocking in campaigns and handing out activities need Pro or Agency.';

function PlanFields({ plan, setPlan, end, setEnd }) {
  return (
    <>
      <SelectField label="Plan" hint={planHint} value={plan} onValue={setPlan} options={optionsOf(plans)} />
      <TextField label="License expires on (optional)" type="date" value={end} onValue={setEnd} hint="Leave empty if it does not expire." />
    </>
  );
}

function CreateDialog({ onClose }) {
  const { reloadWorkspaces, chooseWorkspace, toast, workspaces } = useApp();
  const [name, setName] = useState('');
  const [plan, setPlan] = useState('pro');
  const [end, setEnd] = useState('');
  const create = async () => {
    const { data } = await api.post('workspaces', { name: name.trim(), plan, ...(end ? { expiresAt: endOfDay(end) } : {}) });
    await reloadWorkspaces();
    chooseWorkspace(data.id);
    toast(`The workspace ${data.name} is created and selected.`);
    if (workspaces.length > 0) onClose();
    else go(href('add'));
  };
  return (
    <FormDialog title="New workspace" submitLabel="Create workspace" onSubmit={create} onClose={onClose}>
      <TextField label="Name" value={name} onValue={setName} required maxLength={100} />
      <PlanFields plan={plan} setPlan={setPlan} end={end} setEnd={setEnd} />
    </FormDialog>
  );
}

const labels = { plan: 'Plan', end: 'License expires on' };

function PlanDialog({ workspace, onClose }) {
  const { reloadWorkspaces, toast } = useApp();
  const [plan, setPlan] = useState(workspace.plan);
  const [end, setEnd] = useState(dateField(workspace.expiresAt));
  const base = useRef({ plan, end });
  const save = async () => {
    const now = (await api.get('workspaces')).data.find(({ id }) => id === workspace.id) ?? workspace;
    const changed = changesOf(base.current, { plan, end }, { plan: now.plan, end: dateField(now.expiresAt) }, labels, { plan: plans });
    // The plan and the end are saved together.
    const expiresAt = 'end' in changed ? endOfDay(end) : now.expiresAt;
    await api.put(api.path('workspaces', workspace.id, 'plan'), { plan: changed.plan ?? now.plan, expiresAt });
    await reloadWorkspaces();
    toast(`The license of ${workspace.name} is changed.`);
    onClose();
  };
  return (
    <FormDialog title={`License of ${workspace.name}`} submitLabel="Save" onSubmit={save} onClose={onClose}>
      <PlanFields plan={plan} setPlan={setPlan} end={end} setEnd={setEnd} />
    </FormDialog>
  );
}

const columns = (chosen, onPlan) => [
  { label: 'Workspace', header: true, render: (row) => <>{row.name} {row.id === chosen && <Badge kind="accent">Selected</Badge>}</> },
  { label: 'Plan', render: (row) => statusText(row.plan) },
  { label: 'License expires', labelled: true, render: (row) => <><Time at={row.expiresAt} dateOnly none="Never" /> {isPast(row.expiresAt) && <Badge kind="bad">Expired</Badge>}</> },
  { label: 'Blocked', class: 'number', render: (row) => number(row.entries ?? 0) },
  { label: 'Keys', class: 'number', render: (row) => number(row.keys ?? 0) },
  { label: 'Campaigns', class: 'number', render: (row) => number(row.campaigns ?? 0) },
  day('Created', 'createdAt'),
  { label: 'License', hideLabel: true, class: 'action-cell', render: (row) => <Button aria-label={`Change license of ${row.name}`} onClick={() => onPlan(row)}>License</Button> },
];

export function Workspaces({ route }) {
  const { workspaces, workspace } = useApp();
  const [changing, setChanging] = useState(null);
  // In the URL, so that the welcome screen can link to it.
  const creating = route.query.create === '1';
  const create = (on) => setQuery({ create: on ? '1' : '' }, { replace: true });
  const newWorkspace = <Button kind="primary" icon="add" onClick={() => create(true)}>New workspace</Button>;
  return (
    <Page title="Workspaces" lead="Each workspace has its own blocklists, campaigns, keys and license." actions={newWorkspace}>
      {workspaces.length === 0
        ? <Empty title="There are no workspaces yet"><p>Create one for each team or client.</p>{newWorkspace}</Empty>
        : <Table caption="Workspaces" columns={columns(workspace?.id, setChanging)} rows={workspaces} keyOf={(row) => row.id} />}
      {creating && <CreateDialog onClose={() => create(false)} />}
      {changing && <PlanDialog workspace={changing} onClose={() => setChanging(null)} />}
    </Page>
  );
}
