// Starts the real program on a data folder of its own and runs its commands.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

const READY = /^leadblock: ready on (http:\/\/\S+:(\d+))\s*$/m;
const SET_UP = /^leadblock: no operator yet\. Open (\S+#\/link\/\S+) within /m;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;

export function binary() {
  return process.env.LEADBLOCK_BIN || join(root, 'build', 'leadblock');
}

function cleanEnvironment(extra) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('LEADBLOCK_'));
  return { ...Object.fromEntries(kept), ...extra };
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function within(ms, what, look) {
  const limit = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > limit) throw new Error(`${what}: not after ${ms} ms`);
    await sleep(5);
  }
}

// Runs the program until it ends: {code, out, err}.
export function run(args, { env, input = '' } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(binary(), args.map(String), { env: cleanEnvironment(env) });
    const result = { code: null, out: '', err: '' };
    child.stdout.on('data', (data) => { result.out += data; });
    child.stderr.on('data', (data) => { result.err += data; });
    child.on('error', failed);
    child.on('close', (code, signal) => done({ ...result, code: code ?? signal }));
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(input);
  });
}

// One server on one data folder. It may be stopped or killed, and started again on the same port.
export class Server {
  constructor({ args = [], env = {} } = {}) {
    this.args = args;
    this.env = env;
    this.folder = null;
    this.port = 0;
    this.url = null;
    this.log = ''; // standard error of the present or last run
    this.child = null;
  }

  static async start(options) {
    const server = new Server(options);
    server.folder = await mkdtemp(join(tmpdir(), 'leadblock-e2e-'));
    try {
      return await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  get data() {
    return join(this.folder, 'data');
  }

  async start() {
    if (this.child) throw new Error('the server runs already');
    this.log = '';
    const child = spawn(
      binary(),
      ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, ...this.args],
      // Hashing passwords as well as it is done for people takes long by design.
      { env: cleanEnvironment({ LEADBLOCK_PASSWORD_MEMORY: '19', ...this.env }), stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    this.ended = new Promise((done) => {
      child.on('error', (error) => done(String(error)));
      child.on('close', (code, signal) => done(code ?? signal));
    });
    this.ended.then((how) => { if (this.child === child) { this.child = null; this.how = how; } });
    child.stderr.on('data', (data) => { this.log += data; });
    const [, url, port] = await within(START_LIMIT_MS, 'ready', () => {
      if (!this.child) throw new Error(`the server ended with ${this.how}:\n${this.log}`);
      return READY.exec(this.log);
    });
    this.url = url;
    this.port = Number(port);
    return this;
  }

  // The link that creates the first operator, as the server printed it when it started.
  async setUpLink() {
    const [, link] = await within(5000, 'the set-up link', () => SET_UP.exec(this.log));
    return link;
  }

  async #end(signal) {
    const { child, ended } = this;
    if (!child) return null;
    child.kill(signal);
    // A timer that is left would keep the whole file of tests waiting for it.
    let timer = null;
    const late = new Promise((done) => { timer = setTimeout(done, STOP_LIMIT_MS, 'late'); });
    const how = await Promise.race([ended, late]);
    clearTimeout(timer);
    if (how === 'late') {
      child.kill('SIGKILL');
      await ended;
    }
    this.child = null;
    return how;
  }

  // SIGTERM; the server must end by itself with exit code 0.
  async stop() {
    const how = await this.#end('SIGTERM');
    if (how !== 0) throw new Error(`ended with ${how} after SIGTERM:\n${this.log}`);
  }

  // kill -9
  async kill() {
    await this.#end('SIGKILL');
  }

  // Returns when no thread of it runs. The signal alone is no such promise: until the thread that takes it has a
  // processor, which a busy machine makes it wait for, the others still answer.
  async freeze() {
    const { child } = this;
    child.kill('SIGSTOP');
    const tasks = `/proc/${child.pid}/task`;
    const isStopped = async (task) => /^\d+ \(.*\) T /.test(await readFile(`${tasks}/${task}/stat`, 'latin1'));
    await within(STOP_LIMIT_MS, 'stopped', async () => {
      const stopped = await Promise.all((await readdir(tasks)).map(isStopped));
      return stopped.every(Boolean);
    });
  }

  thaw() {
    this.child.kill('SIGCONT');
  }

  async restart() {
    await this.stop();
    return this.start();
  }

  async remove() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  // Runs a command on this server's data, whatever its exit code.
  run(...args) {
    return run([...args, '--data', this.data]);
  }

  // Runs a command that must succeed; its standard output without the line end.
  async cli(...args) {
    const result = await this.run(...args);
    if (result.code !== 0)
      throw new Error(`leadblock ${args.join(' ')}: exit ${result.code}\n${result.err}${result.out}`);
    return result.out.trim();
  }
}
