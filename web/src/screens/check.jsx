// The start page: one box, any spelling, a clear answer.
import { useEffect, useRef, useState } from 'preact/hooks';
import { number } from '../format.js';
import { useAction, useApp, useLoad } from '../hooks.js';
import { block, campaignList, unblock, undo, undoneText, whereBlocked, workspaceList } from '../lists.js';
import { href, setQuery } from '../router.js';
import { Button } from '../parts/button.jsx';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { TextField } from '../parts/field.jsx';
import { ErrorNotice, Notice, errorText } from '../parts/notice.jsx';
import { Icon } from '../parts/icon.jsx';
import { Page } from '../parts/page.jsx';
import { By, ProfileLink, Time, scopeText } from '../parts/text.jsx';

const listOf = (entry) => (entry.scope === 'workspace' ? workspaceList : campaignList(entry.campaignId));
const keyOf = (entry) => `${entry.scope}/${entry.campaignId}`;

function BlockItem({ entry, canWrite, onUnblock }) {
  return (
    <li class="block-item">
      <div>
        <p class="block-scope">{entry.scope === 'campaign' ? <a href={href('campaign', [entry.campaignId])}>{scopeText(entry)}</a> : 'Whole workspace'}</p>
        <p>{entry.reason ?? <span class="muted">No reason given</span>}</p>
        <p class="muted"><Time at={entry.createdAt} /> · <By by={entry.by} /></p>
      </div>
      {canWrite && <Button onClick={onUnblock} aria-label={`Unblock in ${entry.scope === 'workspace' ? 'the workspace' : scopeText(entry)}`}>Unblock</Button>}
    </li>
  );
}

function BlockForm({ verdict, onDone }) {
  const app = useApp();
  const [reason, setReason] = useState('');
  const action = useAction(async () => {
    const { changeId } = await block(workspaceList, [verdict.publicIdentifier], { reason: reason.trim() });
    onDone();
    app.toast(`${verdict.publicIdentifier} is blocked.`, { action: undoOf(changeId, app, onDone) });
  });
  const submit = (event) => {
    event.preventDefault();
    if (!action.busy) action.run();
  };
  return (
    <form class="block-form" onSubmit={submit}>
      <TextField label="Reason (optional)" value={reason} onValue={setReason} maxLength={500} />
      <Button type="submit" kind="danger" icon="blocklist" busy={action.busy}>{verdict.blocked ? 'Block in the whole workspace' : 'Block'}</Button>
      {action.error && <ErrorNotice error={action.error} />}
    </form>
  );
}

/** The message may outlive the choice of the workspace. */
function undoOf(changeId, { workspace, toast }, onDone) {
  if (!changeId) return undefined;
  const run = async () => {
    const { data } = await undo(changeId, { workspaceId: workspace.id });
    toast(undoneText(data));
    onDone();
  };
  return { label: 'Undo', run };
}

function UnblockDialog({ verdict, entry, onDone, onClose }) {
  const app = useApp();
  const confirm = async () => {
    const { changeId } = await unblock(listOf(entry), [{ id: entry.id, publicIdentifier: verdict.publicIdentifier }]);
    onDone();
    app.toast(`${verdict.publicIdentifier} is unblocked.`, { action: undoOf(changeId, app, onDone) });
  };
  return (
    <ConfirmDialog title={`Unblock ${verdict.publicIdentifier}?`} confirmLabel="Unblock" onConfirm={confirm} onClose={onClose}>
      <p>{entry.scope === 'workspace' ? 'Campaigns of this workspace may then contact this person.' : `${scopeText(entry)} may then contact this person.`}</p>
    </ConfirmDialog>
  );
}

