// Something to copy: shown in full, with a button. Without permission for the clipboard the text is selected.
import { useId, useRef, useState } from 'preact/hooks';
import { Button } from './button.jsx';

export function CopyText({ label, text, what }) {
  const [state, setState] = useState('');
  const field = useRef(null);
  const id = useId();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState('Copied.');
    } catch {
      field.current.focus();
      field.current.select();
      setState('Selected: copy it.');
    }
  };
  return (
    <div class="field copy-field">
      <label for={id}>{label}</label>
      <textarea id={id} ref={field} class="code" readOnly rows={text.split('\n').length} value={text} spellcheck={false} />
      <div class="copy-row">
        <Button icon="copy" onClick={copy}>{`Copy ${what}`}</Button>
        <span role="status">{state}</span>
      </div>
    </div>
  );
}
