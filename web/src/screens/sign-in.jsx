import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { useAction } from '../hooks.js';
import { Button } from '../parts/button.jsx';
import { TextField } from '../parts/field.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { CodeField } from './second-factor.jsx';

const wrongText = 'E-mail or password is wrong. Check both and try again, or ask an operator for a new password link.';

/** Error texts for sign-in that tell a user more than the server's. */
function wordsFor(error) {
  return error?.code === 'invalid_credentials' ? { ...error, message: wrongText } : error;
}

/** The second step, when the password was right. */
function CodeStep({ email, action, onCode, onBack }) {
  const [code, setCode] = useState('');
  const submit = (event) => {
    event.preventDefault();
    if (!action.busy) onCode(code);
  };
  return (
    <Page title="Enter a code" takeFocus={false}>
      <p>For <strong>{email}</strong>.</p>
      {action.error?.code !== 'second_factor_required' && <ErrorNotice error={wordsFor(action.error)} />}
      <form onSubmit={submit}>
        <CodeField value={code} onValue={setCode} autofocus inputRef={(box) => box && !code && box.focus()} />
        <Button type="submit" kind="primary" class="wide-button" busy={action.busy}>Sign in</Button>
      </form>
      <p class="hint">Lost your phone and your recovery codes? An operator can reset the second factor under Users, or run <code>leadblock user reset-factor EMAIL</code> on the server.</p>
      <Button kind="quiet" onClick={onBack}>Back</Button>
    </Page>
  );
}

export function SignIn({ message, onSession }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [asksCode, setAsksCode] = useState(false);
  const box = useRef(null);
  // The attribute works for the first page only, not after signing out.
  useLayoutEffect(() => box.current?.focus(), [asksCode]);
  const action = useAction(async (code) => {
    try {
      onSession((await api.post('session', { email: email.trim(), password, code }, { quiet: true, workspaceId: null })).data);
    } catch (error) {
      if (error.code === 'second_factor_required') setAsksCode(true);
      else if (error.code === 'invalid_credentials') setAsksCode(false);
      throw error;
    }
  });
  const back = () => {
    setPassword('');
    setAsksCode(false);
    action.clear();
  };
  if (asksCode) return <CodeStep email={email.trim()} action={action} onCode={action.run} onBack={back} />;
  return (
    <Page title="Sign in" takeFocus={false}>
      {message && !action.error && <div role="status"><Notice><p>{message}</p></Notice></div>}
      <ErrorNotice error={wordsFor(action.error)} />
      <form onSubmit={action.submit}>
        <TextField label="E-mail" type="email" name="email" autocomplete="username" required inputRef={box} value={email} onValue={setEmail} />
        <TextField label="Password" type="password" name="password" autocomplete="current-password" required value={password} onValue={setPassword} />
        <Button type="submit" kind="primary" class="wide-button" busy={action.busy}>Sign in</Button>
      </form>
      <p class="hint">Forgot your password? An operator can send you a new link, or run <code>leadblock user reset-password EMAIL</code> on the server.</p>
    </Page>
  );
}
