// Notices in the page: what went wrong and what to do, and what to do where nothing is yet.
import { seconds } from '../format.js';
import { Button } from './button.jsx';
import { Icon, Mark } from './icon.jsx';

export function Notice({ kind = 'info', title, children }) {
  return (
    <div class={`notice ${kind}`}>
      <Icon name={kind === 'ok' ? 'done' : 'alert'} />
      <div>
        {title && <p class="notice-title">{title}</p>}
        {children}
      </div>
    </div>
  );
}

const advice = {
  forbidden: 'Your role does not allow this. Ask an operator for access.',
  license_required: 'An operator can change the plan under Workspaces.',
  license_expired: 'An operator can extend the license under Workspaces. Workspace blocks and checks continue to work.',
  storage_full: 'The server’s disk is full. Checks still work, but nothing can be recorded. Ask an operator to free disk space.',
  storage_unavailable: 'Nothing was recorded. Try again in a moment.',
  outcome_unknown: 'The storage failed during the commit, so the outcome is unknown. Try again: repeating the request is safe.',
  unsupported_file: 'Or open it, copy the cells with the leads, and paste them here.',
  empty_file: 'Choose another file, or export it again.',
  payload_too_large: 'Split the file and add the parts one by one, or ask an operator to raise max-import-bytes.',
  starting: 'The server is starting. Try again in a moment.',
  campaign_not_ready: 'A campaign needs at least one step and one lead.',
};

export function errorText(error) {
  if (!error) return '';
  const wait = error.retryAfter ? ` Try again in ${seconds(error.retryAfter)}.` : '';
  return `${error.message}${wait}`;
}

/** Nothing without an error. */
export function ErrorNotice({ error, onRetry }) {
  if (!error) return null;
  return (
    <div role="alert">
      <Notice kind="bad">
        <p>{errorText(error)}</p>
        {advice[error.code] && <p>{advice[error.code]}</p>}
        {onRetry && <Button onClick={onRetry}>Try again</Button>}
      </Notice>
    </div>
  );
}

export function Empty({ title, children }) {
  return (
    <div class="empty">
      <Mark size={40} />
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}
