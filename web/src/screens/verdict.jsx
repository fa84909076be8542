// Whether a person is blocked: where, why, since when and by whom, with what can be done about it.
import { useState } from 'preact/hooks';
import { number } from '../format.js';
import { useAction, useApp } from '../hooks.js';
import { block, campaignList, unblock, undo, undoneText, workspaceList } from '../lists.js';
import { href } from '../router.js';
import { Button } from '../parts/button.jsx';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { TextField } from '../parts/field.jsx';
import { ListChoice, listName } from '../parts/list-choice.jsx';
import { Folded } from '../parts/folded.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Icon } from '../parts/icon.jsx';
import { By, Lead, Time, scopeText } from '../parts/text.jsx';

const listOf = (entry) => (entry.scope === 'workspace' ? workspaceList : campaignList(entry.campaignId));
const keyOf = (entry) => `${entry.scope}/${entry.campaignId}`;

function BlockItem({ entry, canWrite, onUnblock }) {
  return (
    <li class="block-item">
      <div>
        <p class="block-scope">{entry.scope === 'campaign' ? <a href={href('campaign', [entry.campaignId])}>{scopeText(entry)}</a> : entry.scope === 'installation' ? 'Every workspace' : 'Whole workspace'}</p>
        <p>{entry.reason ?? <span class="muted">{entry.scope === 'installation' ? 'Blocked by the operators of this server, who do not say why' : 'No reason given'}</span>}</p>
        <p class="muted"><Time at={entry.createdAt} /> · <By by={entry.by} /></p>
      </div>
      {canWrite && entry.scope !== 'installation' && <Button onClick={onUnblock} aria-label={`Unblock in ${entry.scope === 'workspace' ? 'the workspace' : scopeText(entry)}`}>Unblock</Button>}
    </li>
  );
}

/** campaigns: with them, the list can be chosen. */
function BlockForm({ verdict, campaigns, first = workspaceList, onDone }) {
  const app = useApp();
  const [reason, setReason] = useState('');
  const [list, setList] = useState(first);
  const action = useAction(async () => {
    const { changeId } = await block(list, [verdict.publicIdentifier], { reason: reason.trim() });
    onDone();
    const where = list === workspaceList ? '' : ` in ${listName(list, campaigns)}`;
    app.toast(`${verdict.publicIdentifier} is blocked${where}.`, { action: undoOf(changeId, app, onDone) });
  });
  const submit = (event) => {
    event.preventDefault();
    if (!action.busy) action.run();
  };
  return (
    <form class="block-form" onSubmit={submit}>
      {campaigns && <ListChoice label="Block in" list={list} campaigns={campaigns} onList={setList} />}
      <TextField label="Reason (optional)" value={reason} onValue={setReason} maxLength={500} />
      <Button type="submit" kind="danger" icon="blocklist" busy={action.busy}>{verdict.blocked && list === workspaceList ? 'Block in the whole workspace' : 'Block'}</Button>
      {action.error && <ErrorNotice error={action.error} />}
    </form>
  );
}

/** The message may outlive the choice of the workspace. */
function undoOf(changeId, { toast, workspace }, onDone) {
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

/** named: shows whom it is about. campaigns: the form can block in one of them, too. list: the one that it was asked for. */
export function Verdict({ verdict, onDone, named = false, campaigns, list = workspaceList }) {
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
          {list !== workspaceList && <p class="muted">in {listName(list, campaigns)}</p>}
          {named && <Lead id={verdict.publicIdentifier} />}
        </div>
      </div>
      {blocked && (
        <Folded items={blocks} first={5} more="lists">{(shown) => (
          <ul class="block-items">
            {shown.map((entry) => <BlockItem key={keyOf(entry)} entry={entry} canWrite={canWrite} onUnblock={() => setUnblocking(entry)} />)}
          </ul>
        )}</Folded>
      )}
      {blocksTotal > blocks.length && <p class="muted">and in {number(blocksTotal - blocks.length)} more campaigns</p>}
      {canWrite && !inWorkspace && <BlockForm key={`${verdict.publicIdentifier}/${list}`} verdict={verdict} campaigns={campaigns} first={list} onDone={onDone} />}
      {unblocking && <UnblockDialog verdict={verdict} entry={unblocking} onDone={onDone} onClose={() => setUnblocking(null)} />}
    </section>
  );
}
