import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { useApp, useLoad } from '../hooks.js';
import { Button } from '../parts/button.jsx';
import { CopyText } from '../parts/copy.jsx';
import { ConfirmDialog, Dialog, FormDialog } from '../parts/dialog.jsx';
import { CheckField, SelectField, TextField } from '../parts/field.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Table } from '../parts/table.jsx';
import { Badge, Time, statusText } from '../parts/text.jsx';

const roles = [
  { value: 'member', label: 'Member: works in one workspace' },
  { value: 'viewer', label: 'Viewer: can look and check in one workspace, but change nothing' },
  { value: 'operator', label: 'Operator: can do everything in all workspaces' },
];

function AddDialog({ onDone, onClose }) {
  const { workspaces, workspace } = useApp();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState(workspaces.length > 0 ? 'member' : 'operator');
  const [workspaceId, setWorkspaceId] = useState(workspace?.id ?? '');
  const options = workspaces.length > 0 ? roles : roles.filter(({ value }) => value === 'operator');
  const add = async () => {
    const place = role === 'operator' ? {} : { workspaceId };
    const { data } = await api.post('users', { email: email.trim(), role, ...place });
    onDone({ email: data.email, link: data.link, linkExpiresAt: data.linkExpiresAt });
  };
  return (
    <FormDialog title="New user" submitLabel="Create user" onSubmit={add} onClose={onClose}>
      <TextField label="E-mail" type="email" value={email} onValue={setEmail} required />
      <SelectField label="Role" value={role} onValue={setRole} options={options} />
      {role !== 'operator' && <SelectField label="Workspace of the user" value={workspaceId} onValue={setWorkspaceId} options={workspaces.map(({ id, name }) => ({ value: id, label: name }))} />}
    </FormDialog>
  );
}

function LinkDialog({ made, onClose }) {
  return (
    <Dialog title={`Link for ${made.email}`} wide onClose={onClose}>
      <Notice kind="warn"><p>Send this link to {made.email} now. It is shown only once, works once, and expires at <Time at={made.linkExpiresAt} />.</p></Notice>
      <CopyText label="One-time link" text={made.link} what="link" />
      <div class="dialog-actions"><Button kind="primary" onClick={onClose}>Done</Button></div>
    </Dialog>
  );
}

function NewLinkDialog({ user, onDone, onClose }) {
  const make = async () => {
    const { data } = await api.post(api.path('users', user.id, 'link'));
    // The other dialog takes the place of this one.
    setTimeout(() => onDone({ email: user.email, ...data }));
  };
  return (
    <ConfirmDialog title={`New password link for ${user.email}?`} confirmLabel="Create link" kind="primary" onConfirm={make} onClose={onClose}>
      <p>The link lets the user set a new password. The old password works until then.</p>
    </ConfirmDialog>
  );
}

function DeleteDialog({ user, onDone, onClose }) {
  const { toast } = useApp();
  const [revokes, setRevokes] = useState(false);
  const remove = async () => {
    const { data } = await api.del(`${api.path('users', user.id)}?keys=${revokes ? 'revoke' : 'keep'}`);
    const left = data.keysLeft === 1 ? ' 1 API key of theirs is still valid.' : ` ${data.keysLeft} API keys of theirs are still valid.`;
    toast(`${user.email} is deleted.${data.keysLeft ? left : ''}`);
    onDone();
  };
  return (
    <ConfirmDialog title={`Delete ${user.email}?`} confirmLabel="Delete" onConfirm={remove} onClose={onClose}>
      <p>Their sessions end at once. What they blocked stays blocked.</p>
      <CheckField label="Revoke the API keys that they made" hint="Otherwise the keys stay valid; the list of API keys shows who made them." checked={revokes} onChecked={setRevokes} />
    </ConfirmDialog>
  );
}

const columns = ({ me, workspaceName, onLink, onDelete }) => [
  { label: 'E-mail', header: true, render: (user) => <>{user.email} {user.id === me && <Badge kind="accent">You</Badge>}</> },
  { label: 'Role', render: (user) => statusText(user.role) },
  { label: 'Workspace', render: (user) => (user.workspaceId ? workspaceName(user.workspaceId) : <span class="muted">All</span>) },
  { label: 'Last sign-in', render: (user) => <Time at={user.lastSignInAt} none="Never" /> },
  { label: 'Added', render: (user) => <Time at={user.createdAt} dateOnly /> },
  {
    label: 'Actions', hideLabel: true, class: 'action-cell',
    render: (user) => (
      <span class="button-row">
        <Button aria-label={`New password link for ${user.email}`} onClick={() => onLink(user)}>Password link</Button>
        <Button aria-label={`Delete ${user.email}`} onClick={() => onDelete(user)}>Delete</Button>
      </span>
    ),
  },
];

export function People() {
  const { session, workspaces } = useApp();
  const { data: users, error, loading, reload } = useLoad(async (signal) => (await api.get('users', { signal })).data, []);
  const [open, setOpen] = useState({});
  const close = () => setOpen({});
  const showLink = (made) => {
    reload();
    setOpen({ dialog: 'made', made });
  };
  const shown = columns({
    me: session.user.id,
    workspaceName: (id) => workspaces.find((workspace) => workspace.id === id)?.name ?? id,
    onLink: (user) => setOpen({ dialog: 'link', user }),
    onDelete: (user) => setOpen({ dialog: 'delete', user }),
  });
  return (
    <Page title="Users" lead="Users sign in to this dashboard. The role decides what a user can do." actions={<Button kind="primary" icon="add" onClick={() => setOpen({ dialog: 'add' })}>New user</Button>}>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {!(error && !users) && <Table caption="Users" columns={shown} rows={users} keyOf={(user) => user.id} busy={loading} />}
      {open.dialog === 'add' && <AddDialog onDone={showLink} onClose={close} />}
      {open.dialog === 'made' && <LinkDialog made={open.made} onClose={close} />}
      {open.dialog === 'link' && <NewLinkDialog user={open.user} onDone={showLink} onClose={close} />}
      {open.dialog === 'delete' && <DeleteDialog user={open.user} onDone={reload} onClose={close} />}
    </Page>
  );
}
