// Leads and activities of a campaign, page by page, and why a lead is or is not contacted.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { dateTime } from '../format.js';
import { useAction, useApp, useGet, useLive, useLoad } from '../hooks.js';
import { nameOf as nameIn, typeWords } from '../names.js';
import { href, setQuery } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { lead as aboutLead } from '../parts/columns.jsx';
import { Dialog } from '../parts/dialog.jsx';
import { SelectField } from '../parts/field.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Paged, pageOf } from '../parts/pager.jsx';
import { Pairs } from '../parts/pairs.jsx';
import { SearchField } from '../parts/search.jsx';
import { Badge, Lead, Status, Time, byText, orDash, pageOfName, statusOptions, statusText } from '../parts/text.jsx';
import { Skeleton } from '../parts/skeleton.jsx';
import { stepNames } from './campaign-steps.jsx';

const size = 25;
const fewTimes = 5;
const leadStatuses = ['waiting', 'active', 'paused', 'completed', 'error', 'blocked'];
const activityStates = ['claimed', 'done', 'replied', 'failed', 'scheduled', 'skipped_blocked', 'skipped_contacted'];

/** A page: a search may end one before it is full, and the next goes on, so many times. */
async function fullPage(path, query, times, signal) {
  const first = await api.get(path, { signal, query });
  const rows = first.data;
  let { next } = first;
  while (next?.cursor && rows.length < size && times-- > 0) {
    const more = await api.get(path, { signal, query: { ...next, take: size - rows.length } });
    rows.push(...more.data);
    next = more.next;
  }
  return { ...first, next };
}

function usePages(path, query, page) {
  const key = [path, JSON.stringify(query), page];
  const [asked, setAsked] = useState({});
  const times = asked[key] ?? fewTimes;
  const answer = useLoad((signal) => fullPage(path, { ...query, skip: (page - 1) * size, take: size }, times, signal), [...key, times]);
  useLive(answer.refresh, answer.loading && times > fewTimes); // events must not begin a long look again and again
  return { ...answer, further: () => setAsked({ [key]: times * 4 }) };
}

const leadColumns = (onWhy) => [
  { label: 'Lead', header: true, class: 'lead-cell', render: (lead) => <Lead id={lead.publicIdentifier} /> },
  ...aboutLead,
  { label: 'Why', hideLabel: true, class: 'action-cell', render: (lead) => <Button aria-label={`Why: ${lead.publicIdentifier}`} onClick={() => onWhy(lead)}>Why?</Button> },
];

const serverTime = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

