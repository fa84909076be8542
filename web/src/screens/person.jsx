// One person: blocked now or not, in which campaigns, and what happened.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { saveFile } from '../download.js';
import { dateTime } from '../format.js';
import { useAction, useApp, useGet, useLoad } from '../hooks.js';
import { historyOf, undoOf, whereBlocked } from '../lists.js';
import { isLinkedIn, nameOf as nameIn } from '../names.js';
import { href } from '../router.js';
import { Place, canUndo, changeTitle, changeWords, placeText } from '../parts/action.jsx';
import { Button } from '../parts/button.jsx';
import { by, day, lead, reason, when } from '../parts/columns.jsx';
import { ConfirmDialog, WaitDialog } from '../parts/dialog.jsx';
import { useCampaignChoices, useCampaignNames } from '../parts/list-choice.jsx';
import { MoreTable, useMore } from '../parts/more.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Rows } from '../parts/rows.jsx';
import { Badge, ProfileLink } from '../parts/text.jsx';
import { NotRead } from './check.jsx';
import { Erase } from './erase.jsx';
import { Verdict } from './verdict.jsx';

/** Columns about the campaign and the lead in it. */
export const leadColumns = [
  { label: 'Campaign', header: true, class: 'line', render: (row) => <a class="row-link" href={href('campaign', [row.campaignId])}><bdi>{row.campaignName}</bdi></a> },
  ...lead,
  day('Lead since', 'createdAt'),
];

/** Few people are leads of more campaigns than the first page has. A name that an earlier version stored may be no name for leads. */
function leadsOf(id, signal) {
  return api.get('leads', { signal, query: { publicIdentifier: id, take: 100 } }).catch((error) => {
    if (error.code !== 'invalid_identifier') throw error;
    return { data: [], next: null };
  });
}

/** isBlocked: by a name of the person. A lead may be blocked by its addresses or its company, too. */
function Campaigns({ of: { value: id }, isBlocked }) {
  const { data, error, reload } = useLoad((signal) => leadsOf(id, signal), [id]);
  const left = !isBlocked && data?.data.find((row) => row.blocked);
  return (
    <section class="recent">
      <h2>Campaigns</h2>
      <Rows caption="Campaigns with this lead" columns={leadColumns} rows={data?.data ?? null} keyOf={(row) => row.id} error={error} onRetry={reload}
        empty={<p class="muted">This person is not a lead in any campaign.</p>} />
      {left && <p>This person is left out by another name, such as an e-mail address, a domain or a company: <a href={href('campaign', [left.campaignId], { search: left.publicIdentifier })}>see why</a></p>}
      {data?.next && <p class="muted">The first 100 campaigns are shown.</p>}
    </section>
  );
}

function What({ event }) {
  return (
    <>
      <a class="row-link" href={href('change', [event.changeId])}>{changeWords[event.what] ?? event.what}</a>
      {event.standing && <> <Badge kind="bad">Holds</Badge></>}
      {event.importId && <> by <a href={href('import', [event.importId])}>an import</a></>}
    </>
  );
}

/** Only the change as a whole can be taken back: it is looked up to say what that is. */
function UndoDialog({ id, nameOf, onDone, onClose }) {
  const app = useApp();
  const { data: change, error, reload } = useGet(api.path('changes', id));
  const title = 'Undo this change?';
  if (!change || change.undoneBy) return <WaitDialog title={title} error={error} onRetry={reload} text={change && 'It was undone already.'} onClose={onClose} />;
  return (
    <ConfirmDialog title={title} confirmLabel="Undo" kind="primary" onConfirm={undoOf(id, app, onDone).run} onClose={onClose}>
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
  when(),
  { label: 'What', class: 'whole', render: (event) => <What event={event} /> },
  { label: 'Where', class: 'detail-cell line', render: (event) => <Place of={event} nameOf={nameOf} alone /> },
  reason, by(),
];

/** fetch(query): a page of it. */
function History({ fetch, onChange, none }) {
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
function Proof({ id, others }) {
  const act = useAction(async () => {
    const { data } = await api.withRetry(() => api.get('evidence', { query: { publicIdentifier: id } }));
    saveFile(`evidence-${id}.json`, [JSON.stringify(data)], { type: 'application/json', mark: '' });
  });
  return (
    <section class="recent">
      <h2>Proof</h2>
      <p class="muted">A signed statement of this history, to keep or hand on. <a href="docs/guarantee#evidence">What it proves</a>, and how it is checked.{others && ' It is of this name alone.'}</p>
      <ErrorNotice error={act.error} />
      <Button icon="download" busy={act.busy} onClick={() => act.run()}>Download the statement</Button>
    </section>
  );
}

/** What is known of a name. isOld: the verdict may be another one by now. Leads: a section of the leads that it names. fetch, none: of its history. children(changed): more of it. */
function Known({ verdict, isOld, onDone, Leads, fetch, none, children }) {
  const campaigns = useCampaignChoices();
  const [turn, setTurn] = useState(0);
  const whom = nameIn(verdict);
  const changed = () => {
    onDone();
    setTurn((old) => old + 1);
  };
  return (
    <>
      <Verdict verdict={verdict} onDone={changed} campaigns={campaigns ?? []} />
      <Leads key={`leads ${turn}`} of={whom} isBlocked={isOld || verdict.blocked} />
      <section class="recent">
        <div class="section-head">
          <h2>History</h2>
          {isLinkedIn(whom) && <a href={href('audit', [], { whom: whom.value })}>In the audit</a>}
        </div>
        <History key={turn} fetch={fetch} onChange={changed} none={none} />
      </section>
      {children?.(changed)}
    </>
  );
}

/** The same, of a name that the URL has. of: {type, value}; answer: of useLoad, its verdict. */
export function Named({ of: { type, value }, answer: { data: verdict, error, loading, reload }, ...rest }) {
  return (
    <>
      {error?.code === 'invalid_identifier' ? <NotRead type={type} error={error} value={value} /> : <ErrorNotice error={error} onRetry={reload} />}
      {verdict && <Known verdict={verdict} isOld={loading} onDone={reload} {...rest} />}
      {!verdict && !error && <div class="verdict placeholder" />}
    </>
  );
}

export function Person({ route }) {
  const asked = route.args[0] ?? '';
  const answer = useLoad(async (signal) => (await whereBlocked(asked, { signal })).data, [asked]);
  const id = answer.data?.publicIdentifier ?? asked;
  return (
    <Page title={id} lead={<ProfileLink id={id}><span>LinkedIn profile</span></ProfileLink>}>
      <Named of={{ value: asked }} answer={answer} Leads={Campaigns} fetch={(query) => historyOf(id, { query })} none="This person was never on a blocklist.">
        {(changed) => <><Proof id={id} others={answer.data.names} /><Erase of={{ type: 'publicIdentifier', value: id }} onDone={changed} /></>}
      </Named>
    </Page>
  );
}
