import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeModelServer } from '../models/fake-model-server.ts';
import { openSite, type ConsoleSite } from './console-site.ts';

/**
 * Answers of the daemon that come late, or not at all, while things go on: what is shown in the end is what is so. The
 * daemon and the host are real; only what is on its way to the page is held up.
 */
let site: ConsoleSite;
let page: Page;
let model: FakeModelServer;
const HOST = 'lab-p234';
/** On the host, and of this run alone. */
let place = '';

beforeAll(async () => {
  model = await FakeModelServer.start({ models: ['talker'], pieces: ['one ', 'word'] });
  site = await openSite([{ number: 234, kind: 'plain' }]);
  const settings = { modelServers: { box: { url: `http://127.0.0.1:${model.port}` } } };
  await writeFile(join(site.folder, 'deckhand.yaml'), JSON.stringify(settings));
  place = (await site.hosts[0]?.run('mktemp -d'))?.stdout.trim() ?? '';
  page = await site.open('/');
});
afterAll(async () => {
  if (place !== '') await site.hosts[0]?.run(`rm -r ${place}`);
  await site?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

/** A task that goes on when it is told to, so that nothing hangs on how fast anything is. */
async function begin(
  name: string,
  command: string,
): Promise<{ readonly id: string; go: () => Promise<void> }> {
  const flag = `${place}/${name}`;
  const id = await site.submit(HOST, command.replaceAll('WAIT', `until test -e ${flag}; do sleep 0.1; done`));
  return { id, go: async () => void (await site.hosts[0]?.run(`touch ${flag}`)) };
}
/** Requests for such addresses are held until what this gives is called. */
async function hold(address: RegExp): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route(address, async route => {
    await promise;
    await route.continue();
  });
  return resolve;
}
const reconnect = async (): Promise<void> => {
  await page.evaluate("dispatchEvent(new Event('online'))");
  await page.locator('[data-link=live]').waitFor();
};
const line = (number: number) => page.locator(`[data-line="${number}"]`);

it('the last lines, asked for while no daemon answers, are there once it does', async () => {
  const { id, go } = await begin('lines', 'echo first; WAIT; echo last');
  await page.goto(`${site.url}/runs/${id}`);
  await line(1).getByText('first').waitFor();
  const lost = page.waitForEvent('requestfailed', request => request.url().includes('/lines'));
  await page.route(/\/lines\?/, async route => await route.abort());
  await go();
  await page.locator('[data-verdict=succeeded]').waitFor();
  await lost;
  await page.unrouteAll();
  await reconnect();
  await line(2).getByText('last').waitFor();
});

it('a line that is linked to is shown also when the connection is made anew before it has come', async () => {
  const id = await site.submit(HOST, 'seq 5000');
  await expect.poll(async () => (await site.run('task', 'show', id)).stdout).toContain('succeeded');
  const release = await hold(/\/lines\?/);
  const asked = page.waitForRequest(/\/lines\?/);
  await page.goto(`${site.url}/runs/${id}?line=4000`);
  await asked;
  const askedAnew = page.waitForRequest(/\/lines\?/);
  await reconnect();
  await askedAnew;
  release();
  await page.locator('[data-open-line="4000"] pre').getByText('4000').waitFor();
  await line(4000).getByText('4000').last().waitFor();
});

it('what is searched is found also where it comes later', async () => {
  const { id, go } = await begin('hits', 'echo needle; WAIT; echo hay; echo a needle');
  await page.goto(`${site.url}/runs/${id}`);
  await line(1).getByText('needle').waitFor();
  await page.getByLabel('search the log').fill('needle');
  await page.locator('[data-hits="1"]').waitFor();
  await go();
  await page.locator('[data-hits="2"]').waitFor();
});

it('a line without an end is shown as it grows', async () => {
  const { id, go } = await begin('bar', String.raw`printf '10 %%\r'; WAIT; printf '50 %%\r'; sleep 1000`);
  await page.goto(`${site.url}/runs/${id}`);
  await line(1).getByText('10 %').waitFor();
  await go();
  await line(1).getByText('50 %').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('[data-verdict=cancelled]').waitFor();
});

it('an answer that comes after many changes is not the last word, and each event is told once', async () => {
  const release = await hold(/\/v1\/tasks(\/task-[a-z0-9]+(\/events)?)?(\?|$)/);
  const { id, go } = await begin('late', 'echo begun; WAIT; echo over');
  await page.goto(`${site.url}/runs/${id}?tab=events`);
  await go();
  await expect
    .poll(async () => (await site.run('task', 'show', id)).stdout, { timeout: 120_000 })
    .toContain('succeeded');
  release();
  await page.locator('[data-verdict=succeeded]').waitFor();
  const told = page.getByLabel('events', { exact: true }).getByRole('listitem');
  await told.filter({ hasText: '"state":"succeeded"' }).waitFor();
  expect(await told.filter({ hasText: 'run-begun' }).count()).toBe(1);
});

it('a conversation is asked nothing before it was read: nothing of it is lost', async () => {
  await page.goto(`${site.url}/chat`);
  const question = page.getByLabel('your question');
  await question.fill('earlier');
  await page.keyboard.press('Enter');
  await page.getByText('The answer is complete.').waitFor({ state: 'attached' });
  await page.waitForURL(/conversation=/);
  const release = await hold(/\/v1\/conversations\/[^/?]+$/);
  await page.reload();
  await question.fill('later');
  await page.keyboard.press('Enter');
  expect(await question.inputValue()).toBe('later');
  release();
  await page.getByRole('article', { name: 'you' }).getByText('earlier').waitFor();
  await question.press('Enter');
  await page.getByRole('article', { name: 'you' }).nth(1).getByText('later').waitFor();
  await page.getByRole('article', { name: 'answer' }).nth(1).getByText('one word').waitFor();
  await page.reload();
  await page.getByRole('article', { name: 'you' }).nth(1).getByText('later').waitFor();
  await page.getByRole('article', { name: 'you' }).getByText('earlier').waitFor();
});

it('a folder is watched again after the watch broke off', async () => {
  await page.goto(`${site.url}/files?host=${HOST}&path=${place}`);
  await page.locator('[data-watched=true]').waitFor();
  expect((await site.run('daemon', 'stop')).code).toBe(0);
  await page.locator('[data-watched=false]').waitFor();
  expect((await site.run('daemon', 'start')).code).toBe(0);
  await page.locator('[data-link=live]').waitFor();
  await page.locator('[data-watched=true]').waitFor();
  await site.hosts[0]?.run(`touch ${place}/seen`);
  await page.locator('[data-row="seen"]').waitFor();
});

it('what is asked before it is known who is signed in waits for that', async () => {
  const release = await hold(/\/v1\/session$/);
  await page.goto(`${site.url}/terminal/${HOST}`);
  await page.locator('[data-terminal]').waitFor();
  await page.evaluate('new Promise(resolve => setTimeout(resolve, 500))');
  release();
  await page.locator('[data-terminal=open]').waitFor();
});

it('a terminal says that it is there once what was there before is shown: what is typed from then on counts', async () => {
  const rows = page.locator('[data-screen] .xterm-rows');
  await page.goto(`${site.url}/terminal/${HOST}`);
  await page.locator('[data-terminal=open]').waitFor();
  await page.locator('[data-screen] textarea').focus();
  await page.keyboard.type('echo before-$((1 + 1))\n');
  await rows.getByText('before-2').waitFor();
  const release = Promise.withResolvers<void>();
  let held = 0;
  await page.routeWebSocket(/\/terminal\?/, socket => {
    const server = socket.connectToServer();
    server.onMessage(async message => {
      if (typeof message !== 'string') {
        held += 1;
        await release.promise;
      }
      socket.send(message);
    });
  });
  await page.reload();
  await expect.poll(() => held, { timeout: 120_000 }).toBeGreaterThan(0);
  // it was told that the host is there; what it printed is on its way
  await page.evaluate('new Promise(resolve => setTimeout(resolve, 500))');
  expect(await page.locator('[data-terminal]').getAttribute('data-terminal')).toBe('opening');
  release.resolve();
  await page.locator('[data-terminal=open]').waitFor();
  await rows.getByText('before-2').waitFor();
});

it.each(['/', '/tasks', '/models', '/settings', '/audit', `/files?host=${HOST}&path=/etc`])(
  '%s shows where its lines will be while its first answer is late',
  async screen => {
    const address = /\/v1\/(?!session$|changes)/;
    const answer = await hold(address);
    await page.goto(`${site.url}${screen}`);
    const lines = page.getByRole('status', { name: 'being asked for' });
    await lines.waitFor();
    answer();
    await lines.waitFor({ state: 'detached' });
    await page.unroute(address);
  },
);
