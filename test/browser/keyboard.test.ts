import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeModelServer } from '../models/fake-model-server.ts';
import { openSite, type ConsoleSite } from './console-site.ts';
import { hasFocus, isFocused, leap, tabTo } from './look.ts';

/** Main paths by the keyboard alone: nothing here has a mouse. What one test did is there for the next. */
let site: ConsoleSite;
let page: Page;
let host = '';
let model: FakeModelServer;

beforeAll(async () => {
  model = await FakeModelServer.start({ models: ['talker'], pieces: ['one ', 'word'] });
  site = await openSite(
    [{ number: 233, kind: 'booted' }],
    folder => `\nHost fres?\n  UserKnownHostsFile ${folder}/known_fresh\n`,
  );
  host = site.hosts[0]?.name ?? '';
  await onHost("mkdir -p /srv/keys; printf 'one\\n' > /srv/keys/app.conf");
  page = await site.open('/');
});
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

async function onHost(command: string): Promise<string> {
  const answer = await site.hosts[0]?.run(command);
  if (answer?.code !== 0) throw new Error(`${command}: ${answer?.stderr}`);
  return answer.stdout;
}
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
const enter = async (name: string | RegExp): Promise<void> => {
  await tabTo(page, button(name));
  await page.keyboard.press('Enter');
};
const type = async (text: string): Promise<void> => await page.keyboard.type(text);
/** A screen gives the focus on once it has drawn what is seen. */
const gets = async (target: Locator): Promise<void> =>
  await expect.poll(async () => await isFocused(target)).toBe(true);
const keepsFocus = async (): Promise<void> => await expect.poll(async () => await hasFocus(page)).toBe(true);
const go = async (key: string, path: RegExp): Promise<void> => {
  await leap(page, key);
  await page.waitForURL(path);
};

it('the sheet of keys opens and closes, and the focus is back where it was', async () => {
  await tabTo(page, button('Add server').first());
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await gets(button('Add server').first());
});

it('a server is added', async () => {
  const [booted] = site.hosts;
  if (!booted) throw new Error('no booted host');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Add server' }).waitFor();
  // the first field has the focus
  await type(`ssh -i ${booted.keyFile} -p ${booted.port} ${booted.user}@${booted.address}`);
  await tabTo(page, page.locator('input[name=name]'));
  await type('fresh');
  await enter('Connect');
  await page.locator('[data-question=accept-host-key]').waitFor();
  await enter(/trust it/);
  await page.getByRole('dialog', { name: 'fresh' }).waitFor();
  await keepsFocus();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await keepsFocus();
});

it('a command is run, and cancelled', async () => {
  await tabTo(page, page.getByLabel(`choose ${host}`));
  await page.keyboard.press('Space');
  await enter('Run a command');
  await type('while :; do echo tick; sleep 0.2; done');
  await enter('Run');
  await page.locator('[data-line]').nth(2).getByText('tick').waitFor();
  await keepsFocus();
  await enter('Cancel');
  await page.locator('[data-verdict=cancelled]').waitFor();
  await keepsFocus();
});

it('what failed is retried, from the list', async () => {
  await site.submit(host, 'echo no; false');
  await go('t', /\/tasks/);
  await page.getByText('echo no').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('[data-verdict=failed]').waitFor();
  const before = page.url();
  await enter('Retry what failed');
  await page.waitForURL(address => address.href !== before);
  await page.locator('[data-verdict=failed]').waitFor();
  await keepsFocus();
});

it('a model is asked and stopped before its first word, asked again, and its question written anew', async () => {
  const settings = { modelServers: { box: { url: `http://127.0.0.1:${model.port}` } } };
  await writeFile(join(site.folder, 'deckhand.yaml'), JSON.stringify(settings));
  await go('c', /\/chat/);
  const question = page.getByLabel('your question');
  await tabTo(page, question);
  model.hold();
  await type('wait');
  await page.keyboard.press('Enter');
  await enter('Stop');
  await page.getByText('stopped on the server').waitFor();
  await expect.poll(() => model.busy).toBe(0);
  // the button that stopped it is gone: the next question is what comes next
  await gets(question);
  model.release();
  await enter('ask again');
  await page.getByText('one word').waitFor();
  await keepsFocus();
  await enter('edit');
  await tabTo(page, page.locator('#edited'));
  await page.keyboard.press('Control+a');
  await type('anew');
  await enter('Ask this instead');
  await page.getByText('The answer is complete.').waitFor({ state: 'attached' });
  expect(await page.getByLabel('you', { exact: true }).count()).toBe(1);
  await keepsFocus();
});

it('a file is edited; what the policy asks about has the focus, not the button that says yes', async () => {
  await writeFile(join(site.folder, 'deckhand.yaml'), 'policy: { mode: ask }\n');
  await page.goto(`${site.url}/files?host=${host}&path=/srv/keys`);
  await page.locator('[data-row="app.conf"]').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await enter('Edit');
  const text = page.getByLabel('text of the file');
  await text.waitFor();
  await tabTo(page, text);
  await page.keyboard.press('Control+End');
  await type('two\n');
  await enter('Review the change');
  await enter('Save exactly this');
  const question = page.locator('[data-policy-question]');
  await question.waitFor();
  await gets(question);
  // a key too many is no yes
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  expect(await onHost('cat /srv/keys/app.conf')).toBe('one\n');
  await enter('Yes, write exactly this');
  await page.getByText(/^Saved; mode/).waitFor();
  expect(await onHost('cat /srv/keys/app.conf')).toBe('one\ntwo\n');
  await keepsFocus();
});

it('who may not approve sees why, and no button', async () => {
  await page.route('**/v1/session', async route => {
    const answer = await route.fetch();
    const session = (await answer.json()) as object;
    await route.fulfill({ response: answer, json: { ...session, role: 'operator' } });
  });
  await page.goto(`${site.url}/fleet`);
  await page.locator(`[data-row="${host}"]`).waitFor();
  await page.locator('[data-link=live]').waitFor();
  await tabTo(page, page.getByLabel(`choose ${host}`));
  await page.keyboard.press('Space');
  await enter('Run a command');
  await type('rm -r /srv/keys');
  await enter('Run');
  await page.locator('[data-barred]').getByText('signed in as operator').waitFor();
  expect(await page.getByRole('button', { name: /^Yes/ }).count()).toBe(0);
  expect(await onHost('ls /srv/keys')).toBe('app.conf\n');
});
