import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeType, INodeTypeDescription } from 'n8n-workflow';
import { ask } from './api';

export class Leadblock implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'leadblock',
    name: 'leadblock',
    icon: 'file:leadblock.svg',
    group: ['transform'],
    version: 1,
    subtitle: '={{$parameter["operation"]}}',
    description: 'Block, unblock and check people who must not be contacted',
    defaults: { name: 'leadblock' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    usableAsTool: true,
    credentials: [{ name: 'leadblockApi', required: true }],
    properties: [
      {
        displayName: 'Operation',
        name: 'operation',
        type: 'options',
        noDataExpression: true,
        default: 'check',
        options: [
          {
            name: 'Block', value: 'block', action: 'Block a person',
            description: 'Block a person, so that they are not contacted. Repeating it is safe.',
          },
          {
            name: 'Check', value: 'check', action: 'Check whether a person is blocked',
            description: 'Say whether a person is blocked: ask this right before contacting them',
          },
          {
            name: 'Unblock', value: 'unblock', action: 'Unblock a person',
            description: 'Take a person off the list. Repeating it is safe.',
          },
        ],
      },
      {
        displayName: 'Type',
        name: 'type',
        type: 'options',
        default: 'publicIdentifier',
        options: [
          { name: 'Company', value: 'company', description: 'By its name, or the address of its LinkedIn page: all who work there' },
          { name: 'Domain', value: 'domain', description: 'Every address and website under it' },
          { name: 'E-Mail Address', value: 'email' },
          { name: 'LinkedIn Profile', value: 'publicIdentifier' },
          { name: 'Phone Number', value: 'phone' },
        ],
        description: 'What the person or company is named by',
      },
      {
        displayName: 'Person or Company',
        name: 'person',
        type: 'string',
        required: true,
        default: '',
        placeholder: 'https://www.linkedin.com/in/john-doe/',
        description: 'Of a LinkedIn profile its address, or the name in it (john-doe); of other types an address, a number or a name, in any spelling',
      },
      {
        displayName: 'Country',
        name: 'country',
        type: 'string',
        default: '',
        placeholder: 'DE',
        description: 'Of phone numbers that do not begin with +: two letters. Empty: that of the workspace.',
        displayOptions: { show: { type: ['phone'] } },
      },
      {
        displayName: 'List',
        name: 'list',
        type: 'options',
        default: 'workspace',
        options: [
          { name: 'Whole Workspace', value: 'workspace' },
          { name: 'One Campaign', value: 'campaign' },
        ],
        description: 'Which list. A check of a campaign counts the blocks of the whole workspace, too.',
      },
      {
        displayName: 'Campaign ID',
        name: 'campaignId',
        type: 'string',
        required: true,
        default: '',
        displayOptions: { show: { list: ['campaign'] } },
      },
      {
        displayName: 'Reason',
        name: 'reason',
        type: 'string',
        default: '',
        placeholder: 'Asked by mail to stop',
        description: 'Why, up to 500 characters',
        displayOptions: { show: { operation: ['block'] } },
      },
    ],
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const out: INodeExecutionData[] = [];
    for (let item = 0; item < this.getInputData().length; item++) {
      try {
        out.push({ json: await run(this, item), pairedItem: { item } });
      } catch (error) {
        if (!this.continueOnFail()) throw error;
        // Without `blocked`: after a failed check nothing is known, and a workflow must not go on as if it were.
        out.push({ json: { error: (error as Error).message }, pairedItem: { item } });
      }
    }
    return [out];
  }
}

