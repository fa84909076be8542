// Receives the events of a subscription, and prints those that leadblock has signed. node receive_events.mjs PORT
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = Buffer.from(process.env.LEADBLOCK_SECRET.replace(/^whsec_/, ''), 'base64');

function isSigned(headers, body) {
  const at = Number(headers['webhook-timestamp'] || NaN);
  if (!(Math.abs(Date.now() / 1000 - at) <= 300)) return false; // recorded, and sent again
  const good = createHmac('sha256', secret)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`).update(body).digest();
  return (headers['webhook-signature'] ?? '').split(' ').some((one) => {
    const given = Buffer.from(one.replace(/^v1,/, ''), 'base64');
    return given.length === good.length && timingSafeEqual(given, good);
  });
}

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const signed = isSigned(request.headers, body);
  if (signed) console.log(body.toString()); // a webhook-id that came before is the same event, once more
  response.writeHead(signed ? 204 : 401).end();
}).listen(Number(process.argv[2]), '127.0.0.1');
