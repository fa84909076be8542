// Dialogs stand on <dialog>: the browser keeps the focus inside and gives it back afterwards.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import * as api from '../api.js';
import { useAction, useApp } from '../hooks.js';
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
export function ConfirmDialog({ children, confirmLabel, typed, typedLabel, onConfirm, onClose, kind = 'danger', ...rest }) {
  const [text, setText] = useState('');
  const done = useRef(false);
  const ready = onConfirm && (typed === undefined || text.trim() === typed);
  const confirm = async () => {
    await onConfirm();
    done.current = true;
    onClose();
  };
  return (
    <FormDialog {...rest} kind={kind} submitLabel={confirmLabel} disabled={!ready} done={done} onSubmit={confirm} onClose={onClose}>
      {children}
      {typed !== undefined && <TextField label={typedLabel} value={text} onValue={setText} inputMode={/\D/.test(typed) ? 'text' : 'numeric'} spellcheck={false} />}
    </FormDialog>
  );
}

/** Asks before what is at a path of the API is deleted. said: the message when it is. */
export function DeleteDialog({ path, said, onDone, ...rest }) {
  const { toast } = useApp();
  const remove = async () => {
    await api.del(path);
    if (said) toast(said);
    onDone();
  };
  return <ConfirmDialog {...rest} onConfirm={remove} />;
}

/** A form in a dialog; `onSubmit` may fail, and its error is shown. */
export function FormDialog({ submitLabel, onSubmit, onClose, children, kind = 'primary', disabled = false, ...rest }) {
  const action = useAction(onSubmit);
  return (
    <Dialog {...rest} onClose={onClose}>
      <form onSubmit={disabled ? (event) => event.preventDefault() : action.submit}>
        {children}
        <ErrorNotice error={action.error} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={kind} busy={action.busy} disabled={disabled}>{submitLabel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The one button at the end of a dialog. */
export const DialogEnd = ({ kind = 'primary', label = 'Done', onClose }) => <div class="dialog-actions"><Button kind={kind} onClick={onClose}>{label}</Button></div>;

/** A dialog until what it asks about is there; text: why it does not ask. */
export const WaitDialog = ({ title, error, onRetry, text, onClose }) => (
  <Dialog title={title} onClose={onClose}>
    {error ? <ErrorNotice error={error} onRetry={onRetry} /> : <p>{text || 'Loading…'}</p>}
    <DialogEnd kind="plain" label="Close" onClose={onClose} />
  </Dialog>
);
