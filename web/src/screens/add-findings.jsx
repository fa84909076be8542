// What the server found in a file or text: how it was read, counts, warnings, and the rows that are not taken.
import { useState } from 'preact/hooks';
import { saveFile } from '../download.js';
import { count, number } from '../format.js';
import { useAction } from '../hooks.js';
import { forceable, reasonText, typeWords } from '../names.js';
import { Button } from '../parts/button.jsx';
import { Folded } from '../parts/folded.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Pairs } from '../parts/pairs.jsx';
import { Table } from '../parts/table.jsx';

const shownLength = 200;

const encodings = { 'utf-8': 'UTF-8', 'utf-16': 'UTF-16', 'windows-1252': 'Windows-1252' };
const delimiters = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'vertical bar' };

/** A column of a file, in words. */
export const columnName = ({ number: place, name }) => <>{place}{name ? <> (<bdi>{name}</bdi>)</> : ', without heading'}</>;

/** How many rows of the file were not taken. */
export const leftOut = ({ bad, blank }) => bad + blank;

export function Figures({ counts, first, already = 'Already blocked' }) {
  const figures = [
    first, [already, counts.already], ['Repeated', counts.duplicates], ['Invalid rows', counts.bad],
    ['Blank rows', counts.blank], ['Heading rows', counts.headings],
  ];
  return <Pairs pairs={figures} />;
}

const takenColumn = (column) => <li key={column.number}>{columnName(column)}: {typeWords[column.type] ?? 'as each row says'}</li>;

/** Names of every type: which columns were taken as what, and how many names there are. */
const typedFacts = ({ taken, found }) => [
  ['Columns', taken.length > 0 ? <ul class="taken">{taken.map(takenColumn)}</ul> : 'none: each line is a name'],
  ['Names', Object.entries(found).map(([type, amount]) => `${typeWords[type]}: ${number(amount)}`).join(', ') || 'none'],
];

/** How the file was read. */
export function Reading({ found }) {
  const facts = [
    ...(found.taken ? typedFacts(found) : []),
    !found.taken && ['Column', found.column ? columnName(found.column) : 'none: the leads are not in a table'],
    found.reasonColumn && ['Reasons', <>from column {columnName(found.reasonColumn)}, where a row has one</>],
    ['Encoding', encodings[found.encoding] ?? found.encoding],
    found.delimiter && ['Delimiter', delimiters[found.delimiter] ?? found.delimiter],
    ['Rows', `${number(found.rows)}, ${number(found.people)} of them with ${found.taken ? 'names' : 'leads'}`],
  ];
  return <Pairs class="facts reading" pairs={facts} />;
}

function Column({ column, chosen, onChosen }) {
  const samples = column.sample.filter(Boolean).join(' · ');
  return (
    <label class="column-option">
      <input type="radio" name="column" value={column.number} checked={chosen === column.number} onChange={() => onChosen(column.number)} />
      <span>
        <strong>{columnName(column)}</strong>
        <span class="muted sample"><bdi>{samples || 'empty'}</bdi></span>
      </span>
    </label>
  );
}

/** Columns with sample values; `taken` is the number of the present one, if any. */
export function ColumnChoice({ columns, taken, legend, onColumn }) {
  const [chosen, setChosen] = useState(taken);
  const [missing, setMissing] = useState(false);
  const submit = (event) => {
    event.preventDefault();
    setMissing(!chosen);
    if (chosen) onColumn(chosen);
  };
  return (
    <form class="column-choice" onSubmit={submit}>
      <fieldset>
        <legend>{legend || 'Column with the leads'}</legend>
        <div class="column-options">
          {columns.map((column) => <Column key={column.number} column={column} chosen={chosen} onChosen={setChosen} />)}
        </div>
      </fieldset>
      {missing && !chosen && <ErrorNotice error={{ message: 'Choose a column.' }} />}
      <Button type="submit">Validate again</Button>
    </form>
  );
}

export function OtherColumn({ columns, taken, onColumn }) {
  if (columns.length < 2) return null;
  return (
    <details>
      <summary>Take another column</summary>
      <ColumnChoice columns={columns} taken={taken} onColumn={onColumn} />
    </details>
  );
}

/** found: what the server says of rows or lines, one of which may be a domain of unrelated people. */
export const TakeAll = ({ found, onTake }) => found.some(({ reason }) => forceable.test(reason)) && <Button onClick={onTake}>Take these domains all the same</Button>;

export function Warnings({ found }) {
  const { warnings, warningCount } = found;
  if (warningCount === 0) return null;
  return (
    <Notice kind="warn" title={count(warningCount, 'warning')}>
      <ul class="warnings">
        {warnings.map(({ line, reason }, place) => <li key={place}>{line ? `Line ${number(line)}: ` : ''}{reasonText(reason)}</li>)}
      </ul>
      {warningCount > warnings.length && <p>The first {warnings.length} are shown.</p>}
    </Notice>
  );
}

const shown = (value) => (value.length > shownLength ? `${value.slice(0, shownLength)}…` : value);

const columns = [
  { label: 'Line', header: true, render: (row) => number(row.line) },
  { label: 'Value', render: (row) => <span class="value">{shown(row.value)}</span> },
  { label: 'What is wrong', render: (row) => reasonText(row.reason) },
];

export function NotTaken({ job, found, adds = false }) {
  const download = useAction(async () => saveFile('rows-not-taken.csv', [await job.notTaken()]));
  const total = leftOut(found);
  if (total === 0) return null;
  return (
    <section class="bad-lines">
      <div class="section-head">
        <h3>{count(total, 'row')} not taken</h3>
        <Button icon="download" busy={download.busy} onClick={() => download.run()}>Download these rows</Button>
      </div>
      <ErrorNotice error={download.error} />
      <p class="muted">{adds ? 'They add no lead.' : 'They block nobody.'}{total > found.errors.length && ` The first ${found.errors.length} are shown.`}</p>
      <Folded items={found.errors} more="rows">{(rows) => <Table caption="Rows not taken" columns={columns} rows={rows} keyOf={(row) => row.line} />}</Folded>
    </section>
  );
}