function Verdict({ verdict, onDone }) {
  const { canWrite } = useApp();
  const [unblocking, setUnblocking] = useState(null);
  const { blocked, blocks = [], blocksTotal = blocks.length } = verdict;
  const inWorkspace = blocks.some((entry) => entry.scope === 'workspace');
  return (
    <section class={`verdict ${blocked ? 'is-blocked' : 'is-free'}`}>
      <div class="verdict-head">
        <Icon name={blocked ? 'blocklist' : 'done'} size={36} />
        <div>
          <h2>{blocked ? 'Blocked' : 'Not blocked'}</h2>
          <ProfileLink id={verdict.publicIdentifier} />
        </div>
      </div>
      {blocked && (
        <ul class="block-items">
          {blocks.map((entry) => <BlockItem key={keyOf(entry)} entry={entry} canWrite={canWrite} onUnblock={() => setUnblocking(entry)} />)}
        </ul>
      )}
      {blocksTotal > blocks.length && <p class="muted">and in {number(blocksTotal - blocks.length)} more campaigns</p>}
      {canWrite && !inWorkspace && <BlockForm key={verdict.publicIdentifier} verdict={verdict} onDone={onDone} />}
      {unblocking && <UnblockDialog verdict={verdict} entry={unblocking} onDone={onDone} onClose={() => setUnblocking(null)} />}
    </section>
  );
}

const announcement = (verdict) => (
  `${verdict.publicIdentifier}: ${verdict.blocked ? `blocked in ${verdict.blocks.map(scopeText).join(', ')}` : 'not blocked'}`);

/** A reason of the server says something about the text: “is an e-mail address; …”. */
function problemText(error) {
  const [bad] = error.errors ?? [];
  return error.code === 'invalid_identifier' && bad ? `It ${bad.reason}.` : errorText(error);
}

function Result({ asked, verdict, error, loading, onDone }) {
  if (!asked) return <p class="check-hint muted">Paste a name such as <code>john-doe</code> or the URL of a profile. Checking changes nothing.</p>;
  if (error?.code === 'invalid_identifier') return <Notice kind="warn" title="This is not a LinkedIn profile"><p>{problemText(error)}</p></Notice>;
  if (error) return <ErrorNotice error={error} onRetry={onDone} />;
  if (!verdict) return <div class="verdict placeholder" />;
  return <div class={loading ? 'stale' : ''}><Verdict verdict={verdict} onDone={onDone} /></div>;
}

function statusText({ asked, verdict, error, loading }) {
  if (!asked) return '';
  if (loading) return 'Checking…';
  if (error) return problemText(error);
  return verdict ? announcement(verdict) : '';
}

export function Check({ route }) {
  const asked = route.query.q ?? '';
  const [text, setText] = useState(asked);
  const box = useRef(null);
  const { data, error, loading, reload } = useLoad(async (signal) => (asked ? { asked, ...(await whereBlocked(asked, { signal })).data } : null), [asked]);
  useEffect(() => box.current.focus(), []);
  useEffect(() => setText(asked), [asked]);
  useEffect(() => {
    // What had the focus may be gone with the old verdict.
    if (document.activeElement === document.body) box.current.focus();
  }, [data]);
  const ask = (value) => {
    const wanted = value.trim();
    if (wanted === asked && wanted) reload();
    else setQuery({ q: wanted }, { replace: true });
  };
  const submit = (event) => {
    event.preventDefault();
    ask(text);
  };
  const verdict = data?.asked === asked ? data : null;
  const state = { asked, verdict, error: loading ? null : error, loading };
  return (
    <Page title="Check" lead="May this person be contacted?" takeFocus={false}>
      <form class="check-box" role="search" onSubmit={submit}>
        <label for="check-input">Name or URL of a LinkedIn profile</label>
        <div class="check-row">
          <input id="check-input" type="search" ref={box} value={text} autocomplete="off" autocapitalize="off" spellcheck={false} placeholder="linkedin.com/in/john-doe"
            onInput={(event) => setText(event.currentTarget.value)} onPaste={() => setTimeout(() => ask(box.current.value))} />
          <Button type="submit" kind="primary" busy={loading && Boolean(asked)}>Check</Button>
        </div>
      </form>
      <p role="status" class="hidden">{statusText(state)}</p>
      <Result {...state} onDone={reload} />
    </Page>
  );
}
