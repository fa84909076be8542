// The frame around every screen: navigation, workspace, and the menu of the account.
import { useEffect, useState } from 'preact/hooks';
import { date, isPast } from '../format.js';
import { useApp } from '../hooks.js';
import { href } from '../router.js';
import { parentOf, screenNames } from '../screens.js';
import { Button } from './button.jsx';
import { Dialog } from './dialog.jsx';
import { SelectField } from './field.jsx';
import { Icon, Mark } from './icon.jsx';
import { Menu } from './menu.jsx';
import { Notice } from './notice.jsx';
import { statusText } from './text.jsx';

const groups = [
  { label: 'Leads', names: ['check', 'blocklist', 'add', 'campaigns'] },
  { label: 'Workspace', names: ['overview', 'audit', 'keys', 'hooks', 'api'] },
  { label: 'Installation', names: ['installation', 'workspaces', 'people'] },
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

function ThemeChoice() {
  const { theme, setTheme } = useApp();
  return (
    <div class="theme-choice" role="group" aria-label="Theme">
      <Icon name="theme" size={18} />
      {themes.map(({ value, label }) => <Button key={value} kind="quiet" aria-pressed={theme === value} onClick={() => setTheme(value)}>{label}</Button>)}
    </div>
  );
}

function AccountItems({ onGo }) {
  const { route, showHelp, signOut } = useApp();
  return (
    <>
      <a class="button quiet" href={href('account')} onClick={onGo} aria-current={route.name === 'account' ? 'page' : undefined}><Icon name="account" size={18} /><span>Account</span></a>
      <Button kind="quiet" icon="help" onClick={() => { onGo?.(); showHelp(); }}>Shortcuts</Button>
      <Button kind="quiet" icon="signout" onClick={signOut}>Sign out</Button>
      <ThemeChoice />
    </>
  );
}

/** Who is signed in; on a phone, whose menu is open already, with all that can be done. */
function Foot({ onGo, isOpen }) {
  const { session } = useApp();
  const { email, role } = session.user;
  const who = <><Icon name="account" /><span class="who-text"><span>{email}</span><span class="muted">{statusText(role)}</span></span></>;
  if (isOpen) return <div class="side-foot"><p class="who">{who}</p><AccountItems onGo={onGo} /></div>;
  return (
    <div class="side-foot">
      <Menu label="Account" class="account-menu" trigger={(props) => <button type="button" class="who" {...props}>{who}</button>}><AccountItems /></Menu>
    </div>
  );
}

function Side({ onGo }) {
  const { route } = useApp();
  const current = parentOf(route.name);
  return (
    <>
      <WorkspaceChoice />
      {!onGo && <PaletteButton class="go-to">Go to… <kbd>{isApple ? '⌘' : 'Ctrl'} K</kbd></PaletteButton>}
      <nav class="side-nav" aria-label="Main">
        {groups.map((group) => <NavGroup key={group.label} group={group} current={current} onGo={onGo} />)}
      </nav>
      <Foot onGo={onGo} isOpen={Boolean(onGo)} />
    </>
  );
}

function Brand() {
  return <a class="brand" href={href('check')}><Mark /><span>leadblock</span></a>;
}

function PaletteButton({ children, ...rest }) {
  const { showPalette } = useApp();
  return <Button kind="quiet" icon="check" aria-haspopup="dialog" onClick={showPalette} {...rest}>{children}</Button>;
}

function TopBar() {
  const [open, setOpen] = useState(false);
  const { workspace } = useApp();
  const close = () => setOpen(false);
  return (
    <header class="top-bar">
      <Brand />
      <span class="top-workspace">{workspace?.name}</span>
      <PaletteButton aria-label="Go to" />
      <Button kind="quiet" icon="menu" aria-label="Menu" aria-haspopup="dialog" aria-expanded={open} onClick={() => setOpen(true)} />
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

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

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
