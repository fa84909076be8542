// Leads and activities of a campaign, page by page, and why a lead is or is not contacted.
import { useEffect, useState } from 'preact/hooks';
import * as api from '../api.js';
import { dateTime } from '../format.js';
import { useAction, useApp, useLive, useLoad, useSettled } from '../hooks.js';
import { nameOf as nameIn, typeWords } from '../names.js';
import { href, setQuery } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { Dialog } from '../parts/dialog.jsx';
import { SelectField, TextField } from '../parts/field.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Pager, pageOf } from '../parts/pager.jsx';
import { Table } from '../parts/table.jsx';
import { Badge, Lead, Status, Time, byText, pageOfName, statusText } from '../parts/text.jsx';
import { Skeleton } from '../parts/skeleton.jsx';

const size = 25;
const fewTimes = 5;
const searchMs = 250;
const leadStatuses = ['waiting', 'active', 'paused', 'completed', 'error', 'blocked'];
const activityStates = ['claimed', 'done', 'replied', 'failed', 'scheduled', 'skipped_blocked', 'skipped_contacted'];
const stepNames = { visit_profile: 'Profile visit', invitation: 'Invitation', message: 'Message' };

const optionsOf = (values, all) => [{ value: '', label: all }, ...values.map((value) => ({ value, label: statusText(value) }))];

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

function Paged({ caption, columns, page, answer, empty }) {
  const { data, error, loading, reload } = answer;
  const rows = data?.data ?? null;
  const cut = rows?.length < size && data.next?.cursor;
  const more = Boolean(data && !cut && (data.total === null ? data.next : page * size < data.total));
  return (
    <>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {rows?.length === 0 && !loading && !cut ? empty : !(error && !data) && <Table caption={caption} columns={columns} rows={rows} keyOf={(row) => row.id} busy={loading} />}
      {cut && <Button busy={loading} onClick={answer.further}>Look further</Button>}
      {rows && (rows.length > 0 || page > 1) && <Pager label={`Pages of ${caption.toLowerCase()}`} page={page} size={size} shown={rows.length} total={data.total} more={more}
        onPage={(next) => setQuery({ page: next > 1 ? next : '' })} />}
    </>
  );
}

const nameOf = (lead) => [lead.firstName, lead.lastName].filter(Boolean).join(' ');

const leadColumns = (onWhy) => [
  { label: 'Lead', header: true, class: 'lead-cell', render: (lead) => <Lead id={lead.publicIdentifier} /> },
  { label: 'Name', class: 'detail-cell', render: (lead) => nameOf(lead) || <span class="muted none">–</span> },
  { label: 'Company', class: 'detail-cell', render: (lead) => lead.companyName || <span class="muted none">–</span> },
  { label: 'Status', render: (lead) => <Status status={lead.status} /> },
  { label: 'Blocked', render: (lead) => {
    if (lead.blocked) return <Badge kind="bad">Blocked: {lead.blockedScope}</Badge>;
    return lead.skippedContacted ? <Badge kind="warn">Contacted elsewhere</Badge> : <span class="muted none">No</span>;
  } },
  { label: 'Why', hideLabel: true, class: 'action-cell', render: (lead) => <Button aria-label={`Why: ${lead.publicIdentifier}`} onClick={() => onWhy(lead)}>Why?</Button> },
];

const serverTime = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

function Explanation({ why }) {
  return (
    <>
      <p class="because"><Badge kind={why.contact ? 'ok' : 'bad'}>{why.contact ? 'Will be contacted' : 'Will not be contacted'}</Badge></p>
      <p>{why.because.replace(serverTime, dateTime)}</p>
      <dl class="facts">
        <div><dt>Lead</dt><dd>{statusText(why.status)}</dd></div>
        <div><dt>Campaign</dt><dd>{statusText(why.campaignStatus)}</dd></div>
        <div><dt>Next step</dt><dd>{why.nextStep ? `${why.nextStep.order}. ${stepNames[why.nextStep.type] ?? why.nextStep.type}` : 'None'}</dd></div>
        <div><dt>Due</dt><dd><Time at={why.dueAt} /></dd></div>
      </dl>
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
      {act.error && <ErrorNotice error={act.error} />}
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
  const { data: why, error, reload } = useLoad(async (signal) => (
    (await api.get(api.path('campaigns', campaign.id, 'leads', lead.id, 'explain'), { signal })).data), [lead.id]);
  return (
    <Dialog title={`Why: ${lead.publicIdentifier}`} onClose={onClose}>
      <div class="why" aria-live="polite">
        {error && <ErrorNotice error={error} onRetry={reload} />}
        {why ? <Explanation why={why} /> : !error && <Skeleton />}
      </div>
      {canWrite && why && <LeadActions lead={lead} status={why.status} onDone={() => { reload(); onChange(); }} onRemoved={() => { onClose(); onChange(); }} />}
    </Dialog>
  );
}

function SearchField({ search }) {
  const [text, setText] = useState(search);
  const settled = useSettled(text, searchMs).trim();
  useEffect(() => {
    if (settled !== search) setQuery({ search: settled, page: '' }, { replace: true });
  }, [settled]);
  return <TextField label="Search leads" type="search" value={text} onValue={setText} placeholder="Name, company or profile name" spellcheck={false} frame="search-field" />;
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
        <SearchField key={search ? 'some' : 'none'} search={search} />
        <SelectField label="Status" value={status} onValue={(value) => setQuery({ status: value, page: '' }, { replace: true })} options={optionsOf(leadStatuses, 'Any')} />
        {canWrite && <LinkButton icon="add" href={href('add-leads', [campaign.id])}>Add leads</LinkButton>}
      </div>
      <Paged caption="Leads" columns={leadColumns(setAsked)} page={page} answer={answer} empty={empty} />
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
  { label: 'Detail', class: 'detail-cell', render: (activity) => activity.detail || <span class="muted none">–</span> },
];

export function ActivitiesTab({ campaign, query }) {
  const page = pageOf(query);
  const state = activityStates.includes(query.state) ? query.state : '';
  const answer = usePages(api.path('campaigns', campaign.id, 'activities'), { state }, page);
  const empty = <Empty title="No activities"><p>{state ? 'No activity is in this state.' : 'No activity has been handed out yet. An active campaign hands them out to the tool that sends: '}{!state && <a href="docs/send">how to connect one</a>}</p></Empty>;
  return (
    <>
      <div class="filters">
        <SelectField label="State" value={state} onValue={(value) => setQuery({ state: value, page: '' }, { replace: true })} options={optionsOf(activityStates, 'Handed out')} />
      </div>
      <Paged caption="Activities" columns={activityColumns} page={page} answer={answer} empty={empty} />
    </>
  );
}
