import { createHmac, timingSafeEqual } from 'crypto';
import { NodeConnectionTypes } from 'n8n-workflow';
import type {
  IDataObject, IHookFunctions, INodeType, INodeTypeDescription, IWebhookFunctions, IWebhookResponseData,
} from 'n8n-workflow';
import { ask } from './api';

const OLDEST_S = 300; // a delivery that is older was recorded, and is sent again

interface Subscription extends IDataObject {
  id: string;
  secret: string;
}

interface Hook extends IDataObject {
  id: string;
  url: string;
  type: string;
  campaignId: string | null;
  status: string;
  secret?: string;
}

interface LeadblockEvent extends IDataObject {
  data: IDataObject & { leads?: IDataObject[] };
}

// By URL, since the one of tests and the one of an active workflow are different subscriptions; then by type.
type Kept = Record<string, Record<string, Subscription>>;

export class LeadblockTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'leadblock Trigger',
    name: 'leadblockTrigger',
    icon: 'file:leadblock.svg',
    group: ['trigger'],
    version: 1,
    subtitle: '={{$parameter["events"].join(", ")}}',
    description: 'Starts a workflow when a person is blocked, opts out, replies, and more',
    defaults: { name: 'leadblock Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'leadblockApi', required: true }],
    webhooks: [{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' }],
    properties: [
      {
        displayName: 'Events',
        name: 'events',
        type: 'multiOptions',
        required: true,
        default: ['lead_blocked'],
        options: [
          { name: 'Campaign Completed', value: 'campaign_completed' },
          { name: 'Campaign Without Leads', value: 'campaign_without_leads' },
          { name: 'Connection Request Accepted', value: 'connection_request_accepted' },
          { name: 'Lead Blocked', value: 'lead_blocked' },
          { name: 'Lead Opted Out', value: 'lead_opted_out' },
          { name: 'Lead Unblocked', value: 'lead_unblocked' },
          { name: 'Message Received', value: 'message_received' },
        ],
      },
      {
        displayName: 'Campaign ID',
        name: 'campaignId',
        type: 'string',
        default: '',
        description: 'Only events of this campaign; empty: of all, and of the workspace',
      },
      {
        displayName: 'One Item per Person',
        name: 'perPerson',
        type: 'boolean',
        default: true,
        description: 'Whether an event about several people (a list that was imported) becomes an item for each of them',
      },
    ],
  };

  webhookMethods = {
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        const wanted = this.getNodeParameter('events') as string[];
        const kept = keptOf(this);
        if (wanted.length !== Object.keys(kept).length || wanted.some((type) => !kept[type])) return false;
        const { body } = await ask<Hook[]>(this, 'GET', '/v1/hooks/list');
        const campaign = campaignOf(this);
        return wanted.every((type) => body.some((hook) => hook.id === kept[type]?.id && hook.status === 'active'
          && hook.url === this.getNodeWebhookUrl('default') && (hook.campaignId ?? '') === campaign));
      },
      async create(this: IHookFunctions): Promise<boolean> {
        await removeAll(this); // of what the node was set to before
        for (const type of this.getNodeParameter('events') as string[]) keptOf(this)[type] = await subscribe(this, type);
        return true;
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        await removeAll(this);
        return true;
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    const all = this.getWorkflowStaticData('node').hooks as Kept | undefined;
    const secrets = Object.values(all ?? {}).flatMap((byType) => Object.values(byType).map(({ secret }) => secret));
    const raw = (this.getRequestObject() as unknown as { rawBody?: Buffer }).rawBody;
    if (!raw || !isSigned(this.getHeaderData(), raw, secrets)) {
      this.getResponseObject().status(401).json({ message: 'The signature is missing or invalid.' });
      return { noWebhookResponse: true };
    }
    const event = JSON.parse(raw.toString('utf8')) as LeadblockEvent;
    const items = this.getNodeParameter('perPerson', true) ? perPerson(event) : [event];
    return { workflowData: [items.map((json) => ({ json }))] };
  }
}

// What is about one person stands in `data` itself, as in an event about one.
function perPerson(event: LeadblockEvent): IDataObject[] {
  const { leads, ...data } = event.data;
  return leads?.length ? leads.map((lead) => ({ ...event, data: { ...data, ...lead } })) : [event];
}

function campaignOf(hook: IHookFunctions): string {
  return String(hook.getNodeParameter('campaignId', '') ?? '').trim();
}

function keptOf(hook: IHookFunctions): Record<string, Subscription> {
  const data = hook.getWorkflowStaticData('node');
  const all = (data.hooks ??= {}) as Kept;
  return (all[hook.getNodeWebhookUrl('default') as string] ??= {});
}

async function removeAll(hook: IHookFunctions): Promise<void> {
  const kept = keptOf(hook);
  for (const [type, { id }] of Object.entries(kept)) {
    await ask(hook, 'DELETE', `/v1/hooks/${encodeURIComponent(id)}`, undefined, [404]);
    delete kept[type];
  }
}

// A subscription that exists already does not tell its secret again: it gets a new one.
async function subscribe(hook: IHookFunctions, type: string): Promise<Subscription> {
  const campaignId = campaignOf(hook);
  const { body } = await ask<Hook>(hook, 'POST', '/v1/zapier/hooks/subscribe', {
    url: hook.getNodeWebhookUrl('default'), type, ...(campaignId && { campaignId }),
  });
  if (body.secret) return { id: body.id, secret: body.secret };
  const path = `/v1/hooks/${encodeURIComponent(body.id)}`;
  const rotated = await ask<Hook>(hook, 'PUT', path, { action: 'rotate' });
  if (body.status !== 'active') await ask(hook, 'PUT', path, { action: 'resume' });
  return { id: body.id, secret: rotated.body.secret as string };
}

// As Standard Webhooks say (https://www.standardwebhooks.com).
function isSigned(headers: IDataObject, raw: Buffer, secrets: string[]): boolean {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => String(headers[`webhook-${name}`] ?? ''));
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp || NaN)) <= OLDEST_S)) return false;
  const given = (signatures ?? '').split(' ').filter((one) => one.startsWith('v1,')).map((one) => Buffer.from(one.slice(3), 'base64'));
  return secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const good = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(raw).digest();
    return given.some((one) => one.length === good.length && timingSafeEqual(one, good));
  });
}
