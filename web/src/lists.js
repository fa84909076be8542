// One set of functions for both kinds of blocklist: the workspace's and a campaign's. A list is named as in
// the URL: `workspace` or `campaign:ID`.
import * as api from './api.js';
import { count } from './format.js';
import { givenAs, isLinkedIn, nameOf } from './names.js';

const campaignPrefix = 'campaign:';
const lenient = { Prefer: 'handling=lenient' };

export const workspaceList = 'workspace';
export const campaignList = (id) => campaignPrefix + id;
export const campaignOf = (list) => (list.startsWith(campaignPrefix) ? list.slice(campaignPrefix.length) : null);
export const isList = (text) => text === workspaceList || Boolean(text && campaignOf(text));

/** Of the workspace, a campaign or the installation: `blocked-leads`, or `blocklist` with names of every type. */
const pathOf = (list, what) => {
  const campaign = campaignOf(list);
  if (campaign !== null) return api.path('campaigns', campaign, what);
  return list === 'installation' ? `${list}/${what}` : what;
};

/** filters: type, kind, search, by, since, until, endsBefore, as the API has them. */
export const page = (list, { skip, take, sort, ...filters }, more) => (
  api.get(pathOf(list, 'blocklist'), { ...more, query: { ...filters, sort, skip: skip || '', take, include: 'by' } }));

/** The whole list, or what the filters leave of it, as a CSV file (Blob). */
export const table = (list, { sort, ...filters }, onPiece, more) => api.getTable(pathOf(list, 'blocklist'), onPiece, { ...more, query: { ...filters, sort } });

// Browsers take . and .. out of a path, also when they are encoded.
const segment = (text) => (/^\.\.?$/.test(text) ? `in/${text}` : text);

/** Every list of the workspace that holds the lead. */
export const whereBlocked = (text, more) => api.get(api.path('blocked-leads', segment(text)), more);

/** What happened with a person, in all lists. */
export const historyOf = (text, more) => api.get(api.path('blocked-leads', segment(text), 'history'), more);

const namePath = (name) => api.path('blocklist', name.type, segment(givenAs(name)));

/** As whereBlocked and historyOf, of a name of any type. country: of a national phone number; else it is the workspace's. */
export const whereNamed = (name, more, country) => api.get(namePath(name), { ...more, query: { defaultCountry: country } });
export const historyOfName = (name, more) => api.get(`${namePath(name)}/history`, more);

/** The leads that a block of the name would exclude: the first 100, and `total`. */
export const leadsBehind = (name, more) => api.get(`${namePath(name)}/leads`, { ...more, query: { take: 100 } });

/** The entry of a name, for a block with its details or an unblock. */
export const entryOf = (name, details = {}) => ({ [name.type]: givenAs(name), ...Object.fromEntries(Object.entries(details).filter(([, value]) => value)) });

/**
 * Blocks the good ones; {data: {blocked, entries, invalid}}. details: reason, kind and expiresAt of all. dryRun: only says what
 * would be blocked. country: as for whereNamed.
 */
export function block(list, names, details, { dryRun, force, country, ...more } = {}) {
  const body = { entries: names.map((name) => entryOf(name, details)), ...(force ? { force } : {}), ...(country ? { defaultCountry: country } : {}) };
  return api.post(pathOf(list, 'blocklist'), body, { ...more, headers: lenient, query: { dryRun } });
}

/** Sends a file (Blob) or text, whose people are blocked. query: dryRun, column, reason, kind, expiresAt, importId. */
export const importFile = (list, file, query, more, typed) => api.postFile(`${pathOf(list, typed ? 'blocklist' : 'blocked-leads')}/import`, file, { ...more, query });

/** The rows of a file that are not taken, as a CSV file (Blob). */
export async function rowsNotTaken(list, file, query, more, typed) {
  const { data } = await importFile(list, file, { ...query, dryRun: true }, { ...more, headers: { Accept: 'text/csv' } }, typed);
  return data;
}

/** How many people are on the list; typed: with names of every type. */
export async function size(list, more, typed) {
  const one = campaignOf(list) === null ? { limit: 1 } : { take: 1 };
  return (await api.get(pathOf(list, typed ? 'blocklist' : 'blocked-leads'), { ...more, query: typed ? { take: 1 } : one })).total;
}

/** rows: entries of the list, as the server gave them; those of another answer have no id, as an id frees nobody who was erased. */
export function unblock(list, rows) {
  const names = rows.map(nameOf);
  const hasIds = rows.every(({ id }) => id);
  // That one knows names of LinkedIn which could not be blocked today.
  if (!hasIds && names.every(isLinkedIn) && campaignOf(list) !== null) return api.del(pathOf(list, 'blocked-leads'), { publicIdentifiers: names.map(({ value }) => value) });
  const body = hasIds ? rows.map(({ id }) => id) : { entries: names.map((name) => entryOf(name)) };
  return api.del(pathOf(list, 'blocklist'), body);
}

/** What an undo did, in words, or the server's, which say why it did nothing; `stayed` were asked for by others, too. */
export function undoneText({ blocked, unblocked, stayed, message }) {
  if (blocked + unblocked === 0) return `${message}.`;
  return stayed ? `Undone. ${count(stayed, 'name')} ${stayed === 1 ? 'stays' : 'stay'} blocked: there is another request.` : 'Undone.';
}

export const undo = (changeId, more) => api.post(api.path('changes', changeId, 'undo'), undefined, more);

/** The undo of a change, for a message about it, which may outlive the choice of the workspace. */
export function undoOf(changeId, { toast, workspace }, onDone) {
  const run = async () => {
    const { data } = await undo(changeId, { workspaceId: workspace.id });
    toast(undoneText(data));
    onDone();
  };
  return { label: 'Undo', run };
}

/** Takes a whole import back; repeating it goes on where it stopped. */
export const undoImport = (importId, more) => api.post(api.path('imports', importId, 'undo'), undefined, more);

/** Campaigns to choose from: the newest ones, as many as a menu can hold. */
export const campaignChoices = (signal) => api.allOf('campaigns', { take: 100, most: 500, signal });

/** The name of one campaign; null when it does not exist any more. */
export async function campaignName(id, signal) {
  try {
    return (await api.get(api.path('campaigns', id), { signal })).data.name;
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}
