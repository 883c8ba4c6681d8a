import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realBundle, tinyModel } from '../e2e/model-lab.ts';
import { bootHost, type LabHost } from '../lab/lab.ts';
import { openSite, type ConsoleSite } from './console-site.ts';
import { seriousFindings, takePicture } from './look.ts';

/** A newcomer's first minutes, from the login link to a report: nothing is known before, everything is done in the browser. */
let site: ConsoleSite;
let host: LabHost;
let page: Page;

beforeAll(async () => {
  host = await bootHost(231, { kind: 'booted' });
  // before the site: its first link is good for five minutes
  const { path: bundle } = await realBundle();
  // `~` is the account's home to ssh, whatever HOME says: a key that is trusted here must not be there next time
  site = await openSite([], folder => `\nHost *\n  UserKnownHostsFile ${folder}/known_new\n`);
  const cache = join(site.folder, 'cache/deckhand/bundles');
  await mkdir(cache, { recursive: true });
  await copyFile(bundle, join(cache, 'llama.cpp-forky-slim.tar.gz'));
  await tinyModel(site.folder, 'tiny.gguf');
  await mkdir(join(site.folder, 'site'));
  await writeFile(join(site.folder, 'site/index.html'), 'a page of mine\n');
});
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  await host?.down();
});

const button = (name: string) => page.getByRole('button', { name, exact: true });
const row = () => page.locator('[data-row="web-1"]');

/** What is on the screen can be read by everybody, and its pictures are those of the documentation. */
async function inBothThemes(screen: string): Promise<void> {
  for (const scheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    expect(await seriousFindings(page)).toEqual([]);
    await takePicture(page, `${screen}-${scheme}`);
  }
}

it('opens by the link, and is told what to do first', async () => {
  page = await site.open('/');
  await page.getByText('No servers yet.').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('adds a server, whose fingerprint is shown', async () => {
  await page.getByRole('button', { name: 'Add server' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/paste/).fill(`ssh -i ${host.keyFile} -p ${host.port} root@${host.address}`);
  await dialog.locator('input[name=name]').fill('web-1');
  await dialog.getByRole('button', { name: 'Connect' }).click();
  await dialog.locator('[data-question=accept-host-key]').waitFor();
  expect(await dialog.textContent()).toContain(host.hostKeyFingerprint);
  await dialog.getByRole('button', { name: /trust it/ }).click();
  await page.getByRole('dialog', { name: 'web-1' }).waitFor();
  await page.keyboard.press('Escape');
  await row().waitFor();
});

it('runs a command', async () => {
  await page.getByLabel('choose all that are shown').check();
  await button('Run a command').click();
  await page.getByRole('dialog').getByRole('textbox').first().fill('echo it is; uname -s');
  await button('Run').click();
  await page.locator('[data-verdict=succeeded]').waitFor();
  await page.locator('[data-line="2"]').getByText('Linux').waitFor();
});

it('syncs a folder: looks first, then does it', async () => {
  for (const [press, verdict] of [
    ['Look what would change', 'plan'],
    ['Sync', 'done'],
  ] as const) {
    await page.goto(`${site.url}/fleet`);
    await row().waitFor();
    await page.getByLabel('choose all that are shown').check();
    await button('Sync a folder').click();
    await page.getByLabel('folder on this machine, absolute').fill(join(site.folder, 'site'));
    await page.getByLabel('folder on the server').fill('/srv/site');
    await button(press).click();
    await page.locator('[data-verdict=succeeded]').waitFor();
    await page.locator(`[data-transfer=${verdict}]`).waitFor();
    const there = await host.run('cat /srv/site/index.html 2>/dev/null || echo none');
    expect(there.stdout).toBe(verdict === 'plan' ? 'none\n' : 'a page of mine\n');
  }
});

it('deploys a model, and talks with it; a reload in the middle changes nothing', async () => {
  await page.goto(`${site.url}/fleet`);
  await row().waitFor();
  await page.getByLabel('choose all that are shown').check();
  await button('Deploy a model').click();
  expect(await page.getByLabel('on which servers').inputValue()).toBe('web-1');
  await page.getByLabel(/GGUF file/).fill(join(site.folder, 'tiny.gguf'));
  await button('Deploy').click();
  await page.locator('[data-deploying]').waitFor();
  await page.reload();
  await page.locator('[data-model="web-1/tiny"]').getByText('serves').waitFor();
  await page.locator('[data-deploying=succeeded]').waitFor();
  await inBothThemes('models');
  await page.locator('[data-model]').getByRole('link', { name: 'Chat' }).click();
  await page.locator('textarea').fill('hello');
  await page.keyboard.press('Enter');
  await page.getByText('The answer is complete.').waitFor({ state: 'attached' });
  await page.getByText('Ahoy').first().waitFor();
  await inBothThemes('chat');
});

it('asks for nginx, sees the plan, says yes, and reads what was proved', { timeout: 600_000 }, async () => {
  await page.goto(`${site.url}/agent`);
  await page.getByLabel('what should be so').fill('install nginx and serve a page saying hello on port 8080');
  await page.getByLabel('on which servers').fill('web-1');
  await button('Plan and ask me').click();
  await page.locator('[data-approval]').waitFor();
  await page.reload();
  await page.locator('[data-approval]').waitFor();
  expect((await host.run('command -v nginx')).code).not.toBe(0);
  await button('Run exactly this').click();
  await page.locator('[data-approval]').waitFor({ state: 'detached' });
  await page.reload();
  // packages are installed on a disk that others may use
  await page.locator('[data-verdict=succeeded]').waitFor({ timeout: 500_000 });
  await page.getByLabel('proofs').getByText(/web-1/).first().waitFor();
  const seen = await host.run(
    "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
  );
  expect(seen.stdout).toContain('hello');
  await inBothThemes('agent');
  const run = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const report = await site.run('report', run, '--format', 'markdown');
  expect(report.stdout).toMatch(/nginx/);
});
