import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleCheck, sampleStep } from '../../src/agent/sample-answer.ts';
import { connectClient } from '../../src/api/http/connect.ts';
import type { TaskApi } from '../../src/api/task-api.ts';
import { placesOf } from '../../src/daemon/places.ts';
import { fileState } from '../e2e/agent-lab.ts';
import type { LabHost } from '../lab/lab.ts';
import { FakeModelServer } from '../models/fake-model-server.ts';
import { ScriptedPlanner } from '../models/scripted-planner.ts';
import { ownHome } from '../own-home.ts';
import { openSite, type ConsoleSite } from './console-site.ts';
import { focusSeen, leap, seriousFindings } from './look.ts';

/**
 * Text that would be a script, planted through every way by which text of others comes into the console; then every
 * screen is looked at, light and dark: the text is there as text, nothing of it ran and nothing was born from it.
 */
const evil = (from: string): string =>
  `<img src=x onerror="globalThis.stolen='${from}'"><script>globalThis.stolen='${from}'</script>`;
/** What a markdown reader would make a link of. */
const LINK = '[press me](javascript:globalThis.stolen=1)';

let site: ConsoleSite;
let host: LabHost;
let page: Page;
let planner: ScriptedPlanner;
let model: FakeModelServer;
let owner: TaskApi;
let program: TaskApi;

/** Where it was planted → where it must be seen, filled in while it is planted. */
const places: { readonly name: string; readonly path: string; readonly text: string }[] = [];

const PLAN = {
  goal: evil('goal'),
  assumptions: [evil('assumption')],
  runbook: null,
  parameters: [],
  steps: [
    sampleStep('first', [fileState('/srv/first', `${evil('content')}\n`)], { title: evil('step title') }),
  ],
  done: [sampleCheck('test -e /srv/first')],
};
const UNDERSTOOD = {
  goal: evil('understood'),
  constraints: [],
  questions: [],
  assumptions: [evil('improver')],
  checks: [],
};

