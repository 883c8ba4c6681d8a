import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { openSite, type ConsoleSite } from './console-site.ts';
import { leap, onceMore, seriousFindings, takePicture } from './look.ts';

/** Three hosts, two daemons one after the other, one browser. What one test did is there for the next. */
let site: ConsoleSite;
let page: Page;
let run = '';

const HOSTILE = '<img src=x onerror="globalThis.stolen=1"><script>globalThis.stolen=1</script>';

beforeAll(async () => {
  site = await openSite(
    [
      { number: 227, kind: 'plain' },
      { number: 228, kind: 'plain' },
      { number: 229, kind: 'booted' },
    ],
    // a name that nobody knows, and one whose key nobody knows yet
    folder =>
      `\nHost away\n  HostName away.invalid\nHost fres?\n  UserKnownHostsFile ${folder}/known_fresh\n`,
  );
  page = await site.open('/');
});
afterAll(async () => await site?.[Symbol.asyncDispose]());

/** The one that leads to a row, as `j` and `k` find it. */
const rowOf = (name: string) => page.locator(`[data-row="${name}"]`);

describe('Fleet', () => {
  it('shows every host of the ssh configuration, and what it is once it was asked', async () => {
    expect(new URL(page.url()).pathname).toBe('/fleet');
    for (const name of ['lab-p227', 'lab-p228', 'lab-229', 'away']) await rowOf(name).waitFor();
    await page.getByRole('button', { name: 'Check all' }).click();
    await page.locator('[data-host-state=ready]').nth(2).waitFor();
    await page.locator('[data-host-state=unreachable]').waitFor();
    await page
      .getByText(/Debian GNU\/Linux/)
      .nth(2)
      .waitFor();
    await takePicture(page, 'fleet-light');
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('filters by the address, also after a reload', async () => {
    await page.getByLabel('filter').fill('228');
    await rowOf('away').waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('text')).toBe('228');
    await page.reload();
    await rowOf('lab-p228').waitFor();
    expect(await rowOf('lab-p227').count()).toBe(0);
    await page.getByLabel('filter').fill('');
    await rowOf('away').waitFor();
  });

  it('examines a host in its drawer: what is wrong, and how to mend it', async () => {
    await rowOf('lab-229').click();
    await page.getByRole('button', { name: 'Examine' }).click();
    await page.getByRole('list', { name: 'findings' }).getByRole('listitem').first().waitFor();
    await page.getByText('calls itself').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('host')).toBeNull();
  });

  it('adds a server step by step: the fingerprint is shown, a refusal loses nothing', async () => {
    const [, , booted] = site.hosts;
    if (!booted) throw new Error('no booted host');
    await page.getByRole('button', { name: 'Add server' }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByLabel(/paste/)
      .fill(`ssh -i ${booted.keyFile} -p ${booted.port} ${booted.user}@${booted.address}`);
    expect(await dialog.locator('input[name=address]').inputValue()).toBe(booted.address);
    await dialog.locator('input[name=name]').fill('fresh');
    await dialog.getByRole('button', { name: 'Connect' }).click();
    await dialog.locator('[data-question=accept-host-key]').waitFor();
    expect(await dialog.textContent()).toContain(booted.hostKeyFingerprint);
    await dialog.getByRole('button', { name: /trust it/ }).click();
    await page.getByRole('dialog', { name: 'fresh' }).waitFor();
    await page.keyboard.press('Escape');
    await rowOf('fresh').waitFor();
  });
});

describe('a run', () => {
  it('on chosen hosts, from the keyboard alone', async () => {
    await page.goto(`${site.url}/fleet?text=lab-`);
    await rowOf('lab-p227').waitFor();
    await page.getByLabel('choose all that are shown').focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Run a command' }).focus();
    await page.keyboard.press('Enter');
    const command = String.raw`printf '\033[31mred\033[0m ${HOSTILE}\n'; hostname | grep -c lab-229; echo ${'x'.repeat(20)} >&2`;
    await page.keyboard.type(`${command}; test $(hostname) != lab-229`);
    await page.getByRole('button', { name: 'Run', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-verdict=failed]').waitFor();
    run = new URL(page.url()).pathname;
    expect(run).toMatch(/^\/runs\/group-/);
  });

  it('shows failures first, who said the same, and the output with its colours and nothing else', async () => {
    await page.getByText('2 same, 1 differs').waitFor();
    expect(await page.locator('[data-row]').first().textContent()).toContain('lab-229');
    await page.getByRole('alert').getByText('command.failed').waitFor();
    const failure = page.getByRole('region', { name: 'why it failed' });
    await failure.getByText('→ exit 1').waitFor();
    await failure.getByText('hostname | grep -c lab-229').waitFor();
    // which of its two streams is heard first is chance
    const last = failure.locator('[data-last-line]').filter({ hasText: HOSTILE });
    await last.locator('.ansi-1').getByText('red').waitFor();
    const line = page.locator('[data-line]').filter({ hasText: HOSTILE });
    await line.locator('.ansi-1').getByText('red').waitFor();
    await takePicture(page, 'run-light');
    expect(await page.evaluate('globalThis.stolen')).toBeUndefined();
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('leads to the agent, who may be asked to repair it: nothing is asked by itself', async () => {
    await page.getByRole('link', { name: 'Ask the agent to repair it …' }).click();
    await page.waitForURL(/\/agent\?/);
    expect(await page.getByLabel('what should be so').inputValue()).toContain('hostname | grep -c lab-229');
    expect(await page.getByLabel('on which servers').inputValue()).toBe('lab-229');
    await page.goto(`${site.url}${run}`);
    await page.locator('[data-verdict=failed]').waitFor();
  });

  it('tells its events, and is retried where it failed only', async () => {
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByText('run-begun').first().waitFor();
    await page.getByRole('button', { name: 'Retry what failed' }).click();
    await page.waitForURL(address => address.pathname !== run && address.pathname.startsWith('/runs/group-'));
    await page.locator('[data-verdict=failed]').waitFor();
    // one host has no list
    await expect.poll(async () => await page.locator('[data-row]').count()).toBe(0);
  });

  it('looks the same in two browsers, and is cancelled in one', async () => {
    const task = await site.submit('lab-p227', 'while :; do echo tick; sleep 0.2; done');
    const second = await site.open(`/runs/${task}`);
    await page.goto(`${site.url}/runs/${task}`);
    for (const each of [page, second]) await each.locator('[data-line]').nth(3).getByText('tick').waitFor();
    await second.getByRole('button', { name: 'Cancel' }).click();
    for (const each of [page, second]) await each.locator('[data-verdict=cancelled]').waitFor();
    await second.context().close();
  });
});

describe('Tasks', () => {
  it('lists what was submitted, filters by state, and says when nothing fits', async () => {
    await leap(page, 't');
    await page.getByRole('table', { name: 'tasks' }).waitFor();
    await takePicture(page, 'tasks-light');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('state', { exact: true }).selectOption('cancelled');
    await page.waitForURL(/state=cancelled/);
    await expect.poll(async () => await page.locator('[data-row]').count()).toBe(1);
    await page.getByLabel('filter').fill('no such thing');
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.locator('[data-row]').nth(3).waitFor();
  });

  it('walks by keyboard: rows, a row opened, the palette, the sheet', async () => {
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const second = await page.locator('[data-row]').nth(1).getAttribute('data-row');
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`/runs/${second ?? ''}`));
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /a command/ }).fill('go fleet');
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/fleet/);
  });

  it('filters by kind and server, in the address too', async () => {
    const kinds = page.locator('[data-row] >> xpath=ancestor::tr').getByText(/^(ssh|host)\.[a-z]+$/);
    await page.goto(`${site.url}/tasks`);
    await kinds.getByText('host.facts').first().waitFor();
    await page.getByLabel('kind', { exact: true }).selectOption('ssh.execute');
    await page.waitForURL(/kind=ssh\.execute/);
    await expect
      .poll(async () => new Set(await kinds.allTextContents()), { timeout: 60_000 })
      .toEqual(new Set(['ssh.execute']));
    const all = await page.locator('[data-row]').count();
    await page.getByLabel('server', { exact: true }).selectOption('lab-229');
    await page.waitForURL(/host=lab-229/);
    await expect
      .poll(async () => await page.locator('[data-row]').count(), { timeout: 60_000 })
      .toBeLessThan(all);
    await page.reload();
    await page.locator('[data-row]').first().waitFor();
    expect(await page.getByLabel('server', { exact: true }).inputValue()).toBe('lab-229');
    expect(await seriousFindings(page)).toEqual([]);
  });

  it('shows what was done in its form once more, on the same servers', async () => {
    await page.goto(`${site.url}${run}`);
    await page.getByRole('button', { name: 'Duplicate …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Run on 3 servers' });
    expect(await dialog.locator('textarea').inputValue()).toContain('hostname | grep -c lab-229');
    await dialog.locator('textarea').fill('echo again');
    await dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForURL(address => address.pathname !== run && address.pathname.startsWith('/runs/group-'));
    await dialog.waitFor({ state: 'detached' });
    await page.locator('[data-verdict=succeeded]').waitFor();
    expect(await page.locator('[data-row]').count()).toBe(3);
    await page.locator('[data-line="1"]').getByText('again').waitFor();
    // a kind without a form of its own: its parameters
    const other = await onceMore(page, site.url, 'host.facts');
    await other.getByLabel('parameters').fill('{ "refresh": ');
    await other.getByRole('alert').waitFor();
    await other.getByLabel('parameters').fill('{ "refresh": true }');
    await other.getByLabel('on which servers').fill('lab-p227');
    expect(await seriousFindings(page)).toEqual([]);
    await other.getByRole('button', { name: 'Submit' }).click();
    await page.locator('[data-verdict=succeeded]').waitFor();
  });
});

