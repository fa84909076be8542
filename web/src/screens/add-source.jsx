// The form that takes the leads: a text field, or a file. The page does not read the file; the server does.
import { useId, useRef, useState } from 'preact/hooks';
import { fileSize } from '../format.js';
import { Button } from '../parts/button.jsx';
import { ErrorNotice } from '../parts/notice.jsx';

/** The one file that can be read, or an error that says what to do. */
async function pick(files) {
  const [file] = files;
  if (files.length > 1) throw new Error('Add one file at a time.');
  // A folder looks like a file until somebody reads it.
  await file.slice(0, 1).arrayBuffer().catch(() => { throw new Error(`${file.name} cannot be read. Choose a file, not a folder.`); });
  return file;
}

function ChosenFile({ file, onRemove }) {
  return (
    <p class="chosen-file">
      <span>File: <strong><bdi>{file.name}</bdi></strong> <span class="muted">{fileSize(file.size)}</span></span>
      <Button icon="close" onClick={onRemove}>Remove the file</Button>
    </p>
  );
}

const linkedInLines = 'https://www.linkedin.com/in/jane-smith/\nhttps://www.linkedin.com/in/john-doe/';
const linkedInHint = 'Profile URLs, also within a mail or rows of a spreadsheet. Or names alone, also separated by commas: where there are URLs, a name without one is not taken.';

function Lines({ text, onText, label, placeholder, hint }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} class="lines" rows={9} spellcheck={false} autocapitalize="off" aria-describedby={`${id}-hint`} defaultValue={text}
        placeholder={placeholder} onInput={(event) => onText(event.currentTarget.value)} />
      <p class="hint" id={`${id}-hint`}>{hint}</p>
    </div>
  );
}

export const noSource = { text: '', file: null };

const isEmpty = ({ text, file }) => !file && text.trim() === '';

/** A form with leads that are validated first. said: what that shows of them. children: its other fields. */
export function SourceForm({ source, onValidate, said, children, ...rest }) {
  const [missing, setMissing] = useState(false);
  const submit = (event) => {
    event.preventDefault();
    setMissing(isEmpty(source));
    if (!isEmpty(source)) onValidate();
  };
  return (
    <form class="card" onSubmit={submit}>
      {children}
      <LeadSource source={source} {...rest} />
      {missing && isEmpty(source) && <ErrorNotice error={{ message: 'Paste at least one lead, or choose a file.' }} />}
      <Button type="submit" kind="primary">Validate</Button>
      <p class="hint">Validating changes nothing. It shows how the file was read, and which leads are {said}.</p>
    </form>
  );
}

export function LeadSource({ source, onSource, label = 'Leads, one per line', placeholder = linkedInLines, hint = linkedInHint, files = '.csv or .txt' }) {
  const [error, setError] = useState(null);
  const [over, setOver] = useState(false);
  const input = useRef(null);
  const take = async (files) => {
    if (files.length === 0) return;
    setError(null);
    try {
      onSource({ text: '', file: await pick(files) });
    } catch (failure) {
      setError({ message: failure.message });
    }
  };
  const drop = (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(false);
    take([...event.dataTransfer.files]);
  };
  const drag = (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(true);
  };
  return (
    <div class={`source ${over ? 'over' : ''}`} onDragOver={drag} onDragLeave={() => setOver(false)} onDrop={drop}>
      {source.file
        ? <ChosenFile file={source.file} onRemove={() => onSource({ text: '', file: null })} />
        : <Lines label={label} placeholder={placeholder} hint={hint} text={source.text} onText={(text) => onSource({ text, file: null })} />}
      <div class="file-row">
        <label class="button plain file-button">
          <span>{source.file ? 'Choose another file' : 'Choose a file'}</span>
          <input ref={input} type="file" class="hidden-input" aria-label="Choose a CSV or text file"
            onChange={(event) => { take([...event.currentTarget.files]); event.currentTarget.value = ''; }} />
        </label>
        <span class="muted">{files}, or drop it here</span>
      </div>
      <ErrorNotice error={error} />
    </div>
  );
}
