import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { count } from '../format.js';
import { useApp, useGet } from '../hooks.js';
import { Button } from '../parts/button.jsx';
import { day } from '../parts/columns.jsx';
import { CopyText } from '../parts/copy.jsx';
import { ConfirmDialog, DeleteDialog, Dialog, DialogEnd, FormDialog } from '../parts/dialog.jsx';
import { CheckField, SelectField, TextField } from '../parts/field.jsx';
import { RowMenu } from '../parts/menu.jsx';
import { Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Rows } from '../parts/rows.jsx';
import { Badge, By, Time, statusText } from '../parts/text.jsx';
import { SessionsDialog } from './sessions.jsx';

const roles = [
  { value: 'member', label: 'Member: works in one workspace' },
  { value: 'viewer', label: 'Viewer: can look and check in one workspace, but change nothing' },
  { value: 'operator', label: 'Operator: can do everything in all workspaces' },
];

const days = [1, 7, 30].map((value) => ({ value: String(value), label: count(value, 'day') }));

function DaysField({ value, onValue }) {
  return <SelectField label="The link is valid for" value={value} onValue={onValue} options={days} hint="It works once. leadblock sends no e-mail: you pass it on." />;
}

function AddDialog({ onDone, onClose }) {
  const { workspaces, workspace } = useApp();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState(workspaces.length > 0 ? 'member' : 'operator');
  const [workspaceId, setWorkspaceId] = useState(workspace?.id ?? '');
  const [linkDays, setLinkDays] = useState('7');
  const options = workspaces.length > 0 ? roles : roles.filter(({ value }) => value === 'operator');
  const add = async () => {
    const place = role === 'operator' ? {} : { workspaceId };
    const { data } = await api.post('users', { email: email.trim(), role, ...place, linkDays: Number(linkDays) });
    onDone({ email: data.email, link: data.link, linkExpiresAt: data.linkExpiresAt });
  };
  return (
    <FormDialog title="Invite a user" submitLabel="Create invitation" onSubmit={add} onClose={onClose}>
      <TextField label="E-mail" type="email" value={email} onValue={setEmail} required />
      <SelectField label="Role" value={role} onValue={setRole} options={options} />
      {role !== 'operator' && <SelectField label="Workspace of the user" value={workspaceId} onValue={setWorkspaceId} options={workspaces.map(({ id, name }) => ({ value: id, label: name }))} />}
      <DaysField value={linkDays} onValue={setLinkDays} />
    </FormDialog>
  );
}

function LinkDialog({ made, onClose }) {
  return (
    <Dialog title={`Link for ${made.email}`} wide onClose={onClose}>
      <Notice kind="warn"><p>Send this link to {made.email} now. It is shown only once, works once, and is valid until <Time at={made.linkExpiresAt} />.</p></Notice>
      <CopyText label="One-time link" text={api.fromHere(made.link)} what="link" />
      <DialogEnd onClose={onClose} />
    </Dialog>
  );
}

function NewLinkDialog({ user, onDone, onClose }) {
  const invites = user.state !== 'active';
  const [linkDays, setLinkDays] = useState(invites ? '7' : '1');
  const make = async () => {
    const { data } = await api.post(api.path('users', user.id, 'link'), { linkDays: Number(linkDays) });
    // The other dialog takes the place of this one.
    setTimeout(() => onDone({ email: user.email, ...data }));
  };
  return (
    <ConfirmDialog title={invites ? `New invitation for ${user.email}?` : `New password link for ${user.email}?`} confirmLabel="Create link" kind="primary" onConfirm={make} onClose={onClose}>
      <p>{invites ? 'The link lets the user choose a password and sign in. An earlier link stops working.' : 'The link lets the user set a new password. The old password works until then.'}</p>
      <DaysField value={linkDays} onValue={setLinkDays} />
    </ConfirmDialog>
  );
}

const RevokeDialog = ({ user, ...rest }) => (
  <DeleteDialog {...rest} title={`Revoke the link of ${user.email}?`} confirmLabel="Revoke" path={api.path('users', user.id, 'link')} said={`The link of ${user.email} is revoked.`}>
    <p>{user.state === 'invited' ? 'The invitation stops working. The user stays in this list, and can be invited again or deleted.' : 'The link stops working. The password that is set stays.'}</p>
  </DeleteDialog>
);

