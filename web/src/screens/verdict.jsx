// Whether a person, address or company is blocked: where, why, since when and by whom, with what can be done about it.
import { useState } from 'preact/hooks';
import { number } from '../format.js';
import { useAction, useApp } from '../hooks.js';
import { block, campaignList, campaignOf, unblock, undoOf, workspaceList } from '../lists.js';
import { givenAs, isLinkedIn, kindWords, nameOf, nameText, reasonText, typeWords } from '../names.js';
import { href } from '../router.js';
import { Button } from '../parts/button.jsx';
import { ConfirmDialog } from '../parts/dialog.jsx';
import { DetailFields, detailsOf, noDetails } from '../parts/details.jsx';
import { ListChoice, listName } from '../parts/list-choice.jsx';
import { Folded } from '../parts/folded.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Icon } from '../parts/icon.jsx';
import { Badge, By, Lead, Time, Who, pageOfName, scopeText } from '../parts/text.jsx';

const listOf = (entry) => (entry.scope === 'workspace' ? workspaceList : campaignList(entry.campaignId));
const keyOf = ({ scope, campaignId, matched }) => `${scope}/${campaignId}/${matched?.value ?? ''}`;

/** The kind and the end of a block, where it has them. */
export function KindAndEnd({ entry: { kind, expiresAt } }) {
  return <>{kind && <> <Badge>{kindWords[kind] ?? kind}</Badge></>}{expiresAt && <span class="muted"> until <Time at={expiresAt} dateOnly /></span>}</>;
}

const placeOf = (entry) => {
  if (entry.scope === 'workspace') return 'Whole workspace';
  if (entry.scope === 'installation') return 'Every workspace';
  return entry.campaignDeleted ? scopeText(entry) : <a href={href('campaign', [entry.campaignId])}>{scopeText(entry)}</a>;
};

function BlockItem({ entry, canWrite, onUnblock }) {
  return (
    <li class="block-item">
      <div>
        <p class="block-scope">{placeOf(entry)}</p>
        {entry.matched && <p>By the other name <Who name={nameOf(entry.matched)} /></p>}
        <p>{entry.reason ?? <span class="muted">{entry.scope === 'installation' ? 'Blocked by the operators of this server, who do not say why' : 'No reason given'}</span>}<KindAndEnd entry={entry} /></p>
        <p class="muted"><Time at={entry.createdAt} /> · <By by={entry.by} /></p>
        {entry.campaignDeleted && <p class="muted">Its blocklist is kept for a campaign of the same id. To end this block, undo it in the history.</p>}
      </div>
      {canWrite && !entry.campaignDeleted && entry.scope !== 'installation' && <Button onClick={onUnblock} aria-label={`Unblock ${entry.matched ? `${entry.matched.value} ` : ''}in ${entry.scope === 'workspace' ? 'the workspace' : scopeText(entry)}`}>Unblock</Button>}
    </li>
  );
}

/** Blocks one name: {value: as it is stored, changeId}. Fails as the server says when it is not taken; `force` when it can be, as a domain of unrelated people. more: as for block. */
export async function blockOne(list, name, details, more) {
  const { data, changeId } = await block(list, [name], details, more);
  const [bad] = data.invalid ?? [];
  if (!bad) return { value: data.entries[0].value, changeId };
  throw Object.assign(new Error(`${name.value} ${reasonText(bad.reason)}.`), { force: bad.reason.includes('"force"') });
}

/** campaigns: with them, the list can be chosen. */
function BlockForm({ verdict, campaigns, first = workspaceList, onDone }) {
  const app = useApp();
  const [details, setDetails] = useState(noDetails);
  const [list, setList] = useState(first);
  const name = nameOf(verdict);
  const action = useAction(async (force) => {
    const { changeId } = await blockOne(list, name, detailsOf(details), { force });
    onDone();
    const where = list === workspaceList ? '' : ` in ${listName(list, campaigns)}`;
    app.toast(`${name.value} is blocked${where}.`, { action: undoOf(changeId, app, onDone) });
  });
  return (
    <form class="block-form" onSubmit={action.submit}>
      {campaigns && <ListChoice label="Block in" list={list} campaigns={campaigns} onList={setList} />}
      <DetailFields details={details} onDetails={setDetails} />
      <Button type="submit" kind="danger" icon="blocklist" busy={action.busy}>{verdict.blocked && list === workspaceList ? 'Block in the whole workspace' : 'Block'}</Button>
      <ErrorNotice error={action.error} />
      {action.error?.force && <Button onClick={() => action.run(true)}>Block it all the same</Button>}
    </form>
  );
}

