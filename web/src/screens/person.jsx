// One person: blocked now or not, in which campaigns, and what happened.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { useLoad } from '../hooks.js';
import { historyOf, whereBlocked } from '../lists.js';
import { href } from '../router.js';
import { useCampaignChoices, useCampaignNames } from '../parts/list-choice.jsx';
import { MoreTable, useMore } from '../parts/more.jsx';
import { ErrorNotice, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Table } from '../parts/table.jsx';
import { Badge, By, ProfileLink, Status, Time } from '../parts/text.jsx';
import { Place, changeWords } from '../parts/action.jsx';
import { problemText } from './check.jsx';
import { Verdict } from './verdict.jsx';

const leadColumns = [
  { label: 'Campaign', header: true, render: (lead) => <a class="row-link" href={href('campaign', [lead.campaignId])}><bdi>{lead.campaignName}</bdi></a> },
  { label: 'Status', render: (lead) => <Status status={lead.status} /> },
  { label: 'Blocked', render: (lead) => (lead.blocked ? <Badge kind="bad">Blocked: {lead.blockedScope}</Badge> : <span class="muted">No</span>) },
  { label: 'Name', class: 'detail-cell', render: (lead) => [lead.firstName, lead.lastName].filter(Boolean).join(' ') || <span class="muted">–</span> },
  { label: 'Company', class: 'detail-cell', render: (lead) => lead.companyName || <span class="muted">–</span> },
  { label: 'Lead since', class: 'time-cell', render: (lead) => <Time at={lead.createdAt} dateOnly /> },
];

/** Few people are leads of more campaigns than the first page has. */
function Campaigns({ id }) {
  const { data, error, reload } = useLoad((signal) => api.get('leads', { signal, query: { publicIdentifier: id, take: 100 } }), [id]);
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

const historyColumns = (nameOf) => [
  { label: 'When', header: true, class: 'time-cell', render: (event) => <Time at={event.at} /> },
  { label: 'What', render: (event) => <What event={event} /> },
  { label: 'Where', render: (event) => <Place of={event} nameOf={nameOf} /> },
  { label: 'Reason', class: 'reason-cell', render: (event) => event.reason ?? <span class="muted">–</span> },
  { label: 'By', class: 'by-cell', render: (event) => <By by={event.by} /> },
];

function History({ id }) {
  const nameOf = useCampaignNames();
  const list = useMore((query) => api.withRetry(() => historyOf(id, { query: { take: 50, ...query } })));
  const empty = <p class="muted">This person was never on a blocklist.</p>;
  return <MoreTable caption="History" columns={historyColumns(nameOf)} keyOf={(event) => `${event.changeId} ${event.campaignId} ${event.what}`} list={list} empty={empty} />;
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
        <History key={turn} id={id} />
      </section>
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
