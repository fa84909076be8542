// People at the API without a browser: for filling a server quickly, and for asking what the dashboard asks.

export const PASSWORD = 'correct horse battery';

export class Person {
  constructor(url, { cookie = null, csrf = null, session = null } = {}) {
    Object.assign(this, { url, cookie, csrf, session, workspace: null });
  }

  // The answer whatever its status: {status, data, headers}.
  async ask(method, path, body, headers = {}) {
    const response = await fetch(`${this.url}/v1/${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(this.cookie ? { Cookie: `leadblock_session=${this.cookie}` } : {}),
        ...(this.csrf && method !== 'GET' ? { 'X-CSRF-Token': this.csrf } : {}),
        ...(this.workspace ? { 'X-Workspace-Id': this.workspace } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, data: text ? JSON.parse(text) : null, headers: response.headers };
  }

  // What must succeed.
  async must(method, path, body, headers) {
    const answer = await this.ask(method, path, body, headers);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.data)}`);
    return answer.data;
  }

  get = (path) => this.must('GET', path);
  post = (path, body) => this.must('POST', path, body);
  put = (path, body) => this.must('PUT', path, body);
  del = (path, body) => this.must('DELETE', path, body);

  enter({ data, headers }) {
    this.cookie = /leadblock_session=([^;]+)/.exec(headers.get('set-cookie'))[1];
    this.csrf = data.csrfToken;
    this.session = data;
    return this;
  }

  // Uses a one-time link, as the page does; `email` only for the first operator.
  static async fromLink(server, link, email) {
    const person = new Person(server.url);
    const answer = await person.ask('POST', 'session/from-link',
      { token: link.split('/link/')[1], password: PASSWORD, ...(email ? { email } : {}) });
    if (answer.status !== 200) throw new Error(`from-link: ${JSON.stringify(answer.data)}`);
    return person.enter(answer);
  }

  static async setUp(server, email = 'ada@example.com') {
    return Person.fromLink(server, await server.setUpLink(), email);
  }

  // Makes another person and lets them set their password.
  async invite(server, email, role, workspaceId) {
    const { link } = await this.post('users', { email, role, ...(workspaceId ? { workspaceId } : {}) });
    return Person.fromLink(server, link);
  }

  // Lets a browser in as this person.
  async let(context) {
    await context.addCookies([{ name: 'leadblock_session', value: this.cookie, url: this.url,
      httpOnly: true, sameSite: 'Strict' }]);
  }
}

