// Small pieces of text: times, badges, who did it, links to profiles.
import { date, dateTime } from '../format.js';
import { href } from '../router.js';
import { Icon } from './icon.jsx';

export function Time({ at, dateOnly = false, none = '–' }) {
  if (!at) return <span class={`muted ${none === '–' ? 'none' : ''}`}>{none}</span>;
  return <time dateTime={at} title={dateTime(at)}>{dateOnly ? date(at) : dateTime(at)}</time>;
}

export const Badge = ({ kind = 'neutral', children }) => <span class={`badge ${kind}`}>{children}</span>;

export function byText(by) {
  if (!by) return 'unknown';
  if (by.type === 'key') return `API key ${by.name ?? by.id ?? ''}`.trim();
  if (by.type === 'operator' && !by.name) return 'Operator (command line)';
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
export const Lead = ({ id }) => (id === null ? <span class="muted none">Erased</span> : <span class="lead"><a href={href('person', [id])}><bdi>{id}</bdi></a><ProfileLink id={id} /></span>);

export const scopeText = (block) => (
  block.scope === 'workspace' ? 'Workspace' : `Campaign ${block.campaignName ?? block.campaignId ?? ''}`.trim());

const statusKinds = {
  active: 'accent', completed: 'ok', error: 'bad', failed: 'bad', paused: 'warn', done: 'ok', replied: 'ok', skipped_blocked: 'bad',
};

export const statusText = (status) => {
  const text = String(status).replace(/_/g, ' ');
  return text[0].toUpperCase() + text.slice(1);
};

export const Status = ({ status }) => <Badge kind={statusKinds[status]}>{statusText(status)}</Badge>;
