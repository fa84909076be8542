// A receiver of events: it keeps what it gets, and answers what a test says.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after } from 'node:test';

// {got: [{headers, body}], status, url()} for the tests of one file.
export function useReceiver() {
  const receiver = { got: [], status: 200 };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    receiver.got.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(receiver.status).end();
  }).listen(0, '127.0.0.1');
  const url = once(server, 'listening').then(() => `http://127.0.0.1:${server.address().port}/events`);
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(receiver, { url: () => url });
}

// By the rules of Standard Webhooks.
export function isSignedBy(secret, { headers, body }) {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
  return headers['webhook-signature'].split(' ').includes(`v1,${signed}`);
}

export async function subscribe(page, url) {
  await page.getByRole('button', { name: 'New subscription', exact: true }).first().click();
  await page.getByLabel('URL').fill(url);
  await page.getByRole('button', { name: 'Subscribe', exact: true }).click();
}
