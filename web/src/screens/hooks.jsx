// Subscriptions to events: where they are sent, and whether that goes well.
import { useState } from 'preact/hooks';
import * as api from '../api.js';
import { count, number } from '../format.js';
import { useApp, useLoad } from '../hooks.js';
import { campaignOf, workspaceList } from '../lists.js';
import { href } from '../router.js';
import { Button } from '../parts/button.jsx';
import { day } from '../parts/columns.jsx';
import { CopyText } from '../parts/copy.jsx';
import { Dialog, DialogEnd, FormDialog } from '../parts/dialog.jsx';
import { SelectField, TextField, optionsOf } from '../parts/field.jsx';
import { ListChoice, useCampaignChoices, useCampaignNames } from '../parts/list-choice.jsx';
import { Empty, Notice } from '../parts/notice.jsx';
import { Page } from '../parts/page.jsx';
import { Rows } from '../parts/rows.jsx';
import { Badge, By, StateBadge } from '../parts/text.jsx';

export const eventWords = {
  lead_blocked: 'A lead is blocked', lead_unblocked: 'A lead is unblocked', lead_opted_out: 'A lead opts out',
  connection_request_accepted: 'A lead accepts an invitation', message_received: 'A lead replies',
  campaign_completed: 'A campaign is completed', campaign_without_leads: 'A campaign has no leads any more',
};

const states = {
  active: ['ok', 'Active'], paused: ['warn', 'Paused'], failing: ['bad', 'Failing'], gone: ['bad', 'Ended by the receiver'],
};

/** What becomes of the events now, in a word. */
export function HookState({ hook }) {
  if (hook.status === 'active' && hook.failedTries > 0) return <Badge kind="warn">Tried again</Badge>;
  return <StateBadge states={states} status={hook.status} />;
}

export const hooksOf = async (signal) => (await api.get('hooks/list', { signal })).data;

function CreateDialog({ onDone, onClose }) {
  const campaigns = useCampaignChoices();
  const [url, setUrl] = useState('');
  const [type, setType] = useState('lead_blocked');
  const [list, setList] = useState(workspaceList);
  const create = async () => {
    const campaignId = campaignOf(list);
    const { data } = await api.post('zapier/hooks/subscribe', { url: url.trim(), type, ...(campaignId ? { campaignId } : {}) });
    onDone(data);
  };
  return (
    <FormDialog title="New subscription" submitLabel="Subscribe" onSubmit={create} onClose={onClose}>
      <TextField label="URL" type="url" value={url} onValue={setUrl} required maxLength={2000} placeholder="https://" hint="Where the events are sent: https, and an address that is public." />
      <SelectField label="When" value={type} onValue={setType} options={optionsOf(eventWords)} />
      <ListChoice label="Where" list={list} campaigns={campaigns} onList={setList} hint="In the whole workspace also means: in each of its campaigns." />
    </FormDialog>
  );
}

/** A secret is shown once. Without one the subscription was there before. */
export function SecretDialog({ hook, title, onClose }) {
  return (
    <Dialog title={title} wide onClose={onClose}>
      {hook.secret
        ? <><Notice kind="warn"><p>Copy the secret now. It is shown only once. The receiver verifies with it that events are from here.</p></Notice>
          <CopyText label="Secret" text={hook.secret} what="secret" /></>
        : <Notice><p>This subscription was there before. Its secret was shown when it was made.</p></Notice>}
      <DialogEnd onClose={onClose} />
    </Dialog>
  );
}

const columns = (nameOf) => [
  { label: 'URL', header: true, class: 'url-cell', render: (hook) => <a class="row-link" href={href('hook', [hook.id])}><bdi>{hook.url}</bdi></a> },
  { label: 'When', render: (hook) => <>{eventWords[hook.type] ?? hook.type}{' '}{hook.campaignId && <div class="muted">Campaign <bdi>{nameOf(hook.campaignId)}</bdi></div>}</> },
  { label: 'State', render: (hook) => <HookState hook={hook} /> },
  day('Created', 'createdAt'),
  { label: 'Who', render: (hook) => <By by={hook.by} /> },
];

/** Nothing as long as all goes well. */
export function FailingHooks() {
  const { canWrite } = useApp();
  const { data } = useLoad(async (signal) => (canWrite ? hooksOf(signal) : []), []);
  const failing = data?.filter(({ status }) => status === 'failing') ?? [];
  if (failing.length === 0) return null;
  return (
    <Notice kind="bad" title={`Events are no longer sent to ${count(failing.length, 'receiver')}.`}>
      <p>Nothing was accepted for too long. See what was answered, and resume: <a href={href('hooks')}>Hooks</a></p>
    </Notice>
  );
}

export function Hooks() {
  const { data: hooks, error, loading, reload } = useLoad(hooksOf, []);
  const nameOf = useCampaignNames();
  const [open, setOpen] = useState({});
  const close = () => setOpen({});
  const created = (hook) => {
    reload();
    setOpen({ dialog: 'created', hook });
  };
  const button = <Button kind="primary" icon="add" onClick={() => setOpen({ dialog: 'create' })}>New subscription</Button>;
  return (
    <Page title="Hooks" lead="Events are sent to other tools as they happen: n8n, Zapier, a CRM." actions={button}>
      <Rows caption={`Subscriptions${hooks ? ` (${number(hooks.length)})` : ''}`} columns={columns(nameOf)} rows={hooks} keyOf={(hook) => hook.id} loading={loading} error={error} onRetry={reload}
        empty={<Empty title="There are no subscriptions yet"><p>A subscription sends one type of event to one URL, signed, in order, and again until it is accepted.</p>{button}</Empty>} />
      {open.dialog === 'create' && <CreateDialog onDone={created} onClose={close} />}
      {open.dialog === 'created' && <SecretDialog hook={open.hook} title="Subscribed" onClose={close} />}
    </Page>
  );
}
