// One import of a file: how it went, its people, and its undo as a whole.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { count, dateTime, fileSize, number } from '../format.js';
import { useApp, useGet, useLoad } from '../hooks.js';
import { undoImport } from '../lists.js';
import { href, setQuery } from '../router.js';
import { Place, importText } from '../parts/action.jsx';
import { SelectField } from '../parts/field.jsx';
import { useCampaignNames } from '../parts/list-choice.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Page, Pending } from '../parts/page.jsx';
import { Pairs } from '../parts/pairs.jsx';
import { By, Time } from '../parts/text.jsx';
import { UndoButton, Undone } from '../parts/undo.jsx';
import { columnName } from './add-findings.jsx';
import { ChangedNames } from './change.jsx';
import { canBeUndone, importStates } from './imports.jsx';
import { Skeleton } from '../parts/skeleton.jsx';

function factsOf(entry, nameOf) {
  const { column, rows, bad, blank } = entry;
  return [
    ['State', importStates[entry.state] ?? entry.state],
    ['Started', <Time at={entry.startedAt} />],
    ['Ended', <Time at={entry.finishedAt} />],
    entry.undoneAt && ['Undone', <Time at={entry.undoneAt} />],
    ['Who', <By by={entry.by} />],
    ['Where', <Place of={entry} nameOf={nameOf} alone />],
    ['File', rows === null ? fileSize(entry.bytes) : `${fileSize(entry.bytes)}, ${count(rows, 'row')}: ${number(bad)} invalid, ${number(blank)} blank`],
    column && ['Column', columnName(column)],
  ];
}

const figuresOf = (entry) => (entry.action === 'block'
  ? [['Blocked', entry.blocked], ['Already blocked', entry.already], ['Repeated', entry.duplicates]]
  : [['Unblocked', entry.unblocked], ['Not blocked', entry.notBlocked], ['Repeated', entry.duplicates]]);

/** A large import is recorded in several changes: the people of one at a time. */
function People({ id, part }) {
  const { data, error, reload } = useLoad((signal) => api.get('audit', { signal, query: { importId: id, take: 100 } }), [id]);
  if (error) return <ErrorNotice error={error} onRetry={reload} />;
  if (!data) return <Skeleton />;
  const changes = data.data;
  if (changes.length === 0) return <p class="muted">It changed nothing.</p>;
  const chosen = changes.find((change) => change.id === part) ?? changes[0];
  const options = changes.map((change) => ({ value: change.id, label: `${dateTime(change.at)}: ${count(change.count, 'name')}` }));
  return (
    <>
      {changes.length > 1 && (
        <div class="filters">
          <SelectField label="Part" value={chosen.id} options={options} onValue={(value) => setQuery({ part: value }, { replace: true })}
            hint={data.next ? 'The latest 100 parts are listed; Audit has all of them.' : 'It was recorded in several changes.'} />
        </div>
      )}
      <ChangedNames key={chosen.id} id={chosen.id} />
    </>
  );
}

function Full({ entry, part, onDone }) {
  const { canWrite } = useApp();
  const nameOf = useCampaignNames();
  const [undone, setUndone] = useState(null);
  const done = (answer) => {
    setUndone(answer);
    onDone();
  };
  const text = importText(entry, nameOf);
  return (
    <Page title="Import" lead={text}
      actions={canWrite && canBeUndone(entry) && <UndoButton name="import" text={text} undo={(more) => undoImport(entry.importId, more)} onDone={done} />}>
      {undone && <Undone answer={undone} />}
      <Pairs pairs={figuresOf(entry)} />
      <Pairs class="facts card" pairs={factsOf(entry, nameOf)} />
      <People id={entry.importId} part={part} />
    </Page>
  );
}

export function Import({ route }) {
  const id = route.args[0] ?? '';
  const { data: entry, error, reload } = useGet(api.path('imports', id));
  if (entry) return <Full entry={entry} part={route.query.part} onDone={reload} />;
  return <Pending title="Import" error={error} onRetry={reload} all={<a href={href('audit', [], { of: 'imports' })}>All imports</a>} />;
}
