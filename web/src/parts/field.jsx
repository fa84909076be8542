// Form fields: a label above, a hint or an error below that the field points to.
import { useId } from 'preact/hooks';

function Frame({ id, label, hint, error, children, class: extra = '' }) {
  return (
    <div class={`field ${extra}`}>
      <label for={id}>{label}</label>
      {children}
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {error && <p class="field-error" id={`${id}-error`}>{error}</p>}
    </div>
  );
}

const describedBy = (id, hint, error) => [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;

/** spellcheck: false for names and ids, which a phone leaves as they are typed. */
export function TextField({ label, hint, error, value, onValue, inputRef, frame, ...rest }) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} class={frame}>
      <input id={id} type="text" autocomplete="off" autocapitalize={rest.spellcheck === false ? 'off' : undefined} {...rest} ref={inputRef} value={value} aria-invalid={error ? 'true' : undefined}
        aria-describedby={describedBy(id, hint, error)} onInput={(event) => onValue(event.currentTarget.value)} />
    </Frame>
  );
}

export function TextAreaField({ label, hint, value, onValue, ...rest }) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint}>
      <textarea id={id} {...rest} value={value} aria-describedby={describedBy(id, hint)} onInput={(event) => onValue(event.currentTarget.value)} />
    </Frame>
  );
}

/** Options from {value: label}; none: what the empty one is called. */
export const optionsOf = (words, none) => Object.entries(none ? { '': none, ...words } : words).map(([value, label]) => ({ value, label }));

/** options: [{value, label, disabled}] */
export function SelectField({ label, hint, value, onValue, options, frame, ...rest }) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} class={frame}>
      <select id={id} {...rest} value={value} aria-describedby={describedBy(id, hint)} onChange={(event) => onValue(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled} selected={option.value === value}>{option.label}</option>
        ))}
      </select>
    </Frame>
  );
}

export function CheckField({ label, hint, checked, onChecked }) {
  const id = useId();
  return (
    <div class="field check-field">
      <input id={id} type="checkbox" checked={checked} aria-describedby={describedBy(id, hint)}
        onChange={(event) => onChecked(event.currentTarget.checked)} />
      <label for={id}>{label}</label>
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}
