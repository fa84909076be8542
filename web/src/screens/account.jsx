import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { useAction, useApp } from '../hooks.js';
import { Button } from '../parts/button.jsx';
import { TextField } from '../parts/field.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Time, statusText } from '../parts/text.jsx';
import { SecondFactor } from './second-factor.jsx';
import { Sessions } from './sessions.jsx';
import { passwordHint, passwordLength } from './link.jsx';

const blank = { current: '', next: '', again: '' };

function PasswordForm() {
  const { enter, toast, session } = useApp();
  const [form, setForm] = useState(blank);
  const [differ, setDiffer] = useState(false);
  const action = useAction(async () => {
    const { data } = await api.put('session/password', { currentPassword: form.current, newPassword: form.next }, { workspaceId: null });
    setForm(blank);
    enter(data);
    toast('Password changed. Your other sessions have ended.');
  });
  const submit = (event) => {
    event.preventDefault();
    const differs = form.next !== form.again;
    setDiffer(differs);
    if (!differs && !action.busy) action.run();
  };
  const field = (name) => ({ value: form[name], onValue: (value) => setForm((old) => ({ ...old, [name]: value })) });
  const wrong = action.error?.code === 'wrong_password';
  return (
    <form class="card narrow" onSubmit={submit}>
      <h2>Change password</h2>
      <input type="email" name="email" autocomplete="username" value={session.user.email} hidden readOnly />
      <TextField label="Current password" type="password" autocomplete="current-password" required {...field('current')}
        error={wrong ? 'The current password is wrong. Type it again.' : ''} />
      <TextField label="New password" type="password" autocomplete="new-password" required minLength={passwordLength} hint={passwordHint} {...field('next')} />
      <TextField label="New password again" type="password" autocomplete="new-password" required {...field('again')}
        error={differ ? 'The two passwords differ. Type the same one twice.' : ''} />
      {action.error && !wrong && <ErrorNotice error={action.error} />}
      <Button type="submit" kind="primary" busy={action.busy}>Change password</Button>
      <p class="hint">All your other sessions end.</p>
    </form>
  );
}

export function Account() {
  const { session, workspace, isOperator, signOut } = useApp();
  return (
    <Page title="Account" actions={<Button icon="signout" onClick={signOut}>Sign out</Button>}>
      <dl class="facts card narrow">
        <div><dt>E-mail</dt><dd>{session.user.email}</dd></div>
        <div><dt>Role</dt><dd>{statusText(session.user.role)}</dd></div>
        {!isOperator && <div><dt>Workspace</dt><dd>{workspace?.name}</dd></div>}
        <div><dt>Session expires</dt><dd><Time at={session.expiresAt} /></dd></div>
        <div><dt>Server</dt><dd>leadblock {session.version}</dd></div>
      </dl>
      <SecondFactor />
      <PasswordForm />
      <section class="recent">
        <h2>Sessions</h2>
        <p class="muted">Where you are signed in. End those that you do not know, and change your password.</p>
        <Sessions path={['sessions']} empty="" />
      </section>
    </Page>
  );
}
