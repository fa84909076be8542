// The blocklist of one campaign on Fastify and PostgreSQL, as one would write it for speed: no
// logger, compiled schemas, pipelined connections, named prepared statements, one statement per
// request, campaigns kept in memory. Same paths, bodies and answers as leadblock's.
//
// PORT, API_KEY, READERS, WRITERS (connections to PostgreSQL) and WORKERS (processes) come from the
// environment, PostgreSQL's address from PG*.
import cluster from 'node:cluster';
import Fastify from 'fastify';
import pg from 'pg';

const workers = Number(process.env.WORKERS ?? 1);
const apiKey = process.env.API_KEY;
const maxIdentifiers = 10000;

const identifiersBody = {
  type: 'object',
  required: ['publicIdentifiers'],
  properties: {
    publicIdentifiers: {
      type: 'array',
      minItems: 1,
      maxItems: maxIdentifiers,
      items: { type: 'string', minLength: 1, maxLength: 100 },
    },
    reason: { type: 'string', maxLength: 500 },
  },
};

const strings = { type: 'array', items: { type: 'string' } };
const nullableString = { type: ['string', 'null'] };
const object = (properties) => ({ 200: { type: 'object', properties } });

const schemas = {
  block: {
    body: identifiersBody,
    response: object({
      success: { type: 'boolean' },
      message: { type: 'string' },
      blocked: { type: 'integer' },
    }),
  },
  unblock: {
    body: identifiersBody,
    response: object({
      success: { type: 'boolean' },
      message: { type: 'string' },
      unblocked: { type: 'integer' },
    }),
  },
  check: {
    response: object({
      publicIdentifier: { type: 'string' },
      blocked: { type: 'boolean' },
      scope: { type: 'string' },
      reason: nullableString,
      createdAt: { type: 'string' },
    }),
  },
  checkMany: { body: identifiersBody, response: object({ blocked: strings, allowed: strings }) },
  list: {
    querystring: {
      type: 'object',
      properties: {
        skip: { type: 'integer', minimum: 0, default: 0 },
        take: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
      },
    },
    response: {
      200: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            publicIdentifier: { type: 'string' },
            reason: nullableString,
            createdAt: { type: 'string' },
          },
        },
      },
    },
  },
};

const canonical = (identifier) => identifier.trim().normalize('NFC').toLowerCase();
const unique = (identifiers) =>
  identifiers.length === 1
    ? [canonical(identifiers[0])]
    : [...new Set(identifiers.map(canonical))];
const count = (n, what) => `${n} ${n === 1 ? 'lead' : 'leads'} ${what}`;

// One prepared statement for each small number of rows; a long list goes as one array.
const insertHead = 'INSERT INTO blocked_leads (campaign, reason, public_identifier) ';
const insertTail = ' ON CONFLICT (campaign, public_identifier) DO NOTHING RETURNING 1';
const smallInserts = Array.from({ length: 17 }, (_, n) => {
  const rows = Array.from({ length: n }, (__, i) => `($1::integer,$2::text,$${i + 3})`);
  return `${insertHead}VALUES ${rows.join(',')}${insertTail}`;
});
const largeInsert = `${insertHead}SELECT $1::integer, $2::text, unnest($3::text[])${insertTail}`;

async function block(write, campaign, reason, identifiers) {
  const n = identifiers.length;
  const query =
    n < smallInserts.length
      ? { name: `block${n}`, text: smallInserts[n], values: [campaign, reason, ...identifiers] }
      : { name: 'block', text: largeInsert, values: [campaign, reason, identifiers] };
  const { rows } = await write({ ...query, rowMode: 'array' });
  return rows.length;
}

