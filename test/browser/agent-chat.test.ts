import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { sampleCheck, sampleStep } from '../../src/agent/sample-answer.ts';
import { fileState } from '../e2e/agent-lab.ts';
import { realBundle, tinyModel } from '../e2e/model-lab.ts';
import { ScriptedPlanner } from '../models/scripted-planner.ts';
import { openSite, type ConsoleSite } from './console-site.ts';
import { onceMore, seriousFindings, tabTo } from './look.ts';

/**
 * A model on a host by the console, a conversation with it, a request to the agent approved on a phone. The planning model says what the test wrote; the one that chats is real.
 */
let site: ConsoleSite;
let planner: ScriptedPlanner;
let page: Page;
let model = '';
let host = '';

const HOSTILE = '<img src=x onerror="globalThis.stolen=1">';
const PLAN = {
  goal: `the marker is there ${HOSTILE}`,
  assumptions: [`nothing else ${HOSTILE}`],
  runbook: null,
  parameters: [],
  steps: [
    sampleStep('first', [fileState('/srv/first', 'one\n')], { title: `first ${HOSTILE}` }),
    sampleStep('second', [fileState('/srv/second', 'two\n')], { dependsOn: ['first'] }),
  ],
  done: [sampleCheck('grep -qx two /srv/second')],
};

/** The request as the model understood it; asked for before each plan. */
const UNDERSTOOD = {
  goal: 'the marker is there',
  constraints: [],
  questions: [],
  assumptions: [`it may be read ${HOSTILE}`],
  checks: [],
};
const says = (...answers: readonly object[]) => answers.map(answer => ({ say: JSON.stringify(answer) }));

beforeAll(async () => {
  planner = await ScriptedPlanner.start('openai-compatible', says(UNDERSTOOD, PLAN));
  // before the site: its first link is good for five minutes
  const { path: bundle } = await realBundle();
  site = await openSite([{ number: 238, kind: 'booted' }]);
  host = site.hosts[0]?.name ?? '';
  const settings = {
    modelServers: { box: { url: planner.url } },
    agent: { models: { plan: 'box/brain' } },
  };
  await writeFile(join(site.folder, 'deckhand.yaml'), JSON.stringify(settings));
  const cache = join(site.folder, 'cache/deckhand/bundles');
  await mkdir(cache, { recursive: true });
  await copyFile(bundle, join(cache, 'llama.cpp-forky-slim.tar.gz'));
  model = await tinyModel(site.folder, 'tiny.gguf');
  page = await site.open('/models');
});
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  await planner?.[Symbol.asyncDispose]();
});

const card = () => page.locator(`[data-model="${host}/tiny"]`);

async function untouched(each: Page): Promise<void> {
  expect(await each.evaluate('globalThis.stolen')).toBeUndefined();
  expect(await seriousFindings(each)).toEqual([]);
}

describe('Models', () => {
  it('puts a model on a server: seven steps as they come, also after a reload (L40)', async () => {
    await page.getByText('No model server is known yet.').waitFor();
    await page.getByRole('button', { name: 'Deploy a model' }).click();
    await page.getByLabel('on which servers').fill(host);
    await page.getByLabel(/GGUF file/).fill(model);
    expect(await page.getByLabel('name it is asked for by').inputValue()).toBe('tiny');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.locator('[data-deploying]').waitFor();
    await page.reload();
    await page.locator('[data-deploying=succeeded]').waitFor();
    // they are told by events, which may come after the state
    await expect.poll(async () => await page.locator('[data-step$=" done"]').count()).toBe(7);
    await card().getByText('serves').waitFor();
    // the deployment had it say something
    await card()
      .getByText(/ · [\d,.]+ tokens\/s/)
      .waitFor();
  });

  it('is deployed once more with settings that its form does not ask for', async () => {
    const dialog = await onceMore(page, site.url, 'model.deploy');
    const parameters = dialog.getByLabel('parameters');
    await parameters.fill(JSON.stringify({ ...JSON.parse(await parameters.inputValue()), slots: 2 }));
    await dialog.getByRole('button', { name: 'Submit' }).click();
    await page.locator('[data-verdict=succeeded]').waitFor();
    await page.goto(`${site.url}/models`);
    await card().getByText('serves').waitFor();
  });

  it('examines it and shows its log', async () => {
    await page.getByRole('button', { name: 'Examine' }).click();
    await page.locator('[data-readiness=ready]').waitFor();
    await page.getByText(/^\/v1\/chat\/completions 200, \d+ ms$/).waitFor();
    await untouched(page);
    await page.getByRole('button', { name: 'Log', exact: true }).click();
    await page
      .getByLabel('log', { exact: true })
      .getByText(/llama|server|model/)
      .first()
      .waitFor();
  });
});

