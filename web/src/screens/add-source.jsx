// Where the leads come from: a text field, or a file that is chosen or dropped.
import { useId, useRef, useState } from 'preact/hooks';
import { number } from '../format.js';
import { Button } from '../parts/button.jsx';
import { ErrorNotice } from '../parts/notice.jsx';

const largestFile = 50_000_000;

async function readFile(file) {
  if (file.size > largestFile) throw new Error(`${file.name} is larger than ${number(largestFile / 1e6)} MB. Split it and add the parts one by one.`);
  const text = await file.text();
  if (text.includes('\0')) throw new Error(`${file.name} is not a text file. In a spreadsheet, choose “Save as CSV (UTF-8)”.`);
  return { text, file: file.name };
}

function ChosenFile({ name, onRemove }) {
  return (
    <p class="chosen-file">
      <span>File: <strong>{name}</strong></span>
      <Button icon="close" onClick={onRemove}>Remove the file</Button>
    </p>
  );
}

function Lines({ text, onText }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>Leads, one per line</label>
      <textarea id={id} class="lines" rows={9} spellcheck={false} autocapitalize="off" aria-describedby={`${id}-hint`} defaultValue={text}
        placeholder={'john-doe\nhttps://www.linkedin.com/in/jane-smith/'} onInput={(event) => onText(event.currentTarget.value)} />
      <p class="hint" id={`${id}-hint`}>Names or profile URLs. Rows copied from a spreadsheet work, too.</p>
    </div>
  );
}

export function LeadSource({ source, onSource }) {
  const [error, setError] = useState(null);
  const [over, setOver] = useState(false);
  const input = useRef(null);
  const take = async (file) => {
    if (!file) return;
    setError(null);
    try {
      onSource(await readFile(file));
    } catch (failure) {
      setError({ message: failure.message });
    }
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  const drag = (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(true);
  };
  return (
    <div class={`source ${over ? 'over' : ''}`} onDragOver={drag} onDragLeave={() => setOver(false)} onDrop={drop}>
      {source.file
        ? <ChosenFile name={source.file} onRemove={() => onSource({ text: '', file: null })} />
        : <Lines text={source.text} onText={(text) => onSource({ text, file: null })} />}
      <div class="file-row">
        <label class="button plain file-button">
          <span>{source.file ? 'Choose another file' : 'Choose a file'}</span>
          <input ref={input} type="file" accept=".csv,.txt,.tsv,text/csv,text/plain" class="hidden-input" aria-label="Choose a CSV or text file"
            onChange={(event) => { take(event.currentTarget.files[0]); event.currentTarget.value = ''; }} />
        </label>
        <span class="muted">.csv or .txt, or drop it here</span>
      </div>
      {error && <ErrorNotice error={error} />}
    </div>
  );
}
