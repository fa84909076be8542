// One subscription to events: its state, its last deliveries, and what can be done with it.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { useAction, useApp, useLoad } from '../hooks.js';
import { go, href } from '../router.js';
import { Button } from '../parts/button.jsx';
import { when } from '../parts/columns.jsx';
import { ConfirmDialog, DeleteDialog } from '../parts/dialog.jsx';
import { MoreTable, useMore } from '../parts/more.jsx';
import { Empty, ErrorNotice, Notice } from '../parts/notice.jsx';
import { Page, Pending } from '../parts/page.jsx';
import { Pairs } from '../parts/pairs.jsx';
import { By, StateBadge, Time } from '../parts/text.jsx';
import { useCampaignNames } from '../parts/list-choice.jsx';
import { HookState, SecretDialog, eventWords, hooksOf } from './hooks.jsx';

const take = 50;
const pathOf = (hook, ...rest) => api.path('hooks', hook.id, ...rest);

const deliveryStates = { delivered: ['ok', 'Delivered'], failed: ['warn', 'Tried again'], given_up: ['bad', 'Not delivered'] };
const kinds = { event: 'Event', test: 'Test', retry: 'Event, once more' };

/** What the receiver said, or why it said nothing. */
const answerOf = (delivery) => delivery.error ?? `${delivery.responseStatus} after ${delivery.durationMs} ms`;

function RetryButton({ hook, delivery, onDone }) {
  const { toast } = useApp();
  const action = useAction(async () => {
    const { data } = await api.post(pathOf(hook, 'deliveries', delivery.id, 'retry'));
    toast(`${data.message}.`);
    onDone();
  });
  return (
    <>
      <Button kind="quiet" busy={action.busy} aria-label={`Send the event of ${delivery.lastTryAt} once more`} onClick={() => action.run()}>Send again</Button>
      <ErrorNotice error={action.error} />
    </>
  );
}

const columns = (hook, onDone) => [
  when('lastTryAt'),
  { label: 'What', render: (delivery) => kinds[delivery.kind] ?? delivery.kind },
  { label: 'State', render: (delivery) => <StateBadge states={deliveryStates} status={delivery.status} /> },
  { label: 'Tries', class: 'number', render: (delivery) => delivery.tries },
  { label: 'Answer', class: 'reason-cell', render: answerOf },
  { label: 'Again', hideLabel: true, class: 'action-cell',
    render: (delivery) => delivery.kind !== 'test' && <RetryButton hook={hook} delivery={delivery} onDone={onDone} /> },
];

function Deliveries({ hook, onDone }) {
  const list = useMore((query) => api.get(pathOf(hook, 'deliveries'), { query: { take, ...query } }));
  return (
    <section class="recent">
      <h2>Last deliveries</h2>
      <MoreTable caption="Last deliveries" columns={columns(hook, onDone)} keyOf={(delivery) => delivery.id} list={list}
        empty={<Empty title="Nothing was sent yet"><p>Send a test to see what the receiver answers.</p></Empty>} />
    </section>
  );
}

function factsOf(hook, nameOf) {
  return [
    ['State', <HookState hook={hook} />],
    ['When', eventWords[hook.type] ?? hook.type],
    ['Where', hook.campaignId ? <>Campaign <a href={href('campaign', [hook.campaignId])}><bdi>{nameOf(hook.campaignId)}</bdi></a></> : 'The whole workspace'],
    ['Created', <><Time at={hook.createdAt} /> · <By by={hook.by} /></>],
    hook.failingSince && ['Not accepted since', <Time at={hook.failingSince} />],
    hook.nextTryAt && ['Next try', <Time at={hook.nextTryAt} />],
  ];
}

function Actions({ hook, isOld, onChanged, onOpen }) {
  const { toast } = useApp();
  const test = useAction(async () => {
    const { data } = await api.post(pathOf(hook, 'test'));
    toast(data.success ? 'The receiver has accepted the test.' : `The receiver has not accepted the test: ${data.delivery.error ?? data.message}.`);
    onChanged();
  });
  const turn = useAction(async () => {
    await api.put(pathOf(hook), { action: hook.status === 'active' ? 'pause' : 'resume' });
    onChanged();
  });
  const error = test.error ?? turn.error;
  return (
    <>
      <div class="button-row">
        <Button busy={test.busy} onClick={() => test.run()}>Send a test</Button>
        {hook.status !== 'gone' && <Button busy={turn.busy || isOld} onClick={() => turn.run()}>{hook.status === 'active' ? 'Pause' : 'Resume'}</Button>}
        <Button onClick={() => onOpen('rotate')}>New secret</Button>
        <Button kind="danger" onClick={() => onOpen('end')}>End</Button>
      </div>
      <ErrorNotice error={error} />
    </>
  );
}

/** isOld: the state may be another one by now; error: of the look at it. */
function Full({ hook, isOld, error, onChanged }) {
  const nameOf = useCampaignNames();
  const [open, setOpen] = useState(null);
  const [rotated, setRotated] = useState(null);
  const [turn, setTurn] = useState(0);
  const close = () => setOpen(null);
  const changed = () => {
    setTurn((count) => count + 1);
    onChanged();
  };
  const rotate = async () => setRotated((await api.put(pathOf(hook), { action: 'rotate' })).data);
  return (
    <Page title="Subscription" lead={<code>{hook.url}</code>}>
      <ErrorNotice error={error} onRetry={onChanged} />
      {hook.status === 'failing' && <Notice kind="bad" title="Events are no longer sent."><p>Nothing was accepted for too long. Their place is kept: resume when the receiver is well again.</p></Notice>}
      <Pairs class="facts card" pairs={factsOf(hook, nameOf)} />
      <Actions hook={hook} isOld={isOld} onChanged={changed} onOpen={setOpen} />
      <Deliveries key={turn} hook={hook} onDone={changed} />
      {open === 'end' && <DeleteDialog title="End this subscription?" confirmLabel="End" path={pathOf(hook)} said="The subscription has ended." onDone={() => go(href('hooks'))} onClose={close}><p>Nothing more is sent to {hook.url}, and what is known of its deliveries is removed.</p></DeleteDialog>}
      {open === 'rotate' && <ConfirmDialog title="Make a new secret?" confirmLabel="Make a new secret" kind="primary" onConfirm={rotate} onClose={close}><p>For 24 hours events have two signatures, by the old and by the new secret. Then the old one ends.</p></ConfirmDialog>}
      {rotated && <SecretDialog hook={rotated} title="Your new secret" onClose={() => setRotated(null)} />}
    </Page>
  );
}

export function Hook({ route }) {
  const id = route.args[0] ?? '';
  const { data: hooks, error, loading, reload } = useLoad(hooksOf, [id]);
  const hook = hooks?.find((one) => one.id === id);
  if (hook) return <Full hook={hook} isOld={loading || error !== null} error={error} onChanged={reload} />;
  const gone = hooks && { message: 'This subscription does not exist, or no longer.' };
  return <Pending title="Subscription" error={error ?? gone} onRetry={reload} all={<a href={href('hooks')}>All subscriptions</a>} />;
}
