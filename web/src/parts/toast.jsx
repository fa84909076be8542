// Short messages after an action. One with a button stays until the user closes it, however slow the user is.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAction } from '../hooks.js';
import { Button } from './button.jsx';
import { errorText } from './notice.jsx';

const plainMs = 7_000;
let lastId = 0;

/** {toasts, show(text, {action: {label, run}}), close(id)}; a new toast takes the place of the old one. */
export function useToasts() {
  const [toasts, setToasts] = useState([]);
  const timer = useRef(0);
  const close = (id) => setToasts((old) => old.filter((toast) => toast.id !== id));
  const show = (text, options = {}) => {
    const id = ++lastId;
    clearTimeout(timer.current);
    setToasts([{ id, text, ...options }]);
    if (!options.action) timer.current = setTimeout(() => close(id), plainMs);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return { toasts, show, close };
}

function Toast({ toast, onClose }) {
  const action = useAction(async () => {
    await toast.action.run();
  });
  return (
    <div class="toast">
      <p>{action.error ? errorText(action.error) : toast.text}</p>
      {toast.action && <Button kind="quiet" icon="undo" busy={action.busy} onClick={action.run}>{toast.action.label}</Button>}
      <Button kind="quiet" icon="close" aria-label="Close this message" onClick={onClose} />
    </div>
  );
}

export function Toasts({ toasts, onClose }) {
  return (
    <div class="toasts" role="status" aria-label="Messages">
      {toasts.map((toast) => <Toast key={toast.id} toast={toast} onClose={() => onClose(toast.id)} />)}
    </div>
  );
}