function UnblockDialog({ verdict, entry, onDone, onClose }) {
  const app = useApp();
  const name = nameOf(entry.matched ?? verdict);
  const confirm = async () => {
    const { changeId } = await unblock(listOf(entry), [name]);
    onDone();
    app.toast(`${name.value} is unblocked.`, { action: undoOf(changeId, app, onDone) });
  };
  const whom = isLinkedIn(name) ? 'this person' : 'leads behind this name';
  return (
    <ConfirmDialog title={`Unblock ${name.value}?`} confirmLabel="Unblock" onConfirm={confirm} onClose={onClose}>
      <p>{entry.scope === 'workspace' ? `Campaigns of this workspace may then contact ${whom}.` : `${scopeText(entry)} may then contact ${whom}.`}</p>
    </ConfirmDialog>
  );
}

/** Of a person: blocks of the other names hold, too. */
function OtherNames({ names }) {
  return (
    <div class="covered">
      <p>Other names of this person. A block of one of them holds here, too.</p>
      <Folded items={names} first={5} more="names">{(shown) => <ul class="other-names" aria-label="Other names">{shown.map((value) => <li key={value}><Lead id={value} /></li>)}</ul>}</Folded>
    </div>
  );
}

/** Not on a list itself, but excluded by another name that is. */
function Covered({ by }) {
  return (
    <p class="covered">By the {typeWords[by.matched.type]?.toLowerCase() ?? by.matched.type} <Who name={nameOf(by.matched)} />{by.scope === 'campaign' ? ', in the campaign' : ', in the whole workspace'}, since <Time at={by.createdAt} />{by.reason && <>: “<bdi>{by.reason}</bdi>”</>}</p>
  );
}

/**
 * named: shows whom it is about. campaigns: the form can block in one of them, too. list: the one that it was asked for.
 * verdict.covered: what POST /v1/check said of a name that is on no list itself.
 */
export function Verdict({ verdict, onDone, named = false, campaigns, list = workspaceList }) {
  const { canWrite } = useApp();
  const [unblocking, setUnblocking] = useState(null);
  const { blocks = [], blocksTotal = blocks.length, covered } = verdict;
  const blocked = verdict.blocked || Boolean(covered);
  const inWorkspace = blocks.some((entry) => entry.scope === 'workspace');
  const name = nameOf(verdict);
  return (
    <section class={`verdict ${blocked ? 'is-blocked' : 'is-free'}`}>
      <div class="verdict-head">
        <Icon name={blocked ? 'blocklist' : 'done'} size={36} />
        <div>
          <h2>{blocked ? 'Blocked' : 'Not blocked'}</h2>
          {list !== workspaceList && <p class="muted">in {listName(list, campaigns)}</p>}
          {named && <><Who name={name} typed /><p><a href={pageOfName(name)}>History{isLinkedIn(name) && ' and proof'}</a></p></>}
        </div>
      </div>
      {covered && <Covered by={covered} />}
      {verdict.names && <OtherNames names={verdict.names} />}
      {verdict.blocked && (
        <Folded items={blocks} first={5} more="lists">{(shown) => (
          <ul class="block-items">
            {shown.map((entry) => <BlockItem key={keyOf(entry)} entry={entry} canWrite={canWrite} onUnblock={() => setUnblocking(entry)} />)}
          </ul>
        )}</Folded>
      )}
      {blocksTotal > blocks.length && <p class="muted">and in {number(blocksTotal - blocks.length)} more campaigns</p>}
      {canWrite && !inWorkspace && <BlockForm key={`${nameText(name)} ${givenAs(name)}/${list}`} verdict={verdict} campaigns={campaigns} first={list} onDone={onDone} />}
      {unblocking && <UnblockDialog verdict={verdict} entry={unblocking} onDone={onDone} onClose={() => setUnblocking(null)} />}
    </section>
  );
}

/** What a check of the name alone says, for one that is on no list itself; null when it is free. `list`: that of a campaign counts, too. */
export async function coveredBy(name, list, check) {
  const field = { email: 'email', domain: 'website' }[name.type];
  if (!field) return null;
  const campaignId = campaignOf(list);
  const [found] = await check({ leads: [{ [field]: name.value }], ...(campaignId ? { campaignId } : {}) });
  return found.blocked ? found : null;
}
