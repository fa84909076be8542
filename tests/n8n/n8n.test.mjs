// integrations/n8n-nodes-leadblock and the workflow of integrations/n8n in n8n's own runtime (npm's n8n-core), against a
// real server. What n8n's program does around it (storage of credentials, its web server) is played here.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Server, root } from '../e2e/lib/server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const built = join(here, 'generated', 'n8n-nodes-leadblock');
const LEADBLOCK = 'n8n-nodes-leadblock.leadblock';
const TRIGGER = 'n8n-nodes-leadblock.leadblockTrigger';

let core;
let n8n;
let loader;
let server;
let key;
let readOnly;
let web; // n8n's web server
let onRequest;
let apiKey; // of the credential
const rows = []; // of the sheet

before(async () => {
  await rm(built, { recursive: true, force: true });
  await mkdir(dirname(built), { recursive: true });
  await cp(join(root, 'integrations', 'n8n-nodes-leadblock'), built, { recursive: true });
  const tsc = join(here, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(tsc, [], { cwd: built }).catch(({ stdout }) => assert.fail(stdout));
  await cp(join(built, 'nodes', 'Leadblock', 'leadblock.svg'), join(built, 'dist', 'nodes', 'Leadblock', 'leadblock.svg'));
  process.env.N8N_USER_FOLDER = join(here, 'generated'); // n8n writes a file with a key of its own there
  process.env.N8N_ENCRYPTION_KEY = 'of the tests';
  require('reflect-metadata');
  core = require('n8n-core');
  n8n = require('n8n-workflow');
  loader = new core.PackageDirectoryLoader(built);
  await loader.loadAll();
  web = createServer((request, response) => onRequest(request, response)).listen(0, '127.0.0.1');
  await once(web, 'listening');
  server = await Server.start({ args: ['--hooks-allow', '127.0.0.0/8', '--hooks-backoff', '1'] });
  const workspace = await server.cli('workspace', 'create', 'n8n', '--plan', 'pro');
  key = await server.cli('key', 'create', workspace, '--name', 'n8n');
  readOnly = await server.cli('key', 'create', workspace, '--name', 'reader', '--read-only');
  await server.cli('campaign', 'create', workspace, 'Launch', '--id', 'launch');
});

after(async () => {
  await server?.remove();
  web?.closeAllConnections();
  web?.close();
});

async function api(method, path, body) {
  const response = await fetch(`${server.url}/v1${path}`, {
    method, headers: { 'x-api-key': key, 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

// The nodes of n8n itself that the workflow has beside ours.
const standIns = {
  'n8n-nodes-base.webhook': { webhook: async () => ({}) },
  'n8n-nodes-base.stickyNote': {},
  'n8n-nodes-base.googleSheets': {
    async execute() {
      const added = this.getInputData().map((_, item) => this.getNodeParameter('columns.value', item));
      rows.push(...added);
      return [added.map((json) => ({ json }))];
    },
  },
};

const nodeTypes = {
  getByName: (name) => nodeTypes.getByNameAndVersion(name),
  getKnownTypes: () => ({}),
  getByNameAndVersion(name) {
    const ours = name.startsWith('n8n-nodes-leadblock.') && loader.nodeTypes[name.split('.')[1]];
    if (ours) return n8n.NodeHelpers.getVersionedNodeType(ours.type);
    return {
      description: {
        name, displayName: name, group: [], version: 1, defaults: {}, inputs: ['main'], outputs: ['main'],
        properties: [{ displayName: 'Columns', name: 'columns', type: 'json', default: {} }],
      },
      ...standIns[name],
    };
  },
};

function resolved(value, credentials) {
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolved(one, credentials)]));
  const code = /^=\{\{(.*)\}\}$/.exec(value);
  return code ? new Function('$credentials', `return ${code[1]}`)(credentials) : value;
}

const credentialsHelper = {
  getParentTypes: () => [],
  isCredentialUsableByNode: () => true,
  getCredentialsProperties: () => [],
  preAuthentication: async () => undefined,
  getDecrypted: async () => ({ baseUrl: `${server.url}/`, apiKey }),
  async authenticate(credentials, type, request) {
    const { headers } = resolved(loader.credentialTypes[type].type.authenticate.properties, credentials);
    return { ...request, headers: { ...request.headers, ...headers } };
  },
};

function additionalData() {
  return {
    credentialsHelper, hooks: new core.ExecutionLifecycleHooks('manual', '1', { id: '1' }),
    variables: {}, executionId: '1', currentNodeParameters: undefined,
    webhookBaseUrl: `http://127.0.0.1:${web.address().port}/webhook`,
    webhookTestBaseUrl: `http://127.0.0.1:${web.address().port}/webhook-test`,
    webhookWaitingBaseUrl: `http://127.0.0.1:${web.address().port}/webhook-waiting`,
    formWaitingBaseUrl: `http://127.0.0.1:${web.address().port}/form-waiting`,
    instanceBaseUrl: `http://127.0.0.1:${web.address().port}`,
  };
}

const workflowOf = (nodes, connections = {}) =>
  new n8n.Workflow({ id: '1', name: 'test', nodes, connections, active: true, nodeTypes, settings: { executionOrder: 'v1' } });

const nodeOf = (type, parameters) => ({
  id: '1', name: 'node', type, typeVersion: 1, position: [0, 0], parameters,
  webhookId: 'test', credentials: { leadblockApi: { id: '1', name: 'leadblock' } },
});

// Runs a workflow from the node on, which gets the items, as n8n does; returns what each node gave out.
async function execute(workflow, node, items) {
  const stack = [{ node, data: { main: [items.map((json) => ({ json }))] }, source: null }];
  const data = n8n.createRunExecutionData({
    executionData: { contextData: {}, metadata: {}, nodeExecutionStack: stack, waitingExecution: {}, waitingExecutionSource: {} },
  });
  const run = await new core.WorkflowExecute(additionalData(), 'manual', data).processRunExecutionData(workflow);
  const { error, runData } = run.data.resultData;
  return { error, of: (name) => runData[name]?.[0].data?.main[0].map(({ json }) => json) };
}

async function operate(parameters, items = [{}]) {
  const node = nodeOf(LEADBLOCK, { list: 'workspace', ...parameters });
  const { error, of } = await execute(workflowOf([node]), node, items);
  if (error) throw Object.assign(new Error(error.message), { description: error.description });
  return of('node');
}

test('the package loads as n8n loads community nodes', () => {
  assert.deepEqual(Object.keys(loader.nodeTypes).sort(), ['leadblock', 'leadblockTrigger']);
  assert.deepEqual(Object.keys(loader.credentialTypes), ['leadblockApi']);
  assert.match(loader.nodeTypes.leadblock.type.description.iconUrl, /leadblock\.svg$/);
});

test('the credential is tested with a request that a good key passes', async () => {
  const { request } = loader.credentialTypes.leadblockApi.type.test;
  const { baseURL, url } = resolved(request, { baseUrl: `${server.url}//` });
  const status = async (secret) => (await fetch(baseURL + url, { headers: { 'x-api-key': secret } })).status;
  assert.deepEqual([await status(key), await status('lb_wrong')], [200, 401]);
});

test('block, check and unblock, in the workspace and in a campaign', async () => {
  apiKey = key;
  const people = [{ url: 'https://www.linkedin.com/in/John-Doe/' }, { url: 'jane-smith' }];
  const blocked = await operate({ operation: 'block', person: '={{ $json.url }}', reason: 'Asked to stop' }, people.slice(0, 1));
  assert.equal(blocked[0].blocked, 1);
  assert.match(blocked[0].changeId, /^ch_/);
  const checked = await operate({ operation: 'check', person: '={{ $json.url }}' }, people);
  assert.deepEqual(checked.map((one) => [one.publicIdentifier, one.blocked, one.reason]),
    [['john-doe', true, 'Asked to stop'], ['jane-smith', false, null]]);
  assert.equal((await operate({ operation: 'unblock', person: 'john-doe' }))[0].unblocked, 1);
  assert.equal((await operate({ operation: 'unblock', person: 'john-doe' }))[0].unblocked, 0);
  await operate({ operation: 'block', person: 'erased-one', reason: '' });
  await api('POST', '/erasures', { publicIdentifier: 'erased-one' });
  assert.equal((await operate({ operation: 'unblock', person: 'erased-one' }))[0].unblocked, 1);

  // A block of another name of the person stays.
  const member = `ACoAA${'A'.repeat(34)}`;
  await api('POST', '/people/link', { links: [{ memberId: member, publicIdentifier: 'anna-new' }] });
  await operate({ operation: 'block', person: member, reason: '' });
  assert.equal((await operate({ operation: 'unblock', person: 'anna-new' }))[0].unblocked, 0);
  assert.equal((await operate({ operation: 'check', person: 'anna-new' }))[0].blocked, true);
  await operate({ operation: 'block', person: 'anna-new', reason: '' });
  assert.equal((await operate({ operation: 'unblock', person: 'anna-new' }))[0].unblocked, 1);
  assert.equal((await operate({ operation: 'check', person: member }))[0].blocked, true);

  // Names of other types.
  const domain = await operate({ operation: 'block', type: 'domain', person: 'https://www.Acme.com/', reason: 'A client' });
  assert.equal(domain[0].blocked, 1);
  const [ann] = await operate({ operation: 'check', type: 'email', person: 'ann@mail.acme.com' });
  assert.deepEqual([ann.type, ann.value, ann.blocked, ann.reason], ['email', 'ann@mail.acme.com', true, 'A client']);
  assert.deepEqual(ann.matched, { type: 'domain', value: 'acme.com' });
  assert.equal((await operate({ operation: 'unblock', type: 'domain', person: 'acme.com' }))[0].unblocked, 1);
  assert.equal((await operate({ operation: 'block', type: 'phone', person: '030 123456', country: 'DE', reason: '' }))[0].entries[0].value, '+4930123456');
  assert.equal((await operate({ operation: 'check', type: 'company', person: 'linkedin.com/company/acme' }))[0].blocked, false);

  const campaign = { list: 'campaign', campaignId: 'launch', person: 'bob' };
  assert.equal((await operate({ operation: 'block', reason: '', ...campaign }))[0].blocked, 1);
  assert.equal((await operate({ operation: 'check', ...campaign }))[0].scope, 'campaign');
  assert.equal((await operate({ operation: 'check', person: 'bob' }))[0].blocked, false);
  assert.equal((await operate({ operation: 'unblock', ...campaign }))[0].unblocked, 1);
});

test('a failure has the words of the server, and never a verdict', async () => {
  await assert.rejects(operate({ operation: 'check', person: 'a@example.com' }), (error) => {
    assert.match(error.message, /invalid/);
    assert.match(error.description, /a@example\.com: is an e-mail address/);
    return true;
  });
  await assert.rejects(operate({ operation: 'check', person: '={{ $json.nothing }}' }), /Person is empty/);
  await assert.rejects(operate({ operation: 'block', reason: '', list: 'campaign', campaignId: '../x', person: 'bob' }), /No campaign/);
  apiKey = readOnly;
  await assert.rejects(operate({ operation: 'block', person: 'bob', reason: '' }), /read-only/);
  apiKey = key;
  const node = { ...nodeOf(LEADBLOCK, { operation: 'check', list: 'workspace', person: '={{ $json.p }}' }), onError: 'continueRegularOutput' };
  const { of } = await execute(workflowOf([node]), node, [{ p: 'a b' }, { p: 'jane-smith' }]);
  assert.deepEqual(of('node').map((one) => [one.blocked, Boolean(one.error)]), [[undefined, true], [false, false]]);
});

// A trigger of an active workflow: what n8n calls when it is activated, and for each request.
function activated(workflow, node, isTest = false) {
  const type = nodeTypes.getByNameAndVersion(node.type);
  const description = { name: 'default', httpMethod: 'POST', path: 'webhook', responseMode: 'onReceived' };
  const webhook = { isTest, webhookDescription: description };
  const hook = () => new core.HookContext(workflow, node, additionalData(), isTest ? 'manual' : 'trigger', 'activate', webhook);
  return {
    exists: () => type.webhookMethods.default.checkExists.call(hook()),
    create: () => type.webhookMethods.default.create.call(hook()),
    delete: () => type.webhookMethods.default.delete.call(hook()),
    async take(request, response) {
      const parts = [];
      for await (const part of request) parts.push(part);
      request.rawBody = Buffer.concat(parts);
      response.status = (code) => { response.statusCode = code; return response; };
      response.json = (value) => response.end(JSON.stringify(value));
      const data = { ...additionalData(), httpRequest: request, httpResponse: response };
      const context = new core.WebhookContext(workflow, node, data, 'webhook', webhook, [], null);
      const result = await type.webhook.call(context);
      if (!result.noWebhookResponse) response.end();
      return result.workflowData?.[0].map(({ json }) => json);
    },
  };
}

// What the trigger gives out, one delivery after the other.
function receive(trigger) {
  const got = [];
  const waiting = [];
  onRequest = async (request, response) => {
    got.push({ url: request.url, headers: { ...request.headers }, items: await trigger.take(request, response), status: response.statusCode });
    waiting.splice(0).forEach((wake) => wake());
  };
  return async (number) => {
    while (got.length <= number) await new Promise((wake) => { waiting.push(wake); });
    return got[number];
  };
}

test('the trigger subscribes, takes signed events alone, and unsubscribes', { timeout: 90000 }, async () => {
  const node = nodeOf(TRIGGER, { events: ['lead_blocked', 'lead_unblocked'], campaignId: '', perPerson: true });
  const trigger = activated(workflowOf([node]), node);
  const next = receive(trigger);
  assert.equal(await trigger.exists(), false);
  assert.equal(await trigger.create(), true);
  assert.equal(await trigger.exists(), true);
  assert.deepEqual((await api('GET', '/hooks/list')).map(({ type }) => type).sort(), ['lead_blocked', 'lead_unblocked']);
  await api('POST', '/blocked-leads', { leads: [{ publicIdentifier: 'ann', reason: 'No' }, { publicIdentifier: 'jürgen', reason: 'Nein' }] });
  const { items, headers, url } = await next(0);
  assert.deepEqual(items.map(({ type, data }) => [type, data.publicIdentifier, data.reason, data.leads]),
    [['lead_blocked', 'ann', 'No', undefined], ['lead_blocked', 'jürgen', 'Nein', undefined]]);

  // Somebody else writes, changes what was signed, or sends it again much later.
  const at = `http://127.0.0.1:${web.address().port}${url}`;
  const send = async (more, body) => (await fetch(at, { method: 'POST', headers: { ...more, 'content-type': 'application/json' }, body })).status;
  const signed = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('webhook-')));
  assert.equal(await send({}, '{}'), 401);
  assert.equal(await send(signed, '{"type":"lead_blocked","data":{}}'), 401);
  assert.equal(await send({ ...signed, 'webhook-timestamp': '1' }, '{}'), 401);
  assert.equal(await send({ ...signed, 'webhook-timestamp': '' }, '{}'), 401);

  // Another start of n8n that has lost its memory: it gets a new secret, and no second subscription.
  const again = activated(workflowOf([node]), node);
  const nextAgain = receive(again);
  assert.equal(await again.exists(), false);
  await again.create();
  assert.equal((await api('GET', '/hooks/list')).length, 2);
  await api('POST', '/blocked-leads', { leads: [{ publicIdentifier: 'carl' }] });
  assert.equal((await nextAgain(0)).items[0].data.publicIdentifier, 'carl');

  await again.delete();
  assert.deepEqual(await api('GET', '/hooks/list'), []);
  await again.delete(); // nothing is left to do
});

