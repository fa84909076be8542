// An authenticator app: codes of a secret in base 32 (RFC 6238: SHA-1, 30 s, 6 digits), each one once.
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const SURE = 8_000; // milliseconds that a page may take with a code
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function bytesOf(secret) {
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

export function codeOf(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', bytesOf(secret)).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

export class Authenticator {
  #last = 0;

  constructor(secret) {
    this.secret = secret.replaceAll(' ', '');
  }

  // A code that the server takes now and for a while, later than the one before: it may wait for it. The server takes
  // those of one step before and one after: the oldest must not end while the request is on its way.
  async code() {
    for (;;) {
      const now = Math.floor(Date.now() / 30_000);
      const first = Math.floor((Date.now() + SURE) / 30_000) - 1;
      const step = Math.max(first, this.#last + 1);
      if (step <= now + 1) {
        this.#last = step;
        return codeOf(this.secret, step);
      }
      await sleep(500);
    }
  }
}
