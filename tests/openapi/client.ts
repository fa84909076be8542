// A client whose types are generated from docs/openapi.yaml: what a program that is written against the
// description alone can do. openapi.test.mjs makes the types, checks this file, and runs it against a server.
import createClient from 'openapi-fetch';
import type { components, paths } from './generated/api.js';

type Lead = components['schemas']['Lead'];

// Blocks one of two leads; who of the campaign may be contacted?
export async function blockAndClaim(baseUrl: string, apiKey: string) {
  const api = createClient<paths>({ baseUrl, headers: { 'x-api-key': apiKey } });
  const created = await api.POST('/v1/campaigns', {
    body: { name: 'Generated', steps: [{ type: 'visit_profile' }] },
  });
  if (!created.data) throw new Error(created.error.message);
  const path = { campaignId: created.data.id };
  await api.POST('/v1/campaigns/{campaignId}/leads', {
    params: { path },
    body: { leads: [{ publicIdentifier: 'john-doe' }, { publicIdentifier: 'jane-smith' }] },
  });
  const blocked = await api.POST('/v1/campaigns/{campaignId}/blocked-leads', {
    params: { path },
    body: { publicIdentifiers: ['https://www.linkedin.com/in/john-doe/'], reason: 'Asked to stop' },
  });
  const check = await api.GET('/v1/campaigns/{campaignId}/blocked-leads/{publicIdentifier}', {
    params: { path: { ...path, publicIdentifier: 'john-doe' } },
  });
  await api.PUT('/v1/campaigns/{campaignId}/activate', { params: { path } });
  const claimed = await api.POST('/v1/campaigns/{campaignId}/activities/claim', { params: { path } });
  const leads = await api.GET('/v1/campaigns/{campaignId}/leads', { params: { path, query: { take: 10 } } });
  return {
    message: blocked.data?.message,
    changeId: blocked.response.headers.get('x-change-id'),
    // Which of the two shapes it is, `blocked` says.
    reason: check.data?.blocked ? check.data.reason : undefined,
    claimed: claimed.data?.map((activity) => activity.publicIdentifier),
    leads: leads.data?.map((lead: Lead) => [lead.publicIdentifier, lead.blocked]),
  };
}

// An error has a code, which is one of those that are described.
export async function wrongKey(baseUrl: string) {
  const api = createClient<paths>({ baseUrl, headers: { 'x-api-key': 'lb_wrong' } });
  const answer = await api.GET('/v1/campaigns');
  return [answer.response.status, answer.error?.code];
}

// What does not fit the description does not compile. It is never run.
export async function mistakes(api: ReturnType<typeof createClient<paths>>) {
  // @ts-expect-error: there is no such path
  await api.GET('/v1/nothing');
  // @ts-expect-error: the path has no campaign
  await api.GET('/v1/campaigns/{campaignId}');
  // @ts-expect-error: the name is missing
  await api.POST('/v1/campaigns', { body: {} });
  // @ts-expect-error: no such status
  await api.PUT('/v1/leads/{leadId}/status', { params: { path: { leadId: 'x' } }, body: { status: 'gone' } });
  const { data } = await api.GET('/v1/statistics');
  // @ts-expect-error: no such field
  return data?.blockedLeads.all;
}
