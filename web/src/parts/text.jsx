// Small pieces of text: times, badges, who did it, links to profiles.
import { date, dateTime } from '../format.js';
import { givenAs, isLinkedIn, typeWords } from '../names.js';
import { href } from '../router.js';
import { Icon } from './icon.jsx';

export function Time({ at, dateOnly = false, none = '–' }) {
  if (!at) return <span class={`muted ${none === '–' ? 'none' : ''}`}>{none}</span>;
  return <time dateTime={at} title={dateTime(at)}>{dateOnly ? date(at) : dateTime(at)}</time>;
}

/** states: {status: [kind, words]}. */
export function StateBadge({ states, status }) {
  const [kind, text] = states[status] ?? ['neutral', status];
  return <Badge kind={kind}>{text}</Badge>;
}

/** A value, or a dash in its place; on a phone nothing. */
export const orDash = (value, none = '–') => value || <span class="muted none">{none}</span>;

export const Badge = ({ kind = 'neutral', children }) => <span class={`badge ${kind}`}>{children}</span>;

export function byText(by) {
  if (!by) return 'unknown';
  if (by.type === 'key') return `API key ${by.name ?? by.id ?? ''}`.trim();
  if (by.type === 'operator' && !by.name) return 'Operator (command line)';
  if (by.type === 'server') return 'The server';
  return by.name ?? by.id ?? 'unknown';
}

export const By = ({ by }) => <span class="by">{byText(by)}</span>;

/** The profile, beside a name or instead of it. */
export function ProfileLink({ id, children }) {
  return (
    <a class="profile" href={`https://www.linkedin.com/in/${encodeURIComponent(id)}`} rel="noopener noreferrer" target="_blank">
      <span class="hidden">{id}</span>
      {children}
      <Icon name="external" size={14} />
      <span class="hidden"> (LinkedIn profile, opens a new tab)</span>
    </a>
  );
}

/** A person, wherever one is named: leads to what is known of them, and to the profile. */
export const Lead = ({ id }) => (id === null ? orDash(null, 'Erased') : <span class="lead"><a href={href('person', [id])}><bdi>{id}</bdi></a><ProfileLink id={id} /></span>);

/** The page of a person, address or company. */
export const pageOfName = (name) => (isLinkedIn(name) ? href('person', [name.value]) : href('name', [name.type, givenAs(name)]));

/** A person, address or company by its name (names.js); typed: with the type of an address or company. */
export function Who({ name, typed = false }) {
  if (!name.value) return <span class="muted">{name.erased ? 'Erased' : 'Unknown'}</span>;
  if (isLinkedIn(name)) return <Lead id={name.value} />;
  return <span class="lead"><a href={pageOfName(name)}><bdi>{name.value}</bdi></a>{typed && <span class="muted">{typeWords[name.type] ?? name.type}</span>}</span>;
}

export const scopeText = (block) => {
  if (block.scope === 'installation') return 'Installation';
  if (block.scope === 'workspace') return 'Workspace';
  return `${block.campaignDeleted ? 'Deleted campaign' : 'Campaign'} ${block.campaignName ?? block.campaignId ?? ''}`.trim();
};

const statusKinds = {
  active: 'accent', completed: 'ok', error: 'bad', failed: 'bad', paused: 'warn', done: 'ok', replied: 'ok', skipped_blocked: 'bad', skipped_contacted: 'warn',
};

export const statusText = (status) => {
  const text = String(status).replace(/_/g, ' ');
  return text[0].toUpperCase() + text.slice(1);
};

export const statusOptions = (statuses, all) => [{ value: '', label: all }, ...statuses.map((value) => ({ value, label: statusText(value) }))];

export const Status = ({ status }) => <Badge kind={statusKinds[status]}>{statusText(status)}</Badge>;