describe('Chat', () => {
  it('asks the model, and a question that is hostile stays text', async () => {
    await page.locator('[data-model]').getByRole('link', { name: 'Chat' }).click();
    await page.waitForURL(/\/chat\?model=tiny/);
    await page.locator('textarea').fill(`hi ${HOSTILE}`);
    await page.keyboard.press('Enter');
    await page.getByText('The answer is complete.').waitFor({ state: 'attached' });
    await page.getByText('Ahoy').first().waitFor();
    await untouched(page);
    await page.reload();
    await page.getByLabel('conversation').getByText(HOSTILE).first().waitFor();
  });
});

describe('Agent', () => {
  it('plans what was asked for, and a phone approves exactly that, after a reload (L41 A28)', async () => {
    await page.goto(`${site.url}/agent`);
    await page.getByLabel('what should be so').fill(`make the marker ${HOSTILE}`);
    await page.getByLabel('on which servers').fill(host);
    await page.getByLabel('what may run unasked').selectOption('ask');
    await page.getByRole('button', { name: 'Plan and ask me' }).click();
    await page.waitForURL(/\/agent\/task-/);
    await page.locator('[data-approval]').waitFor();
    const run = new URL(page.url()).pathname;

    const phone = await site.open(run, { viewport: { width: 390, height: 780 }, hasTouch: true });
    await phone.locator('[data-approval]').waitFor();
    await phone.reload();
    await phone.locator('[data-approval]').waitFor();
    expect(await phone.locator('[data-approval] :focus').count()).toBe(0);
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await phone.getByText(`first ${HOSTILE}`).first().waitFor();
    await untouched(phone);
    await phone.getByRole('button', { name: 'Run exactly this' }).click();
    // the other browser sees it too
    for (const each of [page, phone]) {
      await each.locator('[data-verdict=succeeded]').waitFor();
      await each.locator('[data-approval]').waitFor({ state: 'detached' });
      await each.getByLabel('proofs').getByRole('listitem').first().waitFor();
    }
    await untouched(page);
    expect((await site.hosts[0]?.run('cat /srv/first /srv/second'))?.stdout).toBe('one\ntwo\n');
    await phone.context().close();
  });

  it('undoes it from the keyboard alone: what it would do is shown, then approved like any plan (A15)', async () => {
    await tabTo(page, page.getByRole('button', { name: 'Undo …' }));
    await page.keyboard.press('Enter');
    const preview = page.getByLabel('what it would do');
    await preview.getByRole('listitem').nth(1).waitFor();
    await untouched(page);
    // one step alone, and all of it again
    const second = page.getByRole('dialog').getByLabel('second', { exact: false }).first();
    await tabTo(page, second);
    await page.keyboard.press('Space');
    await expect.poll(async () => await preview.getByRole('listitem').count()).toBe(1);
    await page.keyboard.press('Space');
    await expect.poll(async () => await preview.getByRole('listitem').count()).toBe(2);
    await tabTo(page, page.getByRole('button', { name: 'Look at the servers and ask me' }));
    const before = page.url();
    await page.keyboard.press('Enter');
    await page.waitForURL(address => address.href !== before);
    await page.locator('[data-approval]').waitFor();
    expect((await site.hosts[0]?.run('cat /srv/first'))?.stdout).toBe('one\n');
    await tabTo(page, page.getByRole('button', { name: 'Run exactly this' }));
    await page.keyboard.press('Enter');
    await page.locator('[data-verdict=succeeded]').waitFor();
    expect((await site.hosts[0]?.run('ls /srv/first /srv/second 2>/dev/null; echo end'))?.stdout).toBe(
      'end\n',
    );
  });

  it('refuses from the keyboard alone, and nothing is done', async () => {
    const late = [sampleStep('late', [fileState('/srv/late', 'two\n')])];
    planner.moves = says(UNDERSTOOD, { ...PLAN, steps: late });
    await page.goto(`${site.url}/agent?intent=make+it+late`);
    await page.getByLabel('on which servers').fill(host);
    await page.getByLabel('what may run unasked').selectOption('ask');
    await tabTo(page, page.getByRole('button', { name: 'Plan and ask me' }));
    await page.keyboard.press('Enter');
    // a rule that would have let it run, of exactly what would run
    await tabTo(page, page.getByRole('button', { name: 'Always allow …' }));
    await page.keyboard.press('Enter');
    const rule = page.getByRole('group', { name: 'from now on run unasked' });
    expect(await rule.getByLabel(/^command/).inputValue()).toBe('tee /srv/late');
    expect(await rule.getByLabel(/^on servers/).inputValue()).toBe(host);
    await tabTo(page, rule.getByRole('button', { name: 'Leave it' }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('button', { name: 'Refuse' }));
    await page.keyboard.press('Enter');
    await page.locator('[data-verdict=failed], [data-verdict=cancelled]').waitFor();
    expect((await site.hosts[0]?.run('test -e /srv/late; echo $?'))?.stdout).toBe('1\n');
  });
});
