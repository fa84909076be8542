// One campaign: its progress, and in tabs its leads, activities, blocklist and steps.
import * as api from '../api.js';
import { number, percent } from '../format.js';
import { useAction, useApp, useGet, useLive, useLoad } from '../hooks.js';
import { campaignList } from '../lists.js';
import { href } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { ErrorNotice } from '../parts/notice.jsx';
import { Page, Pending } from '../parts/page.jsx';
import { Pairs } from '../parts/pairs.jsx';
import { Progress } from '../parts/progress.jsx';
import { Tabs } from '../parts/tabs.jsx';
import { Status, Time } from '../parts/text.jsx';
import { SettingsTab } from './campaign-settings.jsx';
import { SequenceTab } from './campaign-steps.jsx';
import { ActivitiesTab, LeadsTab } from './campaign-tabs.jsx';

const tabNames = { leads: 'Leads', sequence: 'Sequence', activities: 'Activities', blocklist: 'Blocklist', settings: 'Settings' };

/** isOld: the state may be another one by now. */
function StateButton({ campaign, isOld, onDone }) {
  const { toast } = useApp();
  const runs = campaign.status === 'active';
  const action = useAction(async () => {
    const { data } = await api.put(api.path('campaigns', campaign.id, runs ? 'pause' : 'activate'));
    toast(data.message);
    onDone();
  });
  return (
    <>
      <Button kind={runs ? 'plain' : 'primary'} busy={action.busy || isOld} onClick={action.run}>{runs ? 'Pause' : 'Activate'}</Button>
      <ErrorNotice error={action.error} />
    </>
  );
}

const figuresOf = ({ totalLeads, leads, acceptanceRate, responseRate }) => [
  ['Leads', totalLeads], ['Waiting', leads.waiting], ['Active', leads.active], ['Completed', leads.completed], ['In error', leads.error],
  ['Blocked', leads.blocked], leads.skippedContacted > 0 && ['Contacted elsewhere', leads.skippedContacted],
  ['Accepted', percent(acceptanceRate ?? 0)], ['Replied', percent(responseRate ?? 0)],
];

function BlocklistTab({ campaign }) {
  const { canWrite } = useApp();
  const list = campaignList(campaign.id);
  const { data: total, error } = useLoad(async (signal) => (
    (await api.get(api.path('campaigns', campaign.id, 'blocked-leads'), { signal, query: { take: 1 } })).total), [campaign.id]);
  if (error) return <ErrorNotice error={error} />;
  return (
    <section class="card">
      <h2>Blocklist of this campaign</h2>
      <p><strong>{total === null ? '…' : number(total)}</strong> on the list. <strong>{number(campaign.analytics.leads.blocked)}</strong> leads of the campaign are blocked by this list or by the workspace’s.</p>
      <div class="button-row">
        <LinkButton kind="primary" href={href('blocklist', [], { list })}>Open the blocklist</LinkButton>
        {canWrite && <LinkButton icon="add" href={href('add', [], { list })}>Block leads</LinkButton>}
      </div>
    </section>
  );
}

const tabs = { leads: LeadsTab, activities: ActivitiesTab, blocklist: BlocklistTab, sequence: SequenceTab, settings: SettingsTab };

export function Campaign({ route }) {
  const id = route.args[0] ?? '';
  const { canWrite } = useApp();
  const { data: campaign, error, loading, reload, refresh } = useGet(api.path('campaigns', id));
  useLive(refresh);
  if (!campaign) return <Pending title="Campaign" error={error} onRetry={reload} all={<a href={href('campaigns')}>All campaigns</a>} />;
  const current = route.query.tab in tabs ? route.query.tab : 'leads';
  const Tab = tabs[current];
  return (
    <Page title={campaign.name} actions={canWrite && <StateButton campaign={campaign} isOld={loading || error !== null} onDone={reload} />}
      lead={<><Status status={campaign.status} /> <span class="muted">Id <code>{campaign.id}</code>, created <Time at={campaign.createdAt} dateOnly /></span></>}>
      <ErrorNotice error={error} onRetry={reload} />
      <Progress label="Progress" value={campaign.progress} note={`${number(campaign.progress)} %`} />
      <Pairs pairs={figuresOf(campaign.analytics)} />
      <Tabs label="Parts of the campaign" current={current}
        tabs={Object.entries(tabNames).map(([tab, label]) => ({ id: tab, label, href: href('campaign', [id], { tab }) }))} />
      <Tab key={current} campaign={campaign} query={route.query} onChange={reload} />
    </Page>
  );
}