beforeAll(async () => {
  const answers = [UNDERSTOOD, PLAN].map(answer => ({ say: JSON.stringify(answer) }));
  planner = await ScriptedPlanner.start('openai-compatible', answers);
  model = await FakeModelServer.start({ models: [evil('model')], pieces: [evil('answer'), LINK] });
  site = await openSite(
    [{ number: 232, kind: 'booted' }],
    () => `\nHost <img/src=x/onerror=stolen=1>\n  HostName away.invalid\n`,
  );
  host = site.hosts[0] as LabHost;
  const settings = {
    modelServers: { box: { url: planner.url }, talker: { url: `http://127.0.0.1:${model.port}` } },
    agent: { models: { plan: 'box/brain' } },
    hosts: { [host.name]: { tags: [evil('tag')] } },
  };
  await writeFile(join(site.folder, 'deckhand.yaml'), JSON.stringify(settings));
  const { socket } = placesOf(ownHome(site.folder));
  owner = connectClient({ socketPath: socket });
  program = connectClient({ socketPath: socket, as: 'mcp:evil' });
});
afterAll(async () => {
  await owner?.[Symbol.asyncDispose]();
  await program?.[Symbol.asyncDispose]();
  await site?.[Symbol.asyncDispose]();
  await planner?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

const here = () => ({ folder: site.folder, sshConfigFile: join(site.folder, 'ssh_config'), overrides: {} });

/** A task that has come as far as it goes without a person. */
async function done(api: TaskApi, kind: string, params: object, part: object = {}): Promise<string> {
  const wish = { kind, hosts: host.name, params: { ...params }, surroundings: here(), ...part };
  const { tasks } = await api.submit(wish);
  const id = tasks[0]?.id ?? '';
  await expect
    .poll(async () => (await owner.task(id)).state, { timeout: 240_000 })
    .toMatch(/succeeded|failed|waiting-approval/);
  return id;
}

/** The page as it was made by us alone. */
async function untouched(): Promise<void> {
  expect(await page.evaluate('globalThis.stolen')).toBeUndefined();
  expect(await page.evaluate('globalThis.refused ?? []')).toEqual([]);
  const born = '[onerror], [onload], [src="x"], iframe, object, embed, body script, a[href^="javascript:" i]';
  expect(
    await page.evaluate(`[...document.querySelectorAll('${born}')].map(each => each.outerHTML)`),
  ).toEqual([]);
}

it('is planted', async () => {
  page = await site.open('/');
  await page
    .context()
    .addInitScript(
      "globalThis.refused = []; document.addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective + ' ' + event.blockedURI))",
    );
  await host.run(
    `mkdir -p /srv/h; cat > /etc/os-release <<'END'\nPRETTY_NAME='${evil('system').replaceAll("'", '')}'\nID=debian\nEND\necho '${evil('name').replaceAll("'", '').slice(0, 60)}' > /proc/sys/kernel/hostname`,
  );
  await host.run(`echo '${evil('banner').replaceAll("'", '')}' > /etc/banner`);
  // a title, a reply to be typed, the clipboard, a link, another direction of writing, a line without end
  const motd = [
    `${evil('motd').replaceAll("'", '')}\u001b]0;${evil('motd title').replaceAll("'", '')}\u0007`,
    '\u001b]52;c;c3RvbGVu\u0007\u001b]8;;javascript:globalThis.stolen=1\u001b\\press-motd\u001b]8;;\u001b\\',
    `plain \u202eDESREVER\u202c \u2067x\u2069 ${'long '.repeat(2000)}`,
    '\u001b[c\u001b[6n\u001b]11;?\u0007motd-ends',
    '',
  ];
  await host.run('cat > /etc/motd', { input: motd.join('\n') });
  await host.mod('sshd', 'Banner /etc/banner', 'PrintMotd yes');
  await done(owner, 'ssh.connect', {});
  await done(owner, 'host.facts', { refresh: true });
  places.push({ name: 'facts of a host', path: `/fleet?host=${host.name}`, text: '<img src=x onerror=' });

  const output = await done(
    owner,
    'ssh.execute',
    {
      command: `cat <<'END'\n\u001b[31m${evil('output')}\u001b[0m\n${LINK}\nEND\necho "${evil('stderr').replaceAll('"', '')}" >&2; false`,
    },
    { title: evil('title'), tags: [evil('word')] },
  );
  places.push(
    { name: 'output', path: `/runs/${output}`, text: evil('output') },
    { name: 'a command', path: `/runs/${output}?tab=events`, text: evil('title') },
    { name: 'titles', path: '/tasks', text: evil('title') },
  );
  const missing = await done(owner, 'scp.list', { path: `/srv/${evil('error')}` });
  places.push({ name: 'an error', path: `/runs/${missing}`, text: evil('error') });

  const local = join(site.folder, 'tree');
  await mkdir(local);
  await writeFile(join(local, evil('file').replaceAll('/', '|')), 'x');
  const sync = await done(owner, 'scp.sync', { local, remote: '/srv/h', direction: 'push', dryRun: true });
  places.push({ name: 'a file name', path: `/runs/${sync}`, text: evil('file').replaceAll('/', '|') });

  const asked = await done(program, 'scp.upload', {
    source: join(local, 'x'),
    target: `/srv/${evil('target')}`,
  });
  places.push({ name: "a program's wish", path: `/runs/${asked}`, text: evil('target') });
  await expect(
    program.submit({
      kind: 'ssh.execute',
      hosts: host.name,
      params: { command: `touch '${LINK}' # ${evil('audit')}` },
      surroundings: here(),
    }),
  ).rejects.toMatchObject({ code: 'policy.needs-approval' });
  places.push({ name: 'the audit', path: '/audit?text=audit', text: evil('audit').slice(0, 40) });

  const run = await done(owner, 'agent.run', { intent: evil('intent'), mode: 'run', approve: 'ask' });
  places.push(
    { name: 'an intent', path: '/agent', text: evil('intent') },
    { name: 'the plan of a model', path: `/agent/${run}`, text: evil('step title') },
  );
});

it('a model answers with it', async () => {
  await page.goto(`${site.url}/chat`);
  await page.locator('option').getByText(evil('model')).first().waitFor({ state: 'attached' });
  await page.locator('textarea').fill(evil('question'));
  await page.keyboard.press('Enter');
  await page.getByText('The answer is complete.').waitFor({ state: 'attached' });
  await page.getByLabel('conversation').getByText(evil('answer')).first().waitFor();
  await page.getByLabel('conversation').getByText('press me').first().waitFor();
  await untouched();
  const { pathname, search } = new URL(page.url());
  places.push({ name: 'a conversation', path: pathname + search, text: evil('question') });
});

it('a terminal shows the message of the day, and nothing of it is more than text', async () => {
  await page.goto(`${site.url}/terminal/${host.name}`);
  await page.locator('[data-terminal=open]').waitFor();
  const rows = page.locator('[data-screen] .xterm-rows');
  await rows.getByText('motd-ends').first().waitFor();
  await page.locator('[data-screen] textarea').focus();
  // to what the message asked, nothing was typed that a shell would run
  await page.keyboard.type(
    'clear; head -c 200 /etc/motd; echo; tail -n 2 /etc/motd | head -c 20; echo; echo typed-$((40 + 2))\n',
  );
  await rows.getByText('typed-42').first().waitFor();
  await rows.getByText('<img src=x onerror=').first().waitFor();
  await rows.getByText('plain DESREVER').first().waitFor();
  await page.getByRole('heading', { name: /<img src=x/ }).waitFor();
  await untouched();
  expect(await page.title()).toBe('Deckhand');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1280);
  expect(await page.locator('[data-screen] a[href]').count()).toBe(0);
  expect(await seriousFindings(page)).toEqual([]);
});

describe.each(['light', 'dark'] as const)('every screen, %s', scheme => {
  it('shows what was planted as text, runs none of it, and is fit for everybody (axe)', async () => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(`${site.url}/fleet`);
    await page.locator('[data-link=live]').waitFor();
    const rail = await page
      .getByRole('navigation', { name: 'screens' })
      .getByRole('link')
      .evaluateAll(links => links.map(link => (link as unknown as { pathname: string }).pathname));
    expect(rail.length).toBeGreaterThanOrEqual(6);
    const every = [...places, ...rail.map(path => ({ name: path, path, text: '' }))];
    for (const { name, path, text } of every) {
      await page.goto(`${site.url}${path}`);
      await page.locator('[data-link=live]').waitFor();
      await page.getByRole('main').waitFor();
      if (text !== '') await page.getByText(text).first().waitFor({ state: 'attached' });
      await untouched();
      expect(await seriousFindings(page), `${name} ${path}`).toEqual([]);
    }
  });
});

