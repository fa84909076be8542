// Small pieces of text: times, badges, who did it, links to profiles.
import { date, dateTime } from '../format.js';
import { Icon } from './icon.jsx';

export function Time({ at, dateOnly = false, none = '–' }) {
  if (!at) return <span class="muted">{none}</span>;
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

export function ProfileLink({ id }) {
  return (
    <a class="profile" href={`https://www.linkedin.com/in/${encodeURIComponent(id)}`} rel="noopener noreferrer" target="_blank">
      <span>{id}</span>
      <Icon name="external" size={14} />
      <span class="hidden"> (LinkedIn profile, opens a new tab)</span>
    </a>
  );
}

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
