// The command palette: anywhere by keyboard.
import { screen, useServer } from './lib/harness.mjs';
import { isFocused, tabTo } from './lib/keyboard.mjs';
import { heading } from './lib/pages.mjs';
import { makePerson } from './lib/people.mjs';
import { makeWorkspace } from './lib/blocklists.mjs';

let member;
const shared = useServer({}, async (server) => {
  const client = await makeWorkspace(server, 'Acme');
  member = await makePerson(server, 'ada@example.com', 'member', client.workspace);
  await client.campaign('q1', 'Spring webinar');
});

async function open(page, typed) {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Screen, campaign or person' }).fill(typed);
}

screen('screens, campaigns and people are reached by typing', shared, {}, async ({ page, context }) => {
  await member.open({ page, context });
  await open(page, 'blockl');
  await page.keyboard.press('Enter');
  await heading(page, 'Blocklist');
  await open(page, 'webin');
  await page.getByRole('option', { name: 'Spring webinar', selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await heading(page, 'Spring webinar');
  await open(page, 'https://www.linkedin.com/in/Jane-Doe');
  await page.getByRole('option', { name: /Person/, selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await heading(page, 'jane-doe');
  await open(page, 'Jane Doe');
  await page.keyboard.press('ArrowDown');
  await page.getByRole('option', { name: 'Check jane-doe', selected: true }).waitFor();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await page.getByRole('option', { name: /^Search the blocklist/, selected: true }).waitFor();
  await page.keyboard.press('Escape');
  await heading(page, 'jane-doe');
});

screen('it opens while typing, and gives the focus back', shared, {}, async ({ page, context }) => {
  await member.open({ page, context });
  await isFocused(page, /^input LinkedIn profile/);
  await page.keyboard.press('Control+k');
  await isFocused(page, /^input Screen, campaign or person/);
  await page.keyboard.press('Escape');
  await isFocused(page, /^input LinkedIn profile/);
  await tabTo(page, /^button Go to/, { back: true });
  await page.keyboard.press('Enter');
  await isFocused(page, /^input Screen, campaign or person/);
});
