// One change of a blocklist: what it did, to whom, and its undo.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { number } from '../format.js';
import { useApp, useGet } from '../hooks.js';
import { undo } from '../lists.js';
import { href } from '../router.js';
import { Place, canUndo, changeTitle, changeWords, placeText } from '../parts/action.jsx';
import { reason, who } from '../parts/columns.jsx';
import { useCampaignNames } from '../parts/list-choice.jsx';
import { MoreTable, useMore } from '../parts/more.jsx';
import { Page, Pending } from '../parts/page.jsx';
import { Pairs } from '../parts/pairs.jsx';
import { By, Time } from '../parts/text.jsx';
import { UndoButton, Undone } from '../parts/undo.jsx';

const take = 100;

const columns = [
  who(true),
  { label: 'What', render: (row) => changeWords[row.what] ?? row.what },
  reason,
];

/** The names of a change, in its order. A name may be in it more than once. */
export function ChangedNames({ id }) {
  const list = useMore(async (query) => {
    const answer = await api.get(api.path('changes', id, 'leads'), { query: { take, ...query } });
    return { ...answer, data: answer.data.map((row, place) => ({ ...row, place: `${query.cursor ?? ''} ${place}` })) };
  });
  return (
    <section class="recent">
      <h2>Names{list.total !== null && ` (${number(list.total)})`}</h2>
      <MoreTable caption="Names of the change" columns={columns} keyOf={(row) => row.place} list={list} label="More" />
    </section>
  );
}

const changeLink = (id, words) => <a href={href('change', [id])}>{words}</a>;

function factsOf(change, nameOf) {
  return [
    ['When', <Time at={change.at} />],
    ['Who', <By by={change.by} />],
    change.from && ['From', <code>{change.from}</code>],
    ['Where', <Place of={change} nameOf={nameOf} alone />],
    change.reason && ['Reason', <bdi>{change.reason}</bdi>],
    change.importId && ['Import', <a href={href('import', [change.importId])}>Show the import</a>],
    change.undoes && ['Undoes', changeLink(change.undoes, 'Show the change that it took back')],
    change.undoneBy && ['Undone', changeLink(change.undoneBy, 'Show the undo')],
  ];
}

function Full({ change, onDone }) {
  const { canWrite } = useApp();
  const nameOf = useCampaignNames();
  const [undone, setUndone] = useState(null);
  const title = changeTitle(change);
  const done = (answer) => {
    setUndone(answer);
    onDone();
  };
  const button = canWrite && canUndo(change) && !change.undoneBy && !undone
    && <UndoButton name="change" text={`${title} in ${placeText(change, nameOf)}`} undo={(more) => undo(change.id, more)} onDone={done} />;
  return (
    <Page title={title} actions={button}>
      {undone && <Undone answer={undone} />}
      <Pairs class="facts card" pairs={factsOf(change, nameOf)} />
      <ChangedNames id={change.id} />
    </Page>
  );
}

export function Change({ route }) {
  const id = route.args[0] ?? '';
  const { data: change, error, reload } = useGet(api.path('changes', id));
  if (change) return <Full change={change} onDone={reload} />;
  return <Pending title="Change" error={error} onRetry={reload} all={<a href={href('audit')}>All actions</a>} />;
}
