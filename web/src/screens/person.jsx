// One person: blocked now or not, in which campaigns, and what happened.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { saveFile } from '../download.js';
import { dateTime } from '../format.js';
import { useAction, useApp, useLoad } from '../hooks.js';
import { historyOf, undo, undoneText, whereBlocked } from '../lists.js';
import { href } from '../router.js';
import { Place, canUndo, changeTitle, changeWords, placeText } from '../parts/action.jsx';
import { Button } from '../parts/button.jsx';
import { ConfirmDialog, Dialog } from '../parts/dialog.jsx';
import { useCampaignChoices, useCampaignNames } from '../parts/list-choice.jsx';
import { MoreTable, useMore } from '../parts/more.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Table } from '../parts/table.jsx';
import { Badge, By, ProfileLink, Status, Time } from '../parts/text.jsx';
import { problemText } from './check.jsx';
import { Erase } from './erase.jsx';
import { Verdict } from './verdict.jsx';

/** Columns about the campaign and the lead in it. */
export const leadColumns = [
  { label: 'Campaign', header: true, render: (lead) => <a class="row-link" href={href('campaign', [lead.campaignId])}><bdi>{lead.campaignName}</bdi></a> },
  { label: 'Status', render: (lead) => <Status status={lead.status} /> },
  { label: 'Blocked', render: (lead) => (lead.blocked ? <Badge kind="bad">Blocked: {lead.blockedScope}</Badge> : <span class="muted none">No</span>) },
  { label: 'Name', class: 'detail-cell', render: (lead) => [lead.firstName, lead.lastName].filter(Boolean).join(' ') || <span class="muted none">–</span> },
  { label: 'Company', class: 'detail-cell', render: (lead) => lead.companyName || <span class="muted none">–</span> },
  { label: 'Lead since', labelled: true, class: 'time-cell', render: (lead) => <Time at={lead.createdAt} dateOnly /> },
];

/** Few people are leads of more campaigns than the first page has. A name that an earlier version stored may be no name for leads. */
function leadsOf(id, signal) {
  return api.get('leads', { signal, query: { publicIdentifier: id, take: 100 } }).catch((error) => {
    if (error.code !== 'invalid_identifier') throw error;
    return { data: [], next: null };
  });
}

function Campaigns({ id }) {
  const { data, error, reload } = useLoad((signal) => leadsOf(id, signal), [id]);
  return (
    <section class="recent">
      <h2>Campaigns</h2>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {data?.data.length === 0 && <p class="muted">This person is not a lead in any campaign.</p>}
      {(data ? data.data.length > 0 : !error) && <Table caption="Campaigns with this lead" columns={leadColumns} rows={data?.data ?? null} keyOf={(lead) => lead.id} />}
      {data?.next && <p class="muted">The first 100 campaigns are shown.</p>}
    </section>
  );
}

function What({ event }) {
  return (
    <>
      <a class="row-link" href={href('change', [event.changeId])}>{changeWords[event.what] ?? event.what}</a>
      {event.importId && <> by <a href={href('import', [event.importId])}>an import</a></>}
      {event.standing && <> <Badge kind="bad">Holds</Badge></>}
    </>
  );
}

/** Only the change as a whole can be taken back: it is looked up to say what that is. */
function UndoDialog({ id, nameOf, onDone, onClose }) {
  const { toast, workspace } = useApp();
  const { data: change, error, reload } = useLoad(async (signal) => (await api.get(api.path('changes', id), { signal })).data, [id]);
  const confirm = async () => {
    const { data } = await undo(id, { workspaceId: workspace.id });
    toast(undoneText(data));
    onDone();
  };
  const title = 'Undo this change?';
  if (!change || change.undoneBy) {
    return (
      <Dialog title={title} onClose={onClose}>
        {error ? <ErrorNotice error={error} onRetry={reload} /> : <p>{change ? 'It was undone already.' : 'Loading…'}</p>}
        <div class="dialog-actions"><Button onClick={onClose}>Close</Button></div>
      </Dialog>
    );
  }
  return (
    <ConfirmDialog title={title} confirmLabel="Undo" kind="primary" onConfirm={confirm} onClose={onClose}>
      <p>{changeTitle(change)} in {placeText(change, nameOf)}. All of that is taken back; what others did stays.</p>
    </ConfirmDialog>
  );
}