async function run(node: IExecuteFunctions, item: number): Promise<IDataObject> {
  const operation = node.getNodeParameter('operation', item) as string;
  const person = String(node.getNodeParameter('person', item) ?? '').trim();
  const inCampaign = node.getNodeParameter('list', item) === 'campaign';
  const campaign = inCampaign ? String(node.getNodeParameter('campaignId', item)) : '';
  if (!person) throw new NodeOperationError(node.getNode(), 'Person is empty', { itemIndex: item });
  if (inCampaign && !campaign) throw new NodeOperationError(node.getNode(), 'Campaign ID is empty', { itemIndex: item });
  const type = node.getNodeParameter('type', item, 'publicIdentifier') as string;
  if (type !== 'publicIdentifier') return runTyped(node, operation, { type, value: person }, campaign, item);
  const list = inCampaign ? `/v1/campaigns/${encodeURIComponent(campaign)}/blocked-leads` : '/v1/blocked-leads';
  if (operation === 'check') return check(node, list, person, item);
  if (operation === 'block') {
    const reason = String(node.getNodeParameter('reason', item) ?? '');
    const lead = { publicIdentifier: person, ...(reason && { reason }) };
    const body = inCampaign ? { publicIdentifiers: [person], ...(reason && { reason }) } : { leads: [lead] };
    return change(node, 'POST', list, body, item);
  }
  return unblock(node, list, inCampaign, person, item);
}

interface Name {
  type: string;
  value: string;
}

/** A name of another type than LinkedIn's. */
async function runTyped(node: IExecuteFunctions, operation: string, name: Name, campaign: string, item: number): Promise<IDataObject> {
  const country = name.type === 'phone' ? String(node.getNodeParameter('country', item, '') ?? '').trim() : '';
  const more = country && { defaultCountry: country };
  if (operation === 'check') return checkTyped(node, name, { ...(campaign && { campaignId: campaign }), ...more }, item);
  const list = campaign ? `/v1/campaigns/${encodeURIComponent(campaign)}/blocklist` : '/v1/blocklist';
  const reason = operation === 'block' ? String(node.getNodeParameter('reason', item) ?? '') : '';
  const entry = { [name.type]: name.value, ...(reason && { reason }) };
  return change(node, operation === 'block' ? 'POST' : 'DELETE', list, { entries: [entry], ...more }, item);
}

/** What a name is called in a lead. */
const leadMember = ({ type, value }: Name): string => {
  if (type === 'domain') return 'website';
  if (type !== 'company') return type;
  return value.includes('linkedin.com/') ? 'companyUrl' : 'companyName';
};

async function checkTyped(node: IExecuteFunctions, name: Name, more: IDataObject, item: number): Promise<IDataObject> {
  const { body } = await ask<IDataObject[]>(node, 'POST', '/v1/check', { leads: [{ [leadMember(name)]: name.value }], ...more }, [], item);
  const found = Array.isArray(body) ? body[0] : undefined;
  if (typeof found?.blocked !== 'boolean')
    throw new NodeOperationError(node.getNode(), 'The answer does not say whether it is blocked', { itemIndex: item });
  const { index, ...verdict } = found;
  return { ...name, ...verdict };
}

async function check(node: IExecuteFunctions, list: string, person: string, item: number): Promise<IDataObject> {
  const { body } = await ask<IDataObject[]>(node, 'POST', `${list}/check?details=true`, { publicIdentifiers: [person] }, [], item);
  const found = Array.isArray(body) ? body[0] : undefined;
  if (typeof found?.blocked !== 'boolean')
    throw new NodeOperationError(node.getNode(), 'The answer does not say whether the person is blocked', { itemIndex: item });
  return found;
}

async function change(
  node: IExecuteFunctions, method: 'POST' | 'DELETE', list: string, body: IDataObject | unknown[], item: number,
): Promise<IDataObject> {
  const answer = await ask(node, method, list, body, [], item);
  return { ...answer.body, changeId: answer.headers['x-change-id'] ?? null };
}

// By the name alone, which frees an erased person, too. The ids of a look-up are also those of the person's other names.
async function unblock(node: IExecuteFunctions, list: string, inCampaign: boolean, person: string, item: number): Promise<IDataObject> {
  if (inCampaign) return change(node, 'DELETE', list, { publicIdentifiers: [person] }, item);
  return change(node, 'DELETE', '/v1/blocklist', { entries: [{ publicIdentifier: person }] }, item);
}