const ResetFactorDialog = ({ user, ...rest }) => (
  <DeleteDialog {...rest} title={`Reset the second factor of ${user.email}?`} confirmLabel="Reset" path={api.path('users', user.id, 'second-factor')} said={`The second factor of ${user.email} is off. Their sessions have ended.`}>
    <p>For a user who lost the phone. Make sure that it is really they who ask: until they set up another one, their password alone is enough to sign in. Their sessions end.</p>
  </DeleteDialog>
);

function DeleteUserDialog({ user, onDone, onClose }) {
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

/** Whether the user can sign in, and what the link is good for. */
function State({ user }) {
  const by = user.invitedBy && <span class="muted"> by <By by={user.invitedBy} /></span>;
  if (user.state === 'link_ended') return <><Badge kind="warn">Link ended</Badge>{by && <span class="muted">, invited{by}</span>}</>;
  const until = user.linkExpiresAt && <span class="muted"> until <Time at={user.linkExpiresAt} dateOnly /></span>;
  if (user.state === 'invited') return <><Badge kind="accent">Invited</Badge>{until}{by}</>;
  return <>Active{user.secondFactor && <> <Badge kind="ok">2nd factor</Badge></>}{until && <span class="muted">, password link{until}</span>}</>;
}

function RowActions({ user, isMe, on }) {
  const invites = user.state !== 'active';
  return (
    <RowMenu label={`Actions for ${user.email}`}>
      <Button kind="quiet" aria-label={`${invites ? 'New link' : 'New password link'} for ${user.email}`} onClick={() => on('link', user)}>{invites ? 'New link' : 'New password link'}</Button>
      {user.linkExpiresAt && <Button kind="quiet" aria-label={`Revoke the link of ${user.email}`} onClick={() => on('revoke', user)}>Revoke</Button>}
      {!invites && !isMe && <Button kind="quiet" aria-label={`Sessions of ${user.email}`} onClick={() => on('sessions', user)}>Sessions</Button>}
      {user.secondFactor && !isMe && <Button kind="quiet" aria-label={`Reset the second factor of ${user.email}`} onClick={() => on('factor', user)}>Reset second factor</Button>}
      <Button kind="quiet" aria-label={`Delete ${user.email}`} onClick={() => on('delete', user)}>Delete</Button>
    </RowMenu>
  );
}

const columns = ({ me, workspaceName, on }) => [
  { label: 'E-mail', header: true, class: 'email-cell', render: (user) => <>{user.email} {user.id === me && <Badge kind="accent">You</Badge>}</> },
  { label: 'Role', class: 'role-cell', render: (user) => <>{statusText(user.role)} <span class="muted">{user.workspaceId ? workspaceName(user.workspaceId) : 'All workspaces'}</span></> },
  { label: 'State', class: 'state-cell line', render: (user) => <State user={user} /> },
  day('Last sign-in', 'lastSignInAt', 'Never'), day('Added', 'createdAt'),
  { label: 'Actions', hideLabel: true, class: 'action-cell', render: (user) => <RowActions user={user} isMe={user.id === me} on={on} /> },
];

export function People() {
  const { session, workspaces } = useApp();
  const { data: users, error, loading, reload } = useGet('users');
  const [open, setOpen] = useState({});
  const close = () => setOpen({});
  const showLink = (made) => {
    reload();
    setOpen({ dialog: 'made', made });
  };
  const shown = columns({
    me: session.user.id,
    workspaceName: (id) => workspaces.find((workspace) => workspace.id === id)?.name ?? id,
    on: (dialog, user) => setOpen({ dialog, user }),
  });
  return (
    <Page title="Users" lead="Users sign in to this dashboard. The role decides what a user can do." actions={<Button kind="primary" icon="add" onClick={() => setOpen({ dialog: 'add' })}>Invite a user</Button>}>
      <Rows caption="Users" columns={shown} rows={users} keyOf={(user) => user.id} loading={loading} error={error} onRetry={reload} />
      {open.dialog === 'add' && <AddDialog onDone={showLink} onClose={close} />}
      {open.dialog === 'made' && <LinkDialog made={open.made} onClose={close} />}
      {open.dialog === 'link' && <NewLinkDialog user={open.user} onDone={showLink} onClose={close} />}
      {open.dialog === 'revoke' && <RevokeDialog user={open.user} onDone={reload} onClose={close} />}
      {open.dialog === 'sessions' && <SessionsDialog user={open.user} onClose={close} />}
      {open.dialog === 'factor' && <ResetFactorDialog user={open.user} onDone={reload} onClose={close} />}
      {open.dialog === 'delete' && <DeleteUserDialog user={open.user} onDone={reload} onClose={close} />}
    </Page>
  );
}