function routes(app, read, write, campaigns) {
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-api-key'] !== apiKey)
      return reply.code(401).send({ success: false, code: 'invalid_api_key', message: 'Bad key.' });
    request.campaign = campaigns.get(request.params.campaignId);
    if (request.campaign === undefined)
      return reply
        .code(404)
        .send({ success: false, code: 'campaign_not_found', message: 'No such campaign.' });
  });
  const base = '/v1/campaigns/:campaignId/blocked-leads';

  app.post(base, { schema: schemas.block }, async (request) => {
    const identifiers = unique(request.body.publicIdentifiers);
    const { reason = null } = request.body;
    const blocked = await block(write, request.campaign, reason, identifiers);
    return { success: true, message: count(blocked, 'blocked'), blocked };
  });

  app.delete(base, { schema: schemas.unblock }, async (request) => {
    const { rowCount } = await write({
      name: 'unblock',
      text: 'DELETE FROM blocked_leads WHERE campaign = $1 AND public_identifier = ANY($2::text[])',
      values: [request.campaign, unique(request.body.publicIdentifiers)],
    });
    return { success: true, message: count(rowCount, 'unblocked'), unblocked: rowCount };
  });

  app.get(`${base}/:publicIdentifier`, { schema: schemas.check }, async (request) => {
    const publicIdentifier = canonical(request.params.publicIdentifier);
    const { rows } = await read({
      name: 'check',
      text: `SELECT reason, created_at FROM blocked_leads
             WHERE campaign = $1 AND public_identifier = $2`,
      values: [request.campaign, publicIdentifier],
      rowMode: 'array',
    });
    if (rows.length === 0) return { publicIdentifier, blocked: false };
    const [reason, createdAt] = rows[0];
    return { publicIdentifier, blocked: true, scope: 'campaign', reason, createdAt };
  });

  app.post(`${base}/check`, { schema: schemas.checkMany }, async (request) => {
    const identifiers = unique(request.body.publicIdentifiers);
    const { rows } = await read({
      name: 'checkMany',
      text: `SELECT public_identifier FROM blocked_leads
             WHERE campaign = $1 AND public_identifier = ANY($2::text[])`,
      values: [request.campaign, identifiers],
      rowMode: 'array',
    });
    const found = new Set(rows.map((row) => row[0]));
    return {
      blocked: identifiers.filter((identifier) => found.has(identifier)),
      allowed: identifiers.filter((identifier) => !found.has(identifier)),
    };
  });

  app.get(base, { schema: schemas.list }, async (request) => {
    const { skip, take } = request.query;
    // The rows to skip are walked in the index alone.
    const { rows } = await read({
      name: 'list',
      text: `SELECT public_identifier, reason, created_at FROM blocked_leads
             WHERE id IN (SELECT id FROM blocked_leads WHERE campaign = $1
                          ORDER BY id DESC LIMIT $2 OFFSET $3)
               AND campaign = $1 ORDER BY id DESC`,
      values: [request.campaign, take, skip],
      rowMode: 'array',
    });
    return rows.map(([publicIdentifier, reason, createdAt]) => ({
      publicIdentifier,
      reason,
      createdAt,
    }));
  });
}

// Connections with several queries under way on each (pg's pipeline mode): nearly twice as fast as
// pg.Pool, which lends a connection to one query at a time.
async function connect(count) {
  const options = '-c TimeZone=UTC';
  const clients = Array.from({ length: count }, () => new pg.Client({ options, pipeline: true }));
  for (const client of clients) await client.connect();
  let turn = 0;
  return (query) => clients[(turn = (turn + 1) % count)].query(query);
}

async function serve() {
  // Turning times into Date objects and back would only cost time.
  pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => {
    const [time, fraction = ''] = text.slice(0, -3).split('.');
    return `${time.replace(' ', 'T')}.${fraction.padEnd(3, '0')}Z`;
  });
  // Reads are fastest over few connections, commits over many, which share an fsync.
  const read = await connect(Number(process.env.READERS));
  const write = await connect(Number(process.env.WRITERS));
  const { rows } = await read('SELECT id, number FROM campaigns');
  const campaigns = new Map(rows.map((row) => [row.id, row.number]));
  const app = Fastify({ logger: false, bodyLimit: 4194304, keepAliveTimeout: 600000 });
  routes(app, read, write, campaigns);
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 4096 });
}

if (workers > 1 && cluster.isPrimary) {
  for (let i = 0; i < workers; i++) cluster.fork();
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill();
    process.exit(0);
  });
} else {
  await serve();
}
