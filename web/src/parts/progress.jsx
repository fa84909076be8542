import { useId } from 'preact/hooks';

/** Without a `value` it only says that something goes on. */
export function Progress({ label, value, max = 100, note }) {
  const id = useId();
  return (
    <div class="progress">
      <label for={id}>{label}</label>
      <progress id={id} value={value} max={max} />
      {note && <span class="progress-note">{note}</span>}
    </div>
  );
}