describe('what goes wrong', () => {
  it('a daemon that is restarted under the page: it says so, comes back, and has missed nothing', async () => {
    const task = await site.submit('lab-p228', 'for n in 1 2 3 4 5 6 7 8; do echo line $n; sleep 1; done');
    await page.goto(`${site.url}/runs/${task}`);
    await page.locator('[data-line="1"]').getByText('line 1').waitFor();
    expect((await site.run('daemon', 'stop')).code).toBe(0);
    await page.locator('[data-link=reconnecting]').waitFor();
    expect(await page.locator('[data-link=reconnecting]').textContent()).toContain('last event');
    await site.run('daemon', 'start');
    await page.locator('[data-link=live]').waitFor();
    await page.locator('[data-verdict=succeeded]').waitFor();
    await page.locator('[data-line="8"]').getByText('line 8').waitFor();
    expect(await page.locator('[data-line]').count()).toBe(8);
  });

  it('hostile titles stay text everywhere', async () => {
    const task = await site.submit('lab-p227', `true # ${HOSTILE}`);
    run ||= `/runs/${task}`;
    await page.goto(`${site.url}/tasks`);
    await page.getByText(HOSTILE).first().waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /a command/ }).fill('onerror');
    await page.getByRole('option').getByText(HOSTILE).first().waitFor();
    await page.keyboard.press('Escape');
    expect(await page.evaluate('globalThis.stolen')).toBeUndefined();
  });
});

