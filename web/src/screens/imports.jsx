// Imports of files, each of which can be taken back as a whole: the last ones, and all.
import * as api from '../api.js';
import { useApp, useLive, useLoad } from '../hooks.js';
import { undoImport } from '../lists.js';
import { href } from '../router.js';
import { importText } from '../parts/action.jsx';
import { by, when } from '../parts/columns.jsx';
import { useCampaignNames } from '../parts/list-choice.jsx';
import { MoreTable, useMore } from '../parts/more.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Table } from '../parts/table.jsx';
import { UndoButton } from '../parts/undo.jsx';

const lastFew = 5;

export const importStates = { running: 'Running', done: 'Done', broken_off: 'Broken off', undone: 'Undone' };

/** Those into a list that has ended have nothing left to take back. */
export const canBeUndone = ({ state, scope, campaignId, blocked, unblocked }) => (
  ['done', 'broken_off'].includes(state) && (blocked ?? unblocked) > 0 && (scope === 'workspace' || campaignId !== null));

const keyOf = (entry) => entry.importId;

function useColumns(onUndone) {
  const { canWrite, toast } = useApp();
  const nameOf = useCampaignNames();
  const done = ({ data }) => {
    toast(`${data.message}.`);
    onUndone();
  };
  const columns = [
    when('startedAt'),
    { label: 'What', class: 'line', render: (entry) => <a class="row-link" href={href('import', [entry.importId])}>{importText(entry, nameOf)}</a> },
    { label: 'State', render: (entry) => importStates[entry.state] ?? entry.state },
    by('Who'),
  ];
  const undo = (entry) => canBeUndone(entry) && (
    <UndoButton name="import" kind="quiet" label={`Undo: ${importText(entry, nameOf)}`} text={importText(entry, nameOf)}
      undo={(more) => undoImport(entry.importId, more)} onDone={done} />
  );
  return canWrite ? [...columns, { label: 'Undo', hideLabel: true, class: 'action-cell', render: undo }] : columns;
}

/** Nothing as long as there are none. */
export function LastImports() {
  const { data, error, reload, refresh } = useLoad((signal) => api.get('imports', { signal, query: { take: lastFew } }), []);
  useLive(refresh);
  const columns = useColumns(reload);
  if (error) return <ErrorNotice error={error} onRetry={reload} />;
  if (!data?.data.length) return null;
  return (
    <section class="recent">
      <div class="section-head">
        <h2>Last imports</h2>
        {data.next && <a href={href('audit', [], { of: 'imports' })}>All imports</a>}
      </div>
      <Table caption="Last imports" columns={columns} rows={data.data} keyOf={keyOf} />
    </section>
  );
}

/** onUndone: lists them anew. */
export function AllImports({ onUndone }) {
  const list = useMore((query) => api.get('imports', { query: { take: 25, ...query } }));
  const columns = useColumns(onUndone);
  return <MoreTable caption="Imports" columns={columns} keyOf={keyOf} list={list} empty={<Empty title="No file was imported yet" />} />;
}
