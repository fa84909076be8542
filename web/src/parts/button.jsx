// Buttons and links that look like buttons.
import { Icon } from './icon.jsx';

/**
 * kind: primary, plain, quiet or danger. A busy button keeps its width and says that it works; it stays focusable, so
 * that the focus is not lost, and takes no clicks.
 */
export function Button({ kind = 'plain', busy = false, icon, children, onClick, class: extra = '', ...rest }) {
  const click = (event) => {
    if (busy) event.preventDefault();
    else onClick?.(event);
  };
  return (
    <button type="button" {...rest} class={`button ${kind} ${busy ? 'busy' : ''} ${extra}`} aria-disabled={busy || undefined}
      aria-busy={busy || undefined} onClick={click}>
      {icon && <Icon name={icon} size={18} />}
      {children && <span>{children}</span>}
    </button>
  );
}

export function LinkButton({ kind = 'plain', icon, children, ...rest }) {
  return (
    <a {...rest} class={`button ${kind}`}>
      {icon && <Icon name={icon} size={18} />}
      <span>{children}</span>
    </a>
  );
}
