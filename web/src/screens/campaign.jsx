// One campaign: its progress, and in tabs its leads, activities, blocklist and steps.
import * as api from '../api.js';
import { number, percent } from '../format.js';
import { useAction, useApp, useLive, useLoad } from '../hooks.js';
import { campaignList } from '../lists.js';
import { href } from '../router.js';
import { Button, LinkButton } from '../parts/button.jsx';
import { Empty, ErrorNotice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Progress } from '../parts/progress.jsx';
import { Tabs } from '../parts/tabs.jsx';
import { Badge, Status, Time } from '../parts/text.jsx';
import { ActivitiesTab, LeadsTab } from './campaign-tabs.jsx';
import { Skeleton } from '../parts/skeleton.jsx';

const tabNames = { leads: 'Leads', activities: 'Activities', blocklist: 'Blocklist', sequence: 'Sequence' };
const stepNames = { visit_profile: 'Visit the profile', invitation: 'Invitation', message: 'Message' };

function StateButton({ campaign, onDone }) {
  const { toast } = useApp();
  const runs = campaign.status === 'active';
  const action = useAction(async () => {
    const { data } = await api.put(api.path('campaigns', campaign.id, runs ? 'pause' : 'activate'));
    toast(data.message);
    onDone();
  });
  return (
    <>
      <Button kind={runs ? 'plain' : 'primary'} busy={action.busy} onClick={action.run}>{runs ? 'Pause' : 'Activate'}</Button>
      {action.error && <ErrorNotice error={action.error} />}
    </>
  );
}

function Figures({ campaign }) {
  const { analytics } = campaign;
  const figures = [
    ['Leads', number(analytics.totalLeads)], ['Waiting', number(analytics.leads.waiting)], ['Active', number(analytics.leads.active)],
    ['Completed', number(analytics.leads.completed)], ['In error', number(analytics.leads.error)], ['Blocked', number(analytics.leads.blocked)],
    ['Accepted', percent(analytics.acceptanceRate ?? 0)], ['Replied', percent(analytics.responseRate ?? 0)],
  ];
  return <dl class="figures">{figures.map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>;
}

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
        {canWrite && <LinkButton icon="add" href={href('add', [], { list })}>Add leads</LinkButton>}
      </div>
    </section>
  );
}

function delayText(hours) {
  if (!hours) return 'immediately';
  return hours % 24 === 0 ? `after ${number(hours / 24)} ${hours === 24 ? 'day' : 'days'}` : `after ${number(hours)} ${hours === 1 ? 'hour' : 'hours'}`;
}

/** The texts of a step of which each lead gets one, how large a share of them, and what came of it. */
function Variants({ step, results }) {
  const enabled = step.messages.filter((variant) => !variant.isDisabled).length;
  return (
    <ul class="variants" aria-label="Variants">
      {step.messages.map((variant) => {
        const { done = 0, accepted = 0, replied = 0 } = results.find((each) => each.variantId === variant.id) ?? {};
        return (
          <li key={variant.id}>
            <p>
              <strong>Variant {variant.order}</strong> {variant.isDisabled ? <Badge kind="warn">Disabled</Badge> : <Badge>{percent(1 / enabled)} of the leads</Badge>}
              {' '}<span class="muted">{number(done)} done, {step.type === 'invitation' && `${number(accepted)} accepted, `}{number(replied)} replied</span>
            </p>
            <p class="step-body">{variant.body}</p>
          </li>
        );
      })}
    </ul>
  );
}

/** What leads get when no variant is enabled. */
const bodyLabel = (step) => (
  step.messages.every((variant) => variant.isDisabled) ? 'All variants are disabled: leads get this text' : 'Not sent while a variant is enabled');

function SequenceTab({ campaign }) {
  const { data: steps, error, reload } = useLoad(async (signal) => (await api.get(api.path('campaigns', campaign.id, 'sequence'), { signal })).data.steps, [campaign.id]);
  if (error) return <ErrorNotice error={error} onRetry={reload} />;
  if (!steps) return <Skeleton />;
  if (steps.length === 0) return <Empty title="This campaign has no steps yet"><p>Steps are added through the API. <a href={href('api', [], { op: 'addStep' })}>How to add steps</a></p></Empty>;
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li key={step.id} class="card">
          <h2>{stepNames[step.type] ?? step.type}</h2>
          <p class="muted">{delayText(step.delayHours)}{step.stopOnReply && ' · ends when the lead replies'}</p>
          {step.messages.length > 0 && <Variants step={step} results={campaign.analytics.variants} />}
          {step.genericBody && step.messages.length > 0 && <p class="muted">{bodyLabel(step)}</p>}
          {step.genericBody && <p class="step-body">{step.genericBody}</p>}
        </li>
      ))}
    </ol>
  );
}

const tabs = { leads: LeadsTab, activities: ActivitiesTab, blocklist: BlocklistTab, sequence: SequenceTab };

export function Campaign({ route }) {
  const id = route.args[0] ?? '';
  const { canWrite } = useApp();
  const { data: campaign, error, reload, refresh } = useLoad(async (signal) => (await api.get(api.path('campaigns', id), { signal })).data, [id]);
  useLive(refresh);
  if (!campaign) {
    return (
      <Page title="Campaign" key="empty">
        {error ? <><ErrorNotice error={error} onRetry={reload} /><p><a href={href('campaigns')}>All campaigns</a></p></> : <Skeleton />}
      </Page>
    );
  }
  const current = route.query.tab in tabs ? route.query.tab : 'leads';
  const Tab = tabs[current];
  return (
    <Page key="full" title={campaign.name} actions={canWrite && <StateButton campaign={campaign} onDone={reload} />}
      lead={<><Status status={campaign.status} /> <span class="muted">Id <code>{campaign.id}</code>, created <Time at={campaign.createdAt} dateOnly /></span></>}>
      <Progress label="Progress" value={campaign.progress} note={`${number(campaign.progress)} %`} />
      <Figures campaign={campaign} />
      <Tabs label="Parts of the campaign" current={current}
        tabs={Object.entries(tabNames).map(([tab, label]) => ({ id: tab, label, href: href('campaign', [id], { tab }) }))} />
      <Tab key={current} campaign={campaign} query={route.query} />
    </Page>
  );
}