/** A request that does not hold has nothing to take back for this person. */
const canBeUndone = (event) => event.standing !== false && canUndo(event);

function undoColumn(nameOf, onUndo) {
  const name = (event) => `Undo: ${changeWords[event.what] ?? event.what} in ${placeText(event, nameOf)}, ${dateTime(event.at)}`;
  const render = (event) => canBeUndone(event) && <Button kind="quiet" icon="undo" aria-label={name(event)} onClick={() => onUndo(event.changeId)}>Undo</Button>;
  return { label: 'Undo', hideLabel: true, class: 'action-cell', render };
}

const historyColumns = (nameOf) => [
  { label: 'When', header: true, class: 'time-cell', render: (event) => <Time at={event.at} /> },
  { label: 'What', render: (event) => <What event={event} /> },
  { label: 'Where', render: (event) => <Place of={event} nameOf={nameOf} alone /> },
  { label: 'Reason', class: 'reason-cell', render: (event) => event.reason ?? <span class="muted none">–</span> },
  { label: 'By', class: 'by-cell', render: (event) => <By by={event.by} /> },
];

/** fetch(query): a page of it. */
export function History({ fetch, onChange, none = 'This person was never on a blocklist.' }) {
  const { canWrite } = useApp();
  const [undoing, setUndoing] = useState(null);
  const nameOf = useCampaignNames();
  const list = useMore((query) => api.withRetry(() => fetch({ take: 50, ...query })));
  const empty = <p class="muted">{none}</p>;
  const columns = historyColumns(nameOf);
  return (
    <>
      <MoreTable caption="History" columns={canWrite ? [...columns, undoColumn(nameOf, setUndoing)] : columns}
        keyOf={(event) => `${event.changeId} ${event.campaignId} ${event.what}`} list={list} empty={empty} />
      {undoing && <UndoDialog key={undoing} id={undoing} nameOf={nameOf} onDone={onChange} onClose={() => setUndoing(null)} />}
    </>
  );
}

/** For those who have to show later what the log said. */
function Proof({ id }) {
  const act = useAction(async () => {
    const { data } = await api.withRetry(() => api.get('evidence', { query: { publicIdentifier: id } }));
    saveFile(`evidence-${id}.json`, [JSON.stringify(data)], { type: 'application/json', mark: '' });
  });
  return (
    <section class="recent">
      <h2>Proof</h2>
      <p class="muted">A signed statement of this history, to keep or hand on. <a href="docs/guarantee#evidence">What it proves</a>, and how it is checked.</p>
      {act.error && <ErrorNotice error={act.error} />}
      <Button icon="download" busy={act.busy} onClick={() => act.run()}>Download the statement</Button>
    </section>
  );
}

function Known({ verdict, onDone }) {
  const campaigns = useCampaignChoices();
  const [turn, setTurn] = useState(0);
  const id = verdict.publicIdentifier;
  const changed = () => {
    onDone();
    setTurn((old) => old + 1);
  };
  return (
    <>
      <Verdict verdict={verdict} onDone={changed} campaigns={campaigns ?? []} />
      <Campaigns key={`campaigns ${turn}`} id={id} />
      <section class="recent">
        <h2>History</h2>
        <History key={turn} fetch={(query) => historyOf(id, { query })} onChange={changed} />
      </section>
      <Proof id={id} />
      <Erase id={id} onDone={changed} />
    </>
  );
}

export function Person({ route }) {
  const asked = route.args[0] ?? '';
  const { data: verdict, error, reload } = useLoad(async (signal) => (await whereBlocked(asked, { signal })).data, [asked]);
  const id = verdict?.publicIdentifier ?? asked;
  return (
    <Page title={id} lead={<ProfileLink id={id}><span>LinkedIn profile</span></ProfileLink>}>
      {error?.code === 'invalid_identifier'
        ? <Notice kind="warn" title="This is not a LinkedIn profile"><p>{problemText(error)}</p></Notice>
        : error && <ErrorNotice error={error} onRetry={reload} />}
      {!verdict && !error && <div class="verdict placeholder" />}
      {verdict && <Known verdict={verdict} onDone={reload} />}
    </Page>
  );
}
