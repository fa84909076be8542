// Dialogs stand on <dialog>: the browser keeps the focus inside and gives it back afterwards.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useAction } from '../hooks.js';
import { Button } from './button.jsx';
import { TextField } from './field.jsx';
import { ErrorNotice } from './notice.jsx';

function useModal(ref, done) {
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      if (dialog.open) dialog.close();
      // What had the focus may be gone, or be about to go (the row that was removed): then the heading gets it, also when the
      // browser has given it back already.
      if (!done?.current) before?.focus();
      if (done?.current || document.activeElement === document.body) document.querySelector('h1')?.focus();
    };
  }, []);
}

/** done: a reference that says, when the dialog closes, whether it did what it was for. */
export function Dialog({ title, onClose, children, done, wide = false, class: extra = '' }) {
  const ref = useRef(null);
  const id = useId();
  useModal(ref, done);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={ref} class={`dialog ${wide ? 'wide' : ''} ${extra}`} aria-labelledby={id} onCancel={cancel}>
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" icon="close" aria-label="Close" onClick={onClose} />
      </div>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

/** Asks before something is done, if there is an `onConfirm`. With `typed` the user must type that text first. */
export function ConfirmDialog({ title, children, confirmLabel, typed, typedLabel, typedMode = 'numeric', onConfirm, onClose, kind = 'danger' }) {
  const [text, setText] = useState('');
  const done = useRef(false);
  const action = useAction(async () => {
    await onConfirm();
    done.current = true;
    onClose();
  });
  const ready = onConfirm && (typed === undefined || text.trim() === typed);
  const submit = (event) => {
    event.preventDefault();
    if (ready && !action.busy) action.run();
  };
  return (
    <Dialog title={title} done={done} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        {typed !== undefined && <TextField label={typedLabel} value={text} onValue={setText} inputMode={typedMode} />}
        {action.error && <ErrorNotice error={action.error} />}
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={kind} busy={action.busy} disabled={!ready}>{confirmLabel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A form in a dialog; `onSubmit` may fail, and its error is shown. */
export function FormDialog({ title, submitLabel, onSubmit, onClose, children, wide = false }) {
  const action = useAction(onSubmit);
  const submit = (event) => {
    event.preventDefault();
    if (!action.busy) action.run();
  };
  return (
    <Dialog title={title} wide={wide} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        {action.error && <ErrorNotice error={action.error} />}
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={action.busy}>{submitLabel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