function Explanation({ why }) {
  return (
    <>
      <p class="because"><Badge kind={why.contact ? 'ok' : 'bad'}>{why.contact ? 'Will be contacted' : 'Will not be contacted'}</Badge></p>
      <p>{why.because.replace(serverTime, dateTime)}</p>
      <Pairs class="facts" pairs={[
        ['Lead', statusText(why.status)], ['Campaign', statusText(why.campaignStatus)],
        ['Next step', why.nextStep ? `${why.nextStep.order}. ${stepNames[why.nextStep.type] ?? why.nextStep.type}` : 'None'],
        ['Due', <Time at={why.dueAt} />]]} />
      {why.blocks?.length > 0 && (
        <>
          <h3>Blocks</h3>
          <ul>
            {why.blocks.map((block) => (
              <li key={`${block.scope}/${block.type ?? ''}/${block.publicIdentifier ?? block.value}`}>
                {statusText(block.scope)}: {block.type && `${typeWords[block.type] ?? block.type} `}<a href={pageOfName(nameIn(block))}><bdi>{nameIn(block).value}</bdi></a>, since <Time at={block.since} />{block.reason && <>, “<bdi>{block.reason}</bdi>”</>}{block.by && <>, by <bdi>{byText(block.by)}</bdi></>}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** What can be done with one lead. A lead that has been through all steps stays so. */
function LeadActions({ lead, status, onDone, onRemoved }) {
  const { toast } = useApp();
  const [asking, setAsking] = useState(false);
  const path = api.path('leads', lead.id);
  const act = useAction(async (change, after) => {
    const { data } = await change();
    toast(data.message);
    after();
  });
  const setStatus = (value) => act.run(() => api.put(`${path}/status`, { status: value }), onDone);
  return (
    <>
      <ErrorNotice error={act.error} />
      {asking && <p>The lead goes with its activities. Blocks stay.</p>}
      <div class="dialog-actions">
        {asking
          ? <><Button onClick={() => setAsking(false)}>Cancel</Button><Button kind="danger" busy={act.busy} onClick={() => act.run(() => api.del(path), onRemoved)}>Remove the lead</Button></>
          : (
            <>
              <Button onClick={() => setAsking(true)}>Remove</Button>
              {['waiting', 'active'].includes(status) && <Button busy={act.busy} onClick={() => setStatus('paused')}>Pause</Button>}
              {['paused', 'error'].includes(status) && <Button busy={act.busy} onClick={() => setStatus('active')}>{status === 'error' ? 'Try again' : 'Resume'}</Button>}
            </>
          )}
      </div>
    </>
  );
}

function WhyDialog({ campaign, lead, onChange, onClose }) {
  const { canWrite } = useApp();
  const { data: why, error, reload } = useGet(api.path('campaigns', campaign.id, 'leads', lead.id, 'explain'));
  return (
    <Dialog title={`Why: ${lead.publicIdentifier}`} onClose={onClose}>
      <div class="why" aria-live="polite">
        <ErrorNotice error={error} onRetry={reload} />
        {why ? <Explanation why={why} /> : !error && <Skeleton />}
      </div>
      {canWrite && why && <LeadActions lead={lead} status={why.status} onDone={() => { reload(); onChange(); }} onRemoved={() => { onClose(); onChange(); }} />}
    </Dialog>
  );
}

export function LeadsTab({ campaign, query, onChange }) {
  const page = pageOf(query);
  const status = leadStatuses.includes(query.status) ? query.status : '';
  const search = query.search ?? '';
  const { canWrite } = useApp();
  const [asked, setAsked] = useState(null);
  const answer = usePages(api.path('campaigns', campaign.id, 'leads'), { ...(status === 'blocked' ? { blocked: true } : { status }), search }, page);
  const empty = search
    ? <Empty title="Nothing found"><p>No lead of this campaign has “<bdi>{search}</bdi>” in its name, company or profile name.</p><Button onClick={() => setQuery({ search: '', page: '' })}>Show all</Button></Empty>
    : status
    ? <Empty title={`No lead is ${status}`}><Button onClick={() => setQuery({ status: '', page: '' })}>Show all</Button></Empty>
    : <Empty title="This campaign has no leads yet"><p>Drop an export of LinkedIn, of a CRM or a spreadsheet.</p>{canWrite && <LinkButton kind="primary" icon="add" href={href('add-leads', [campaign.id])}>Add leads</LinkButton>}</Empty>;
  return (
    <>
      <div class="filters lead-filters" role="search">
        <SearchField label="Search leads" search={search} placeholder="Name, company or profile name" />
        <SelectField label="Status" value={status} onValue={(value) => setQuery({ status: value, page: '' }, { replace: true })} options={statusOptions(leadStatuses, 'Any')} />
        {canWrite && <LinkButton icon="add" href={href('add-leads', [campaign.id])}>Add leads</LinkButton>}
      </div>
      <Paged caption="Leads" columns={leadColumns(setAsked)} page={page} size={size} answer={answer} empty={empty} />
      {asked && <WhyDialog campaign={campaign} lead={asked} onChange={() => { answer.refresh(); onChange(); }} onClose={() => setAsked(null)} />}
    </>
  );
}

const whenOf = (activity) => activity.completedAt ?? activity.claimedAt ?? activity.dueAt;

const activityColumns = [
  { label: 'Lead', header: true, class: 'lead-cell', render: (activity) => <Lead id={activity.publicIdentifier} /> },
  { label: 'Step', class: 'type-cell', render: (activity) => `${activity.order ?? ''}. ${stepNames[activity.type] ?? activity.type}` },
  { label: 'State', render: (activity) => <Status status={activity.state} /> },
  { label: 'When', render: (activity) => <Time at={whenOf(activity)} /> },
  { label: 'Attempts', class: 'number', render: (activity) => activity.attempts ?? 0 },
  { label: 'Detail', class: 'detail-cell', render: (activity) => orDash(activity.detail) },
];

export function ActivitiesTab({ campaign, query }) {
  const page = pageOf(query);
  const state = activityStates.includes(query.state) ? query.state : '';
  const answer = usePages(api.path('campaigns', campaign.id, 'activities'), { state }, page);
  const empty = <Empty title="No activities"><p>{state ? 'No activity is in this state.' : 'No activity has been handed out yet. An active campaign hands them out to the tool that sends: '}{!state && <a href="docs/send">how to connect one</a>}</p></Empty>;
  return (
    <>
      <div class="filters">
        <SelectField label="State" value={state} onValue={(value) => setQuery({ state: value, page: '' }, { replace: true })} options={statusOptions(activityStates, 'Handed out')} />
      </div>
      <Paged caption="Activities" columns={activityColumns} page={page} size={size} answer={answer} empty={empty} />
    </>
  );
}
