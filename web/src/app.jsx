// Who is signed in, which workspace is meant, which screen is shown.
// The order of the imports is that of the bundle: found by trying, it makes the bundle 800 bytes smaller for gzip than
// the order of the alphabet, as like parts stand within its window of 32 kB.
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { SignIn } from './screens/sign-in.jsx';
import { forgetImport } from './import-job.js';
import { PlainShell, Shell } from './parts/shell.jsx';
import { LeadsImport } from './screens/leads-import.jsx';
import { Empty, ErrorNotice } from './parts/notice.jsx';
import { follow } from './live.js';
import { Palette } from './parts/palette.jsx';
import { Page } from './parts/page.jsx';
import * as api from './api.js';
import { Skeleton } from './parts/skeleton.jsx';
import { MustEnrol } from './screens/second-factor.jsx';
import { Add } from './screens/add.jsx';
import { Change } from './screens/change.jsx';
import { Audit } from './screens/audit.jsx';
import { needsWorkspace, parentOf, screensOf } from './screens.js';
import { applyTheme, recall, remember } from './settings.js';
import { Import } from './screens/import.jsx';
import { Blocklist } from './screens/blocklist.jsx';
import { Installation } from './screens/installation.jsx';
import { Name } from './screens/name.jsx';
import { Overview } from './screens/overview.jsx';
import { AppContext } from './hooks.js';
import { Hook } from './screens/hook.jsx';
import { Api } from './screens/api.jsx';
import { People } from './screens/people.jsx';
import { href, go, useRoute } from './router.js';
import { Campaign } from './screens/campaign.jsx';
import { useShortcuts } from './shortcuts.js';
import { Keys } from './screens/keys.jsx';
import { Campaigns } from './screens/campaigns.jsx';
import { Workspaces } from './screens/workspaces.jsx';
import { Hooks } from './screens/hooks.jsx';
import { Check } from './screens/check.jsx';
import { Toasts, useToasts } from './parts/toast.jsx';
import { Account } from './screens/account.jsx';
import { LinkButton } from './parts/button.jsx';
import { SetUp } from './screens/set-up.jsx';
import { Link } from './screens/link.jsx';
import { HelpDialog } from './parts/help.jsx';
import { Person } from './screens/person.jsx';

const screens = {
  check: Check, blocklist: Blocklist, add: Add, campaigns: Campaigns, campaign: Campaign, overview: Overview, audit: Audit, keys: Keys, hooks: Hooks, hook: Hook, api: Api,
  'add-leads': LeadsImport, name: Name, person: Person, change: Change, import: Import, installation: Installation, workspaces: Workspaces, people: People, account: Account,
};

const endedText = 'Your session has ended. Sign in again to continue where you were.';

/** {state: 'loading'|'new' (no user exists)|'in'|'out'|'failed', session, message, error} */
function useSignedIn() {
  const [status, setStatus] = useState({ state: 'loading' });
  const enter = useCallback((session) => {
    api.setSession(session);
    setStatus({ state: 'in', session: { ...session, publicUrl: api.fromHere(session.publicUrl) } });
  }, []);
  const leave = useCallback((message = '') => {
    api.setSession(null);
    setStatus({ state: 'out', message });
  }, []);
  const load = useCallback(async ({ quietly = false } = {}) => {
    if (!quietly) setStatus({ state: 'loading' });
    try {
      enter((await api.get('session', { quiet: true })).data);
    } catch (error) {
      if (error.code === 'not_set_up') setStatus({ state: 'new' });
      else if (error.status === 401) leave(error.code === 'invalid_session' ? endedText : '');
      else if (!quietly) setStatus({ state: 'failed', error });
    }
  }, []);
  useEffect(() => {
    api.onSignedOut(() => leave(endedText));
    load();
  }, []);
  return { ...status, enter, leave, load };
}

/** The workspaces that an operator may choose from, and the one that is meant. */
function useWorkspaceChoice(session) {
  const [workspaces, setWorkspaces] = useState(null);
  const [error, setError] = useState(null);
  const [chosen, setChosen] = useState(recall('workspace'));
  const isOperator = session?.user.role === 'operator';
  const reload = useCallback(async () => {
    try {
      setError(null);
      setWorkspaces((await api.get('workspaces')).data);
    } catch (failure) {
      setError(failure);
    }
  }, []);
  useEffect(() => {
    setWorkspaces(null);
    if (isOperator) reload();
  }, [session?.user.id, isOperator]);
  const choose = (id) => {
    remember('workspace', id);
    setChosen(id);
  };
  const workspace = isOperator ? workspaces?.find(({ id }) => id === chosen) ?? workspaces?.[0] ?? null : session?.workspace ?? null;
  // Before the screens render: their first requests must carry it.
  api.setWorkspace(isOperator ? workspace?.id ?? null : null);
  return { workspaces, workspace, choose, reload, error, ready: !isOperator || workspaces !== null };
}