it('hosts whose names are no names are not listed', async () => {
  await page.goto(`${site.url}/fleet`);
  await page.locator(`[data-row="${host.name}"]`).waitFor();
  expect(await page.locator('[data-row]').count()).toBe(1);
});

it('every screen is reached, walked and left by the keyboard alone', async () => {
  await page.goto(`${site.url}/fleet`);
  await page.locator('[data-link=live]').waitFor();
  const rail = page.getByRole('navigation', { name: 'screens' }).getByRole('link');
  const ways = await rail.evaluateAll(links =>
    links.map(link => {
      const { pathname, textContent } = link as unknown as { pathname: string; textContent: string };
      return { path: pathname, key: textContent.trim().at(-1) ?? '' };
    }),
  );
  for (const { path, key } of ways) {
    await leap(page, key);
    await page.waitForURL(new RegExp(`${path}(\\?|$)`));
    await page.getByRole('main').waitFor();
    // Tab goes through everything once: it is never caught, and always seen
    const seen: string[] = [];
    for (let count = 0; count < 12; count += 1) {
      await page.keyboard.press('Tab');
      const [outline, words] = await focusSeen(page);
      seen.push(words);
      expect(outline, `${path}: ${words}`).not.toBe('none');
    }
    expect(new Set(seen).size, path).toBeGreaterThan(4);
    await page.evaluate('document.activeElement?.blur()');
  }
  await page.goto(`${site.url}/audit`);
  await page.locator('[data-chain=sound]').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});
