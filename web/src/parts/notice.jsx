// Notices in the page: what went wrong and what to do, and what to do where nothing is yet.
import { seconds } from '../format.js';
import { reasonText } from '../names.js';
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

// What the server's message does not say.
const advice = {
  license_required: 'An operator can change the plan under Workspaces.',
  license_expired: 'An operator can extend the license under Workspaces.',
  storage_full: 'Ask an operator to free disk space.',
  unsupported_file: 'Or open it, copy the cells with the leads, and paste them here.',
  empty_file: 'Choose another file, or export it again.',
  payload_too_large: 'Split the file and add the parts one by one, or ask an operator to raise max-import-bytes.',
  campaign_not_ready: 'A campaign needs at least one step and one lead.',
};

/** Of names that were refused, why the first one was: the message only counts them. */
export function errorText(error) {
  if (!error) return '';
  const [bad, others] = error.errors ?? [];
  const wait = error.retryAfter ? ` Try again in ${seconds(error.retryAfter)}.` : '';
  if (bad?.reason) return `${bad.value ?? ''} ${reasonText(bad.reason)}.${others ? ' Others are wrong, too.' : ''}`;
  return `${reasonText(error.message).replace(/; [^;]* with POST .*/, '.').replace(/^"\w*password"/i, 'The password')}${wait}`;
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
