// One-time links: the first operator sets up the installation, anyone else sets a password.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { useAction, useLoad } from '../hooks.js';
import { go, href } from '../router.js';
import { Button } from '../parts/button.jsx';
import { TextField } from '../parts/field.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Time } from '../parts/text.jsx';
import { CodeField } from './second-factor.jsx';

const passwordLength = 12;
const passwordHint = `At least ${passwordLength} characters. Several words that only you would put together are easy to remember and hard to guess.`;

/** A form with a new password, typed twice. blank: its other fields. {field, newPassword: the two fields, submit, action, clear} */
export function usePasswordForm(blank, send) {
  const empty = { ...blank, password: '', again: '' };
  const [form, setForm] = useState(empty);
  const [differ, setDiffer] = useState(false);
  const action = useAction(() => send(form));
  const submit = (event) => {
    const differs = form.password !== form.again;
    setDiffer(differs);
    if (differs) event.preventDefault();
    else action.submit(event);
  };
  const field = (name) => ({ value: form[name], onValue: (value) => setForm((old) => ({ ...old, [name]: value })) });
  const newPassword = (
    <>
      <TextField label="New password" type="password" autocomplete="new-password" required minLength={passwordLength} hint={passwordHint} {...field('password')} />
      <TextField label="New password again" type="password" autocomplete="new-password" required {...field('again')}
        error={differ ? 'The two passwords differ. Type the same one twice.' : ''} />
    </>
  );
  return { field, newPassword, submit, action, clear: () => setForm(empty) };
}

function Ended() {
  return (
    <Page title="This link is no longer valid">
      <Notice kind="warn"><p>It has been used or revoked, its time is over, or it was not copied completely.</p></Notice>
      <p>If you have chosen a password, <a href={href('check')}>sign in</a> with it. Otherwise ask for a new link. Operators make one under Users, or with a command on the server:</p>
      <ul>
        <li>first operator: <code>leadblock user create EMAIL --role operator</code></li>
        <li>new password: <code>leadblock user reset-password EMAIL</code></li>
      </ul>
    </Page>
  );
}

function LinkForm({ token, link, onSession }) {
  const { field, newPassword, submit, action } = usePasswordForm({ email: '', code: '' }, async (form) => {
    const more = { ...(link.purpose === 'set-up' && { email: form.email.trim() }), ...(link.secondFactor && { code: form.code }) };
    const { data } = await api.post('session/from-link', { token, password: form.password, ...more }, { quiet: true, workspaceId: null });
    onSession(data);
    go(href('check'), { replace: true });
  });
  const isSetUp = link.purpose === 'set-up';
  return (
    <Page title={isSetUp ? 'Set up leadblock' : 'Choose a password'} takeFocus={false}>
      {isSetUp
        ? <p>You become the first operator of this installation. Operators see all workspaces and can add users.</p>
        : <p>You sign in as <strong>{link.email}</strong> with it. A password that you had before stops working.</p>}
      <ErrorNotice error={action.error} />
      <form onSubmit={submit}>
        {isSetUp && <TextField label="Your e-mail" type="email" name="email" autocomplete="username" required autofocus {...field('email')} />}
        {!isSetUp && <input type="email" name="email" autocomplete="username" value={link.email} hidden readOnly />}
        {newPassword}
        {link.secondFactor && <CodeField {...field('code')} />}
        <Button type="submit" kind="primary" class="wide-button" busy={action.busy}>{isSetUp ? 'Create the account' : 'Set the password'}</Button>
      </form>
      <p class="hint">This link is valid until <Time at={link.expiresAt} />.</p>
    </Page>
  );
}

export function Link({ token, onSession }) {
  const { data: link, error, reload } = useLoad(async (signal) => (
    (await api.post('session/link', { token }, { signal, quiet: true, workspaceId: null })).data), [token]);
  if (error?.code === 'invalid_link') return <Ended />;
  if (error) return <Page title="Link"><ErrorNotice error={error} onRetry={reload} /></Page>;
  if (!link) return <p role="status">Checking the link…</p>;
  return <LinkForm token={token} link={link} onSession={onSession} />;
}
