import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { openSite, type ConsoleSite } from './console-site.ts';
import { takePicture } from './look.ts';

/** A log of 100,000 lines, and one that grows by thousands of lines a second. */
let site: ConsoleSite;
let page: Page;
let long = '';

beforeAll(async () => {
  site = await openSite([{ number: 230, kind: 'plain' }]);
  long = await site.submit(
    'lab-p230',
    String.raw`awk 'BEGIN { for (n = 1; n <= 100000; n++) print (n % 10000 == 0 ? "\033[31mERROR" : "fine") " number " n "\033[0m" }'`,
  );
  page = await site.open(`/runs/${long}`);
  await page.locator('[data-verdict=succeeded]').waitFor();
});
afterAll(async () => await site?.[Symbol.asyncDispose]());

const line = (number: number) => page.locator(`[data-line="${number}"]`);
const rowOf = (command: string) => page.locator('[data-row]').filter({ hasText: command });
const scroller = () => page.locator('[data-log]');

it('opens at its end; only what is seen is in the page', async () => {
  await line(100_000).getByText('number 100000').waitFor();
  expect(await page.locator('[data-line]').count()).toBeLessThan(100);
  expect(await page.locator('[data-total]').textContent()).toBe('100,000 lines');
});

it('opened from the list it asks for its end once, and for no connection anew', async () => {
  await page.goto(`${site.url}/tasks`);
  await rowOf('awk').waitFor();
  await page.locator('[data-link=live]').waitFor();
  // the screens are loaded ahead
  const loaded = async (): Promise<readonly string[]> =>
    await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  await expect.poll(loaded).toContainEqual(expect.stringContaining('/assets/settings-screen-'));
  const asked: string[] = [];
  page.on('request', request => asked.push(new URL(request.url()).pathname));
  await rowOf('awk').click();
  await line(100_000).getByText('number 100000').waitFor();
  await page.getByText('→ exit 0').waitFor();
  expect(asked.filter(path => path.endsWith('/lines'))).toHaveLength(1);
  expect(asked.filter(path => path === '/v1/changes' || path === '/v1/session')).toEqual([]);
  expect(asked.filter(path => path.startsWith('/assets'))).toEqual([]);
});

it('scrolls anywhere, and End leads back', async () => {
  // what is drawn anew between a script's scrolling and its event goes on to follow
  const scrolled = async (): Promise<string | null> => {
    await scroller().evaluate(element => element.scrollTo({ top: 50_000 * 20 }));
    return await scroller().getAttribute('data-follows');
  };
  await expect.poll(scrolled).toBe('false');
  await line(50_005).getByText('number 50005').waitFor();
  expect(await scroller().getAttribute('data-follows')).toBe('false');
  await scroller().focus();
  await page.keyboard.press('Home');
  await line(1).getByText('number 1').waitFor();
  await page.keyboard.press('End');
  await line(100_000).getByText('number 100000').waitFor();
  expect(await scroller().getAttribute('data-follows')).toBe('true');
});

it('is searched by the daemon, in whatever case; Enter leads from hit to hit', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('error');
  await page.locator('[data-hits="10"]').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('[data-open-line="10000"]').getByText('ERROR number 10000').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('[data-open-line="20000"]').waitFor();
  await takePicture(page, 'log-light');
  expect(new URL(page.url()).searchParams.get('line')).toBe('20000');
});

it('a link to a line opens there', async () => {
  await page.goto(`${site.url}/runs/${long}?line=77777`);
  await page.locator('[data-open-line="77777"]').getByText('fine number 77777').waitFor();
  await line(77_777).waitFor();
});

it('is downloaded byte for byte', async () => {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'download' }).click(),
  ]);
  const pieces: Buffer[] = [];
  for await (const piece of await download.createReadStream()) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  expect(text.split('\n')).toHaveLength(100_001);
  expect(text).toContain('\u001b[31mERROR number 70000\u001b[0m\n');
});

it('follows thousands of lines a second, lets go when scrolled up, counts what is new', async () => {
  const flag = (await site.hosts[0]?.run('mktemp -u'))?.stdout.trim() ?? '';
  // however late the page looks, there is more to come
  await site.submit(
    'lab-p230',
    `i=0; while [ $i -lt 60 ]; do seq $((i * 400 + 1)) $((i * 400 + 400)); i=$((i + 1)); sleep 0.1; done; until test -e ${flag}; do echo more; sleep 0.1; done; rm ${flag}; echo the end`,
  );
  await page.goto(`${site.url}/tasks`);
  await page.locator('[data-link=live]').waitFor();
  const asked: string[] = [];
  page.on('request', request => asked.push(new URL(request.url()).pathname));
  await rowOf('while').click();
  const total = async (): Promise<number> =>
    Number(await page.locator('[data-total]').getAttribute('data-total'));
  await expect.poll(total).toBeGreaterThan(2000);
  // the connection that hears of the log took the other's place: nothing was read anew
  expect(asked.filter(path => path === '/v1/changes')).toHaveLength(1);
  expect(asked.filter(path => path === '/v1/session')).toEqual([]);
  await scroller().hover();
  await page.mouse.wheel(0, -3000);
  await page.getByRole('button', { name: /↓ [\d,]+ new/ }).waitFor();
  expect(await scroller().getAttribute('data-follows')).toBe('false');
  await page.getByRole('button', { name: /↓ [\d,]+ new/ }).click();
  await page.locator('[data-log][data-follows=true]').waitFor();
  await site.hosts[0]?.run(`touch ${flag}`);
  await page.locator('[data-line]').getByText('the end').waitFor();
  expect(await total()).toBeGreaterThan(24_000);
  expect(await page.locator('[data-line]').count()).toBeLessThan(100);
});

it('a progress line shows its last state', async () => {
  const bar = await site.submit(
    'lab-p230',
    String.raw`for n in 10 50 100; do printf '%s %%\r' $n; done; echo; echo done`,
  );
  await page.goto(`${site.url}/runs/${bar}`);
  await line(2).getByText('done').waitFor();
  expect(await line(1).textContent()).toBe('1100 %');
});

it('what failed shows its last twenty lines, and leaves room for the log in a low window', async () => {
  const id = await site.submit('lab-p230', 'seq 1 40; exit 3');
  const low = await site.open(`/runs/${id}`, { viewport: { width: 1280, height: 560 } });
  const failure = low.getByRole('region', { name: 'why it failed' });
  await failure.getByText('→ exit 3').waitFor();
  await failure.locator('[data-last-line="40"]').waitFor();
  expect(await failure.locator('[data-last-line]').count()).toBe(20);
  await low.locator('[data-line="40"]').waitFor();
  const height = (await low.locator('[data-log]').boundingBox())?.height ?? 0;
  expect(height).toBeGreaterThanOrEqual(100);
  await low.context().close();
});