test('a test of the workflow does not end the subscription of the active one', async () => {
  const node = nodeOf(TRIGGER, { events: ['lead_blocked'], campaignId: 'launch', perPerson: false });
  const workflow = workflowOf([node]);
  const active = activated(workflow, node);
  const tried = activated(workflow, node, true);
  await active.create();
  await tried.create();
  assert.equal((await api('GET', '/hooks/list')).length, 2);
  await tried.delete();
  const left = await api('GET', '/hooks/list');
  assert.deepEqual(left.map(({ campaignId, url }) => [campaignId, url.includes('webhook-test')]), [['launch', false]]);
  assert.equal(await active.exists(), true);
  await active.delete();
});

test('the workflow that can be imported blocks opt-outs and writes events into a sheet', { timeout: 90000 }, async () => {
  const { nodes, connections } = JSON.parse(await readFile(join(root, 'integrations', 'n8n', 'opt-outs-and-events.json'), 'utf8'));
  const workflow = workflowOf(nodes, connections);
  const [start, trigger] = ['n8n-nodes-base.webhook', TRIGGER].map((type) => nodes.find((node) => node.type === type));
  for (const node of nodes)
    assert.ok(node.type in standIns || loader.nodeTypes[node.type.split('.')[1]], node.type);
  const hook = activated(workflow, trigger);
  await hook.create();
  const next = receive(hook);
  const form = { body: { linkedin: 'https://www.linkedin.com/in/dora/', reason: '' } };
  const { error, of } = await execute(workflow, workflow.getNode('Block'), [form]);
  assert.equal(error, undefined);
  assert.equal(of('Block')[0].blocked, 1);
  assert.ok(workflow.getChildNodes(start.name).includes('Block'));
  const { items } = await next(0);
  const sheet = await execute(workflow, workflow.getNode('Into the sheet'), items);
  assert.equal(sheet.error, undefined);
  assert.ok(workflow.getChildNodes(trigger.name).includes('Into the sheet'));
  const { Event, When, ...row } = rows[0];
  assert.deepEqual(row, { What: 'lead_blocked', Person: 'dora', Campaign: null, Why: 'Opted out' });
  assert.ok(Event && When);
  await hook.delete();
});
