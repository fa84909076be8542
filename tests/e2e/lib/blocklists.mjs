// Workspaces, campaigns and blocklists with content, made and read through the public API with a key.
import assert from 'node:assert/strict';

export const workspaceList = '/v1/blocked-leads';
export const campaignList = (id) => `/v1/campaigns/${id}/blocked-leads`;

export class Client {
  constructor(server, key, workspace) {
    Object.assign(this, { server, key, workspace });
  }

  async call(method, path, body) {
    const response = await fetch(this.server.url + path, {
      method,
      headers: { 'x-api-key': this.key, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const data = await response.json();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(data)}`);
    return { data, headers: response.headers };
  }

  async get(path) {
    return (await this.call('GET', path)).data;
  }

  block(list, names, reason) {
    const body = list === workspaceList
      ? { leads: names.map((publicIdentifier) => ({ publicIdentifier, reason })) }
      : { publicIdentifiers: names, reason };
    return this.call('POST', list, body);
  }

  async total(list) {
    return Number((await this.call('GET', `${list}?limit=1`)).headers.get('x-total-count'));
  }

  // All entries of a list, newest first, page by page.
  async entries(list) {
    const all = [];
    let path = `${list}?limit=${list === workspaceList ? 1000 : 100}&include=by`;
    while (path) {
      const { data, headers } = await this.call('GET', path);
      all.push(...data);
      path = /<([^>]+)>; *rel="next"/.exec(headers.get('link') ?? '')?.[1].replace(/^https?:\/\/[^/]+/, '');
    }
    return all;
  }

  campaign(id, name, more = {}) {
    return this.call('POST', '/v1/campaigns', { id, name, ...more });
  }
}

// A workspace with a key: a client, whose `workspace` is the id.
export async function makeWorkspace(server, name, plan = 'agency') {
  const id = await server.cli('workspace', 'create', name, '--plan', plan);
  return new Client(server, await server.cli('key', 'create', id, '--name', 'CRM'), id);
}

export const namesOf = (prefix, count) => Array.from({ length: count }, (_, index) => `${prefix}-${String(index + 1).padStart(3, '0')}`);