describe('what goes on on a server', () => {
  it('is the task that runs there and the tunnels through it, as they begin and end', async () => {
    const work = page.locator('tr', { has: rowOf('lab-p227') }).locator('[data-work]');
    await page.goto(`${site.url}/fleet?text=lab-p227`);
    await rowOf('lab-p227').waitFor();
    await site.submit('lab-p227', 'sleep 1000 # long');
    await work.getByRole('link', { name: /sleep 1000/ }).waitFor();
    const added = await site.run(
      'tunnel',
      'add',
      'there',
      'lab-p227',
      '-L',
      '0:localhost:22',
      '-F',
      join(site.folder, 'ssh_config'),
    );
    expect(added.code, added.stderr).toBe(0);
    await work.filter({ hasText: 'tunnel there' }).getByText('up', { exact: true }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect((await site.run('tunnel', 'stop', 'there')).code).toBe(0);
    await work.filter({ hasText: 'tunnel there' }).getByText('stopped').waitFor();
    await work.getByRole('link', { name: /sleep 1000/ }).click();
    await page.waitForURL(/\/runs\/task-/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('[data-verdict=cancelled]').waitFor();
    expect((await site.run('tunnel', 'remove', 'there')).code).toBe(0);
    await page.goto(`${site.url}/fleet?text=lab-p227`);
    await rowOf('lab-p227').waitFor();
    await expect.poll(async () => await work.count(), { timeout: 60_000 }).toBe(0);
  });
});

describe('looks', () => {
  it('dark', async () => {
    const dark = await site.open('/fleet', { colorScheme: 'dark' });
    await dark.locator('[data-host-state=ready]').first().waitFor();
    await takePicture(dark, 'fleet-dark');
    expect(await seriousFindings(dark)).toEqual([]);
    await dark.goto(`${site.url}${run}`);
    await dark.locator('[data-line="1"]').waitFor();
    await takePicture(dark, 'run-dark');
    expect(await seriousFindings(dark)).toEqual([]);
    await dark.context().close();
  });

  it('on a phone: fleet, tasks and a run can be used, nothing is wider than it', async () => {
    const phone = await site.open('/fleet', { viewport: { width: 390, height: 780 }, hasTouch: true });
    for (const path of ['/fleet', '/tasks', run]) {
      await phone.goto(`${site.url}${path}`);
      await phone.locator('[data-row], [data-verdict]').first().waitFor();
      expect(await phone.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390);
    }
    await takePicture(phone, 'run-phone');
    await phone.context().close();
  });
});