function useTheme() {
  const [theme, setTheme] = useState(recall('theme') ?? 'auto');
  useEffect(() => applyTheme(theme), [theme]);
  const choose = (value) => {
    remember('theme', value);
    setTheme(value);
  };
  return [theme, choose];
}

function NoWorkspace() {
  return (
    <Page title="Welcome">
      <Empty title="There are no workspaces yet">
        <p>A workspace holds the blocklists, campaigns and API keys of one team or client.</p>
        <LinkButton kind="primary" href={href('workspaces', [], { create: '1' })}>Create the first workspace</LinkButton>
      </Empty>
    </Page>
  );
}

function NotFound() {
  return (
    <Page title="Page not found">
      <p>This page does not exist, or your role has no access to it. <a href={href('check')}>Go to Check</a></p>
    </Page>
  );
}

function Screen({ choice, route, allowed, session }) {
  if (!choice.ready) return choice.error ? <ErrorNotice error={choice.error} onRetry={choice.reload} /> : <Skeleton />;
  const Chosen = screens[route.name];
  if (!Chosen || !allowed.includes(parentOf(route.name))) return <NotFound key={route.name} />;
  if (needsWorkspace(route.name) && !choice.workspace) return <NoWorkspace />;
  // Another workspace, user, campaign or person is another screen: nothing of the old one may remain.
  const key = [session.user.id, choice.workspace?.id, route.name, ...route.args].join('/');
  return <Chosen key={key} route={route} />;
}

function SignedIn({ session, enter, leave, route, theme, setTheme }) {
  const choice = useWorkspaceChoice(session);
  const { toasts, show, close } = useToasts();
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(false);
  const [shortcuts, setShortcuts] = useState(recall('shortcuts') !== 'off');
  const { role } = session.user;
  const allowed = useMemo(() => screensOf(role), [role]);
  const showHelp = useCallback(() => setHelp(true), []);
  const showPalette = useCallback(() => setPalette(true), []);
  useShortcuts({ enabled: shortcuts, allowed, onHelp: showHelp, onPalette: showPalette });
  const enableShortcuts = (on) => {
    remember('shortcuts', on ? 'on' : 'off');
    setShortcuts(on);
  };
  useEffect(() => (choice.workspace ? follow(role === 'operator' ? choice.workspace.id : null) : undefined), [choice.workspace?.id]);
  const signOut = async () => {
    try {
      await api.del('session');
      forgetImport();
      go(href('check'));
      leave('You are signed out.');
    } catch (error) {
      if (error.status !== 401) show(error.message);
    }
  };
  const value = {
    session, route, allowed, theme, setTheme, showHelp, showPalette, signOut, enter,
    isOperator: role === 'operator', canWrite: role !== 'viewer',
    workspace: choice.workspace, workspaces: choice.workspaces, chooseWorkspace: choice.choose, reloadWorkspaces: choice.reload,
    toast: show,
  };
  return (
    <AppContext.Provider value={value}>
      <Shell><Screen choice={choice} route={route} allowed={allowed} session={session} /></Shell>
      <Toasts toasts={toasts} onClose={close} />
      {palette && <Palette onClose={() => setPalette(false)} />}
      {help && <HelpDialog allowed={allowed} enabled={shortcuts} onEnabled={enableShortcuts} onClose={() => setHelp(false)} />}
    </AppContext.Provider>
  );
}

export function App() {
  const route = useRoute();
  const status = useSignedIn();
  const [theme, setTheme] = useTheme();
  if (route.name === 'link') {
    return <PlainShell><Link key={route.args[0]} token={route.args[0] ?? ''} onSession={status.enter} /></PlainShell>;
  }
  if (status.state === 'in' && status.session.mustEnrol) return <PlainShell><MustEnrol onSession={status.enter} onLeave={status.leave} /></PlainShell>;
  if (status.state === 'in') return <SignedIn {...status} route={route} theme={theme} setTheme={setTheme} />;
  if (status.state === 'new') return <PlainShell><SetUp onLook={() => status.load({ quietly: true })} /></PlainShell>;
  if (status.state === 'out') return <PlainShell><SignIn message={status.message} onSession={status.enter} /></PlainShell>;
  return (
    <PlainShell>
      {status.state === 'failed' ? <><h1>No connection</h1><ErrorNotice error={status.error} onRetry={() => status.load()} /></> : <p role="status">Loading…</p>}
    </PlainShell>
  );
}
