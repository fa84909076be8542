// People of the tests, made with the program's own commands.
import assert from 'node:assert/strict';

export const PASSWORD = 'four plain words together';

export const tokenOf = (link) => link.slice(link.indexOf('#/link/') + '#/link/'.length);

// Somebody with a session of their own, apart from the ones that pages may have.
export class Person {
  constructor(server, email, password = PASSWORD) {
    Object.assign(this, { server, email, password });
  }

  #take(answer) {
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    this.session = answer.body;
    this.cookie = /leadblock_session=([^;]+)/.exec(answer.headers.get('set-cookie'))[1];
  }

  // Sets the password by a one-time link, which signs in, too.
  async redeem(link) {
    this.#take(await this.call('POST', '/v1/session/from-link', { token: tokenOf(link), password: this.password }));
  }

  async signIn() {
    const { email, password } = this;
    this.#take(await this.call('POST', '/v1/session', { email, password }));
  }

  // A request with this person's session: {status, headers, body}.
  async call(method, path, body, headers = {}) {
    const own = this.cookie
      ? { Cookie: `leadblock_session=${this.cookie}`, 'X-CSRF-Token': this.session.csrfToken } : {};
    const response = await fetch(this.server.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...own, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  // Opens the page at a hash route, signed in.
  async open({ page, context }, hash = '#/check') {
    const { cookie, server } = this;
    await context.addCookies([{ name: 'leadblock_session', value: cookie, url: server.url, httpOnly: true, sameSite: 'Strict' }]);
    await page.goto(`/${hash}`);
    await page.locator('main#main h1').waitFor();
  }
}

// role: operator, or member or viewer of a workspace.
export async function makePerson(server, email, role, workspace) {
  const place = workspace ? ['--in', workspace] : [];
  const person = new Person(server, email);
  await person.redeem(await server.cli('user', 'create', email, '--role', role, ...place));
  return person;
}

// A new password by a link, which ends every session that the person has.
export async function resetPassword(server, { email }, password) {
  const link = await server.cli('user', 'reset-password', email);
  const person = new Person(server, email, password);
  await person.redeem(link);
  return person;
}

// Through the page's form, which is shown already.
export async function signIn(page, { email, password }) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
