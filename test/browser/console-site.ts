import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { deckhand, stopDaemon, type CommandResult } from '../e2e/deckhand-command.ts';
import { bootHost, labSshConfig, type LabHost, type LabKind } from '../lab/lab.ts';

/** A real daemon with real hosts, its console open, and a real browser. */
export interface ConsoleSite extends AsyncDisposable {
  readonly folder: string;
  readonly hosts: readonly LabHost[];
  readonly browser: Browser;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** A command line of the account whose daemon it is. */
  run(...words: readonly string[]): Promise<CommandResult>;
  /** Submits a command and gives its group. */
  submit(hosts: string, command: string, ...flags: readonly string[]): Promise<string>;
  /** A page that is signed in, by a link of its own. */
  open(path: string, look?: Parameters<Browser['newContext']>[0]): Promise<Page>;
}

const CHROMIUM = '/usr/bin/chromium';

/** Milliseconds in which anything that a test waits for must come, on a busy machine too. */
const PATIENCE = 120_000;

export async function openSite(
  wanted: readonly { readonly number: number; readonly kind: LabKind }[],
  moreConfig: (folder: string) => string = () => '',
): Promise<ConsoleSite> {
  // what was begun is taken down when what follows fails, too
  await using begun = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-browser-'));
  begun.defer(async () => await rm(folder, { recursive: true, force: true }));
  const hosts: LabHost[] = [];
  for (const { number, kind } of wanted) {
    const host = await bootHost(number, { kind });
    begun.defer(async () => await host.down());
    hosts.push(host);
  }
  const config = await labSshConfig(hosts, folder);
  await appendFile(config, moreConfig(folder));
  const run = async (...words: readonly string[]): Promise<CommandResult> =>
    await deckhand(words, { folder });
  begun.defer(async () => await stopDaemon(folder));
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--hide-scrollbars=false'],
  });
  begun.defer(async () => await browser.close());
  const contexts: BrowserContext[] = [];
  const link = async (): Promise<string> => {
    const { stdout, stderr, code } = await run(
      'console',
      '--no-open',
      '-F',
      config,
      ...(contexts.length === 0 ? ['--port', '0'] : []),
    );
    if (code !== 0) throw new Error(`deckhand console ended with ${code}: ${stderr}`);
    return stdout.trim();
  };
  const first = await link();
  const url = new URL(first).origin;
  const all = begun.move();
  return {
    folder,
    hosts,
    browser,
    url,
    run,
    async submit(selector, command, ...flags) {
      const { stdout, stderr, code } = await run(
        'exec',
        '-F',
        config,
        '--detach',
        ...flags,
        selector,
        '--',
        command,
      );
      const group = /group-[a-z0-9]+/.exec(stdout)?.[0] ?? /task-[a-z0-9]+/.exec(stdout)?.[0];
      if (group === undefined) throw new Error(`exec --detach ended with ${code}: ${stdout}${stderr}`);
      return group;
    },
    async open(path, look = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...look });
      context.setDefaultTimeout(PATIENCE);
      const way = contexts.length === 0 ? first : await link();
      contexts.push(context);
      const page = await context.newPage();
      await page.goto(way);
      await page.waitForURL(`${url}/`);
      if (path !== '/') await page.goto(`${url}${path}`);
      await page.locator('[data-link=live]').waitFor();
      return page;
    },
    async [Symbol.asyncDispose]() {
      await all.disposeAsync();
    },
  };
}
