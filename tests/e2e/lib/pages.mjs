// What tests do with a page time and again.
import { buffer } from 'node:stream/consumers';

export const toast = (page) => page.getByRole('status', { name: 'Messages' });

export const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();

// Until the page shows `text` somewhere in the main part.
export const shows = (page, text) => page.locator('main').getByText(text).first().waitFor();

// Opens the menu of who is signed in.
export const openAccountMenu = (page) => page.locator('button.who').click();

// Asked again until it holds; the error of the last time when it never does.
export async function eventually(look, limitMs = 30_000) {
  for (const end = Date.now() + limitMs; ;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}

// The text of the file that `act` makes the page save, and the name that it suggests.
export async function saved(page, act) {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: download.suggestedFilename(), text: (await buffer(await download.createReadStream())).toString() };
}

// {label: figure} of the page's list of figures.
export function figures(page) {
  return page.locator('main dl.figures').evaluate((list) => Object.fromEntries(
    [...list.children].map((pair) => [pair.querySelector('dt').textContent, Number(pair.querySelector('dd').textContent.replace(/,/g, ''))])));
}

// {label: text} of what the page says about how a file was read.
export function reading(page) {
  return page.locator('main dl.reading').evaluate((list) => Object.fromEntries(
    [...list.children].map((pair) => [pair.querySelector('dt').textContent, pair.querySelector('dd').textContent])));
}

// [[line, value, reason]] of the rows that the page says are not taken.
export const notTaken = (page) => page.getByRole('table', { name: 'Rows not taken' }).locator('tbody tr')
  .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));

// The leads that a table shows, in order.
export const leads = (page) => page.locator('main tbody tr:not(.skeleton) .profile > span:first-child').allTextContents();

// A file that can be dropped onto the page; `content` is text or bytes.
export function fileFor(page, name, content) {
  return page.evaluateHandle(([fileName, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], fileName));
    return transfer;
  }, [name, Buffer.from(content).toString('base64')]);
}

// As if it was dragged from the desk onto the page.
export async function drop(page, file) {
  const dataTransfer = await file;
  await page.locator('.source').dispatchEvent('dragover', { dataTransfer });
  await page.locator('.source').dispatchEvent('drop', { dataTransfer });
}
