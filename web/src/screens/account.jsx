import * as api from '../api.js';
import { useApp } from '../hooks.js';
import { Button } from '../parts/button.jsx';
import { TextField } from '../parts/field.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Pairs } from '../parts/pairs.jsx';
import { Time, statusText } from '../parts/text.jsx';
import { SecondFactor } from './second-factor.jsx';
import { Sessions } from './sessions.jsx';
import { usePasswordForm } from './link.jsx';

function PasswordForm() {
  const { enter, toast, session } = useApp();
  const { field, newPassword, submit, action, clear } = usePasswordForm({ current: '' }, async ({ current, password }) => {
    const { data } = await api.put('session/password', { currentPassword: current, newPassword: password }, { workspaceId: null });
    clear();
    enter(data);
    toast('Password changed. Your other sessions have ended.');
  });
  const wrong = action.error?.code === 'wrong_password';
  return (
    <form class="card narrow" onSubmit={submit}>
      <h2>Change password</h2>
      <input type="email" name="email" autocomplete="username" value={session.user.email} hidden readOnly />
      <TextField label="Current password" type="password" autocomplete="current-password" required {...field('current')}
        error={wrong ? 'The current password is wrong. Type it again.' : ''} />
      {newPassword}
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
      <Pairs class="facts card narrow" pairs={[
        ['E-mail', session.user.email], ['Role', statusText(session.user.role)], !isOperator && ['Workspace', workspace?.name],
        ['Session expires', <Time at={session.expiresAt} />], ['Server', `leadblock ${session.version}`]]} />
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
