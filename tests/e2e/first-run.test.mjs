// A server that nobody has used yet: what it says, and how it goes on by itself.
import assert from 'node:assert/strict';

import { assertAccessible, screen, useServer } from './lib/harness.mjs';
import { heading, shows } from './lib/pages.mjs';
import { Person } from './lib/people.mjs';

const shared = useServer();

screen('without a user there is no sign-in, but what to do, until somebody did it', shared, { allowed: [/status of 401 /] }, async ({ page, server }) => {
  await page.goto('/');
  await heading(page, 'Set up this server');
  await shows(page, 'sudo -u leadblock leadblock user create you@example.com --role operator --data /var/lib/leadblock');
  await shows(page, "sudo journalctl -u leadblock | grep '#/link/'");
  await shows(page, "podman logs leadblock 2>&1 | grep '#/link/'");
  assert.equal(await page.getByLabel('Password').count(), 0);
  await assertAccessible(page, 'set up');
  const first = new Person(server, 'first@example.com');
  await first.redeem(await server.cli('user', 'create', first.email, '--role', 'operator'));
  await heading(page, 'Sign in');
});
