// How long an event takes from a click in the dashboard to the receiver: measured with nothing beside it.
import assert from 'node:assert/strict';

import { makeWorkspace } from './lib/blocklists.mjs';
import { screen, useServer } from './lib/harness.mjs';
import { eventually } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { isSignedBy, subscribe, useReceiver } from './lib/receiver.mjs';

let member;

const receiver = useReceiver();
const { got } = receiver;
const shared = useServer({ args: ['--hooks-allow', '127.0.0.0/8'] }, async (server) => {
  const { workspace } = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'mia@example.com', 'member', workspace);
});

const button = (page, name) => page.getByRole('button', { name, exact: true });

screen('a block made in the dashboard arrives, signed, within a second', shared, {}, async ({ page, context }) => {
  await member.open({ page, context }, '#/hooks');
  await subscribe(page, await receiver.url());
  const secret = await page.getByLabel('Secret', { exact: true }).inputValue();
  await button(page, 'Done').click();
  const took = [];
  for (const name of ['eve-four', 'fay-five', 'gil-six']) { // a pause of the machine is not in each
    const before = got.length;
    await page.goto(`/#/check?q=${name}`);
    await button(page, 'Block').click();
    const pressed = Date.now();
    await eventually(() => assert.ok(got.length > before));
    took.push(Date.now() - pressed);
    assert.ok(isSignedBy(secret, got[before]));
    assert.equal(JSON.parse(got[before].body).data.publicIdentifier, name);
  }
  assert.ok(took.sort((a, b) => a - b)[1] < 1000, `${took} ms`);
});
