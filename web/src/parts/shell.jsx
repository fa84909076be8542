// The frame around every screen: navigation, workspace, theme, sign-out.
import { useEffect, useState } from 'preact/hooks';
import { date, isPast } from '../format.js';
import { useApp } from '../hooks.js';
import { href } from '../router.js';
import { parentOf, screenNames } from '../screens.js';
import { Button } from './button.jsx';
import { Dialog } from './dialog.jsx';
import { SelectField } from './field.jsx';
import { Icon, Mark } from './icon.jsx';
import { Notice } from './notice.jsx';

const groups = [
  { label: 'Leads', names: ['check', 'blocklist', 'add', 'campaigns'] },
  { label: 'Workspace', names: ['overview', 'audit', 'keys', 'hooks', 'api'] },
  { label: 'Installation', names: ['workspaces', 'people'] },
];
const themes = [
  { value: 'auto', label: 'System' }, { value: 'light', label: 'Light' }, { value: 'dark', label: 'Dark' },
];

function NavGroup({ group, current, onGo }) {
  const { allowed } = useApp();
  const names = group.names.filter((name) => allowed.includes(name));
  if (names.length === 0) return null;
  return (
    <>
      <p class="nav-label" id={`nav-${group.label}`}>{group.label}</p>
      <ul aria-labelledby={`nav-${group.label}`}>
        {names.map((name) => (
          <li key={name}>
            <a href={href(name)} aria-current={name === current ? 'page' : undefined} onClick={onGo}>
              <Icon name={name} /><span>{screenNames[name]}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function WorkspaceChoice() {
  const { isOperator, workspace, workspaces, chooseWorkspace } = useApp();
  if (isOperator && workspaces?.length > 0) {
    return (
      <SelectField label="Workspace" value={workspace?.id ?? ''} onValue={chooseWorkspace} frame="workspace-choice"
        options={workspaces.map(({ id, name }) => ({ value: id, label: name }))} />
    );
  }
  if (!workspace) return null;
  return <p class="workspace-name"><span class="muted">Workspace</span><br />{workspace.name}</p>;
}

function Foot({ onGo }) {
  const { session, route, theme, setTheme, showHelp, signOut } = useApp();
  const { email, role } = session.user;
  return (
    <div class="side-foot">
      <SelectField label="Theme" value={theme} onValue={setTheme} options={themes} />
      <a class="who" href={href('account')} onClick={onGo} aria-current={route.name === 'account' ? 'page' : undefined}>
        <Icon name="account" />
        <span class="who-text"><span>{email}</span><span class="muted">{role[0].toUpperCase() + role.slice(1)} · Account</span></span>
      </a>
      <div class="foot-row">
        <Button kind="quiet" icon="help" onClick={() => { onGo?.(); showHelp(); }}>Shortcuts</Button>
        <Button kind="quiet" icon="signout" onClick={signOut}>Sign out</Button>
      </div>
    </div>
  );
}

function Side({ onGo }) {
  const { route } = useApp();
  const current = parentOf(route.name);
  return (
    <>
      <WorkspaceChoice />
      <nav class="side-nav" aria-label="Main">
        {groups.map((group) => <NavGroup key={group.label} group={group} current={current} onGo={onGo} />)}
      </nav>
      <Foot onGo={onGo} />
    </>
  );
}

function Brand() {
  return <a class="brand" href={href('check')}><Mark /><span>leadblock</span></a>;
}

function TopBar() {
  const [open, setOpen] = useState(false);
  const { workspace } = useApp();
  const close = () => setOpen(false);
  return (
    <header class="top-bar">
      <Brand />
      <span class="top-workspace">{workspace?.name}</span>
      <Button icon="menu" aria-haspopup="dialog" aria-expanded={open} onClick={() => setOpen(true)}>Menu</Button>
      {open && <Dialog title="Menu" class="drawer" onClose={close}><Side onGo={close} /></Dialog>}
    </header>
  );
}

function LicenseNotice() {
  const { workspace, isOperator } = useApp();
  if (!workspace || !isPast(workspace.expiresAt)) return null;
  return (
    <Notice kind="warn" title={`The license of ${workspace.name} expired on ${date(workspace.expiresAt)}.`}>
      <p>Workspace blocks and checks continue to work. Blocking in a campaign does not.{' '}
        {isOperator ? <a href={href('workspaces')}>Extend the license</a> : 'Ask an operator to extend it.'}</p>
    </Notice>
  );
}

const wide = matchMedia('(min-width: 60rem)');

function useWide() {
  const [matches, setMatches] = useState(wide.matches);
  useEffect(() => {
    const follow = () => setMatches(wide.matches);
    wide.addEventListener('change', follow);
    return () => wide.removeEventListener('change', follow);
  }, []);
  return matches;
}

function skip(event) {
  event.preventDefault();
  document.querySelector('h1')?.focus();
}

export function Shell({ children }) {
  const isWide = useWide();
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={skip}>Skip to the content</a>
      {isWide ? <header class="side"><Brand /><Side /></header> : <TopBar />}
      <main id="main">
        <LicenseNotice />
        {children}
      </main>
    </div>
  );
}

/** The frame of the screens before sign-in. */
export function PlainShell({ children }) {
  return (
    <main class="plain-shell">
      <div class="plain-card">
        <p class="brand"><Mark size={36} /><span>leadblock</span></p>
        {children}
      </div>
    </main>
  );
}
