// The second factor: set up on Account or, where the server requires it, right after signing in.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api.js';
import { count } from '../format.js';
import { useAction, useApp, useGet } from '../hooks.js';
import { Button } from '../parts/button.jsx';
import { CopyText } from '../parts/copy.jsx';
import { Dialog, DialogEnd, FormDialog } from '../parts/dialog.jsx';
import { TextField } from '../parts/field.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { QrCode } from '../parts/qr.jsx';
import { Badge, Time } from '../parts/text.jsx';

const path = 'session/second-factor';
const none = { workspaceId: null };
const groups = (secret) => secret.match(/.{4}/g).join(' ');

/** recovery: whether a recovery code will do as well. */
export function CodeField({ value, onValue, error, recovery = true, ...rest }) {
  return (
    <TextField label="Code" name="code" autocomplete="one-time-code" inputMode={recovery ? 'text' : 'numeric'} required value={value} onValue={onValue} error={error}
      hint={recovery ? 'The 6 digits that your authenticator app shows, or one of your recovery codes.' : 'The 6 digits that the app shows now.'} {...rest} />
  );
}

const PasswordField = ({ value, onValue }) => (
  <TextField label="Current password" type="password" autocomplete="current-password" required value={value} onValue={onValue} />
);

/** The secret for the app, and the code that shows that the app has it. onCodes: the answer with recovery codes. */
function Confirm({ made, onCodes, onClose }) {
  const [code, setCode] = useState('');
  const action = useAction(async () => onCodes((await api.put(path, { code }, none)).data));
  return (
    <form onSubmit={action.submit}>
      <p>Scan this with an authenticator app, such as Aegis, Google Authenticator or 1Password, or <a href={made.uri}>open it on this device</a>.</p>
      <QrCode text={made.uri} label="QR code for the authenticator app" />
      <p class="muted">Or type it in: <code class="secret">{groups(made.secret)}</code></p>
      <CodeField value={code} onValue={setCode} recovery={false} />
      <ErrorNotice error={action.error} />
      <div class="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={action.busy}>Turn on</Button>
      </div>
    </form>
  );
}

function Codes({ codes, onDone }) {
  return (
    <>
      <Notice kind="warn"><p>Keep these where you will find them without your phone. Each works once in place of a code. They are shown only now.</p></Notice>
      <CopyText label="Recovery codes" text={codes.join('\n')} what="codes" />
      <DialogEnd label="I have saved them" onClose={onDone} />
    </>
  );
}

function SetUpDialog({ onDone, onClose }) {
  const { enter } = useApp();
  const [password, setPassword] = useState('');
  const [made, setMade] = useState(null);
  const [codes, setCodes] = useState(null);
  const begin = async () => setMade((await api.post(path, { password }, none)).data);
  const confirmed = (data) => {
    setCodes(data.recoveryCodes);
    enter(data);
  };
  if (!made) {
    return (
      <FormDialog title="Set up a second factor" submitLabel="Continue" onSubmit={begin} onClose={onClose}>
        <p>Signing in will take your password and a code from your phone.</p>
        <PasswordField value={password} onValue={setPassword} />
      </FormDialog>
    );
  }
  return (
    <Dialog title={codes ? 'Your recovery codes' : 'Set up a second factor'} onClose={codes ? onDone : onClose}>
      {codes ? <Codes codes={codes} onDone={onDone} /> : <Confirm made={made} onCodes={confirmed} onClose={onClose} />}
    </Dialog>
  );
}

/** What takes the password and a code. */
function ProveDialog({ title, text, submitLabel, onProved, onClose }) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  return (
    <FormDialog title={title} submitLabel={submitLabel} onSubmit={() => onProved({ password, code })} onClose={onClose}>
      <p>{text}</p>
      <PasswordField value={password} onValue={setPassword} />
      <CodeField value={code} onValue={setCode} />
    </FormDialog>
  );
}

function Dialogs({ open, setOpen, reload }) {
  const { toast } = useApp();
  const close = () => setOpen('');
  const done = (message) => {
    close();
    reload();
    if (message) toast(message);
  };
  const turnOff = async (proof) => {
    await api.del(path, proof, none);
    done('The second factor is off.');
  };
  const renew = async (proof) => setOpen((await api.post('session/recovery-codes', proof, none)).data);
  if (open === 'set-up') return <SetUpDialog onDone={() => done('The second factor is on. Your other sessions have ended.')} onClose={close} />;
  if (open === 'off') return <ProveDialog title="Turn off the second factor?" text="Your password alone will be enough to sign in." submitLabel="Turn off" onProved={turnOff} onClose={close} />;
  if (open === 'renew') return <ProveDialog title="New recovery codes?" text="The codes that you have now stop working." submitLabel="Make new codes" onProved={renew} onClose={close} />;
  if (open) return <Dialog title="Your recovery codes" onClose={() => done()}><Codes codes={open.recoveryCodes} onDone={() => done()} /></Dialog>;
  return null;
}

/** The part of Account. */
export function SecondFactor() {
  const [open, setOpen] = useState('');
  const { data: factor, error, reload } = useGet(path, none);
  if (error) return <ErrorNotice error={error} onRetry={reload} />;
  return (
    <section class="card narrow">
      <h2>Second factor {factor?.on && <Badge kind="ok">On</Badge>}</h2>
      {factor && (factor.on
        ? <p>Signing in takes a code of your authenticator app, since <Time at={factor.since} dateOnly />. {count(factor.recoveryCodesLeft, 'recovery code')} left.</p>
        : <p class="muted">A code from your phone, in addition to the password. Who learns your password cannot sign in with it alone.</p>)}
      {factor && !factor.on && <Button onClick={() => setOpen('set-up')}>Set up</Button>}
      {factor?.on && (
        <div class="button-row">
          <Button onClick={() => setOpen('renew')}>New recovery codes</Button>
          {!factor.required && <Button onClick={() => setOpen('off')}>Turn off</Button>}
        </div>
      )}
      <Dialogs open={open} setOpen={setOpen} reload={reload} />
    </section>
  );
}

/** The only screen of a session that has to set it up first. */
export function MustEnrol({ onSession, onLeave }) {
  const [answer, setAnswer] = useState(null);
  const [made, setMade] = useState(null);
  const begin = useAction(async () => setMade((await api.post(path, {}, none)).data));
  useEffect(() => begin.run(), []);
  const leave = async () => {
    await api.del('session', undefined, none).catch(() => {});
    onLeave();
  };
  return (
    <Page title={answer ? 'Your recovery codes' : 'Set up a second factor'} takeFocus={false}>
      {!answer && <p>This server asks for a code from your phone as well as your password.</p>}
      <ErrorNotice error={begin.error} onRetry={() => begin.run()} />
      {answer && <Codes codes={answer.recoveryCodes} onDone={() => onSession(answer)} />}
      {made && !answer && <Confirm made={made} onCodes={setAnswer} onClose={leave} />}
    </Page>
  );
}
