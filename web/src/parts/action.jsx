// What was done, in words: an entry of the audit, a change, an import, an event of a person's history.
import { count } from '../format.js';
import { href } from '../router.js';

/** What an action of the audit is called, and the kinds of them. */
export const actionWords = {
  'leads.block': 'Blocked', 'leads.unblock': 'Unblocked', 'leads.undo': 'Undid a change', 'leads.erase': 'Erased a person', 'people.link': 'Linked names of people:', 'leads.carry_over': 'Carried over the blocklist of a deleted campaign:', 'leads.expire': 'Blocks ended on their date:',
  'campaign.create': 'Created campaign', 'campaign.change': 'Changed campaign', 'campaign.delete': 'Deleted campaign', 'campaign.drop_blocks': 'Dropped the blocklist of campaign', 'campaign.activate': 'Activated campaign', 'campaign.pause': 'Paused campaign',
  'key.create': 'Created API key', 'key.revoke': 'Revoked API key',
  'hook.subscribe': 'Subscribed to events:', 'hook.unsubscribe': 'Ended subscription', 'hook.pause': 'Paused subscription', 'hook.resume': 'Resumed subscription', 'hook.rotate': 'Changed secret of subscription',
  'workspace.create': 'Created workspace', 'workspace.set_plan': 'Changed the license of', 'workspace.change': 'Changed settings of',
  'user.create': 'Added user', 'user.link': 'Created a password link for', 'user.link_revoke': 'Revoked the link of', 'user.session_end': 'Ended sessions of', 'user.delete': 'Deleted user', 'user.factor_on': 'Turned on the second factor', 'user.factor_off': 'Turned off the second factor', 'user.factor_reset': 'Reset the second factor of', 'user.wrong_code': 'Entered a wrong code', 'user.recovery_code': 'Used a recovery code', 'user.recovery_codes': 'Made new recovery codes', 'user.set_password': 'Set a password',
  'user.sign_in': 'Signed in', 'user.sign_out': 'Signed out',
};
export const kindWords = {
  leads: 'Blocklists: any change', campaign: 'Campaigns: anything', key: 'API keys: anything', hook: 'Subscriptions: anything', user: 'Users: anything', workspace: 'Workspaces: anything',
};

/** Where a list is: the workspace, or a campaign by its name. `nameOf` turns an id into one. alone: not within a sentence. */
export function Place({ of: { scope, campaignId, campaignName, campaignDeleted }, nameOf = (id) => id, alone = false }) {
  if (scope === 'installation') return alone ? 'Installation' : <a href={href('installation')}>the installation’s list</a>;
  if (scope === 'workspace') return alone ? 'Workspace' : 'the workspace';
  if (campaignId === null) return alone ? 'Deleted campaign' : 'a deleted campaign';
  // The audit has the name of each campaign that exists.
  if (campaignDeleted || campaignName === null) return <>{alone ? 'Deleted campaign' : 'the deleted campaign'} <code>{campaignId}</code></>;
  return <>{alone ? 'Campaign' : 'campaign'} <a href={href('campaign', [campaignId])}><bdi>{campaignName ?? nameOf(campaignId)}</bdi></a></>;
}

export function placeText({ scope, campaignId, campaignDeleted }, nameOf) {
  if (scope === 'installation') return 'the installation’s list';
  if (scope === 'workspace') return 'the workspace';
  if (campaignDeleted) return `the deleted campaign ${campaignId}`;
  return campaignId === null ? 'a deleted campaign' : `campaign ${nameOf(campaignId)}`;
}

/** What happened by itself, or took a list over, cannot be taken back; neither can anything in a list that has ended. */
export const canUndo = ({ what, scope, campaignId }) => !['expired', 'carried_over', 'erased'].includes(what) && (scope === 'workspace' || campaignId !== null);

const isOwn = (entry) => entry.target === entry.by?.id;

const pageOf = (action) => ({ campaign: 'campaign', hook: 'hook' })[action.split('.')[0]];

/** What an action was done to: its name, or its id when it has none any more. Nobody signs in for others. */
function Target({ entry }) {
  if (!entry.target || (entry.action.startsWith('user.') && isOwn(entry))) return null;
  const name = entry.targetName ? <bdi>{entry.targetName}</bdi> : <code>{entry.target}</code>;
  const page = entry.targetName && pageOf(entry.action);
  return <> {page ? <a href={href(page, [entry.target])}>{name}</a> : name}</>;
}

export function Action({ entry }) {
  const words = entry.action === 'user.session_end' && isOwn(entry) ? 'Ended own sessions' : actionWords[entry.action] ?? entry.action;
  if (entry.action === 'people.link') return <a class="row-link" href={href('change', [entry.id])}>{words} {count(entry.count ?? 0, 'link')}</a>;
  if (entry.action === 'leads.erase') return words; // whom, nothing says
  if (!entry.action.startsWith('leads.')) return <>{words}<Target entry={entry} /></>;
  const what = <>{words}{entry.action === 'leads.undo' ? ':' : ''} {count(entry.count ?? 0, 'name')}</>;
  // A change of the installation's list has no page of its own.
  if (entry.scope === 'installation') return <>{what} in <Place of={entry} /></>;
  return <><a class="row-link" href={href('change', [entry.id])}>{what}</a> in <Place of={entry} /></>;
}

export const changeWords = {
  block: 'Blocked', block_again: 'Asked again to block', unblock: 'Unblocked', undo: 'Undid a change', restore: 'Blocked again', expired: 'Ended on its date',
  carried_over: 'Carried over', erased: 'Erased', link: 'Linked with another name', link_end: 'Link taken back', link_refused: 'Not linked: too many names',
};

/** A change: “Blocked 2 names”. */
export const changeTitle = ({ what, count: names }) => (what === 'link'
  ? `${actionWords['people.link']} ${count(names, 'link')}`
  : `${changeWords[what] ?? what}${what === 'undo' ? ':' : ''} ${count(names, 'name')}`);

/** An import: “Blocked 2 entries in campaign First quarter”. A file may have names of every type. */
export const importText = (entry, nameOf) => (
  `${entry.action === 'block' ? 'Blocked' : 'Unblocked'} ${count(entry.blocked ?? entry.unblocked, 'entry', 'entries')} in ${placeText(entry, nameOf)}`);
