import { type Browser, chromium, type Page } from 'playwright-core';
import { BenchDaemon } from './bench-daemon.ts';
import { expectCode } from './lab-link.ts';
import { LINE, pluginFile } from './plugin-kinds.ts';
import { type Comparison, type Question, timed } from './question.ts';

const LONG = 100_000;
const LINES_A_SECOND = 4000;
/** Seconds over which frames are counted. */
const WINDOW = 5;
/** Milliseconds between two additions to the plain list, as often as the console hears of growth. */
const BURST = 100;

export const question: Question = {
  id: 'P17',
  title: `the console opened; a log of ${LONG} lines opened, and one that grows by ${LINES_A_SECOND} lines a second followed, in Chromium`,
  verified:
    'Fleet was live, the last line on the page when the clock stopped, and the followed log stayed at its end.',
  hosts: 'none',
  peers: [],
  async run({ quick }) {
    const rounds = quick ? 1 : 5;
    await using daemon = await BenchDaemon.start({ plugins: pluginFile });
    const surroundings = daemon.surroundings;
    const submit = async (lines: number, rate: number): Promise<string> => {
      const { tasks } = await daemon.api.submit({
        kind: 'bench.lines',
        params: { rate, lines },
        surroundings,
      });
      return tasks[0]?.id ?? '';
    };
    const long = await submit(LONG, LONG);
    for await (const item of daemon.api.follow(long, { signal: new AbortController().signal }))
      if (item.item === 'ended') expectCode(item.task.state, 'succeeded', long);
    await daemon.api.openConsole(surroundings, { port: 0, address: '127.0.0.1' });
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    });
    try {
      const views: number[] = [];
      for (let round = 0; round < rounds; round += 1)
        views.push(await firstView(browser, (await daemon.api.loginLink()).url));
      const page = await browser.newPage();
      await signIn(page, (await daemon.api.loginLink()).url);
      const opened: number[] = [];
      const plainOpened: number[] = [];
      const frames: number[] = [];
      const plainFrames: number[] = [];
      const seconds = quick ? 2 : WINDOW;
      for (let round = 0; round < rounds; round += 1) {
        opened.push(await openInConsole(page, long));
        plainOpened.push(await openInPlainList(browser));
        const growing = await submit(LINES_A_SECOND * (seconds + 4), LINES_A_SECOND);
        frames.push(await framesInConsole(page, growing, seconds));
        await daemon.api.cancel(growing, false).catch(() => undefined);
        plainFrames.push(await framesInPlainList(browser, seconds));
      }
      return compare({ views, opened, plainOpened, frames, plainFrames });
    } finally {
      await browser.close();
    }
  },
};

function compare(
  seen: Readonly<Record<'views' | 'opened' | 'plainOpened' | 'frames' | 'plainFrames', number[]>>,
): Comparison[] {
  return [
    {
      title: 'from the login link to Fleet, live, in a browser that has nothing cached',
      ours: { what: 'the console', times: seen.views },
      target: { kind: 'at-most', limit: 1000 },
    },
    {
      title: `${LONG} lines opened, the last one painted`,
      ours: { what: 'the console', times: seen.opened },
      peer: { what: 'a plain list, its lines at hand', times: seen.plainOpened },
      target: { kind: 'at-most', limit: 100 },
    },
    {
      title: `frames a second at ${LINES_A_SECOND} lines a second`,
      unit: 'frames/s',
      ours: { what: 'the console', times: seen.frames },
      peer: { what: 'a plain list', times: seen.plainFrames },
      target: { kind: 'at-least', limit: 55 },
    },
  ];
}

async function signIn(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.locator('[data-link=live]').waitFor();
}

async function firstView(browser: Browser, link: string): Promise<number> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    return await timed(async () => await signIn(page, link));
  } finally {
    await context.close();
  }
}

/** From the click on the row to the paint that shows the last line, milliseconds. */
async function openInConsole(page: Page, task: string): Promise<number> {
  await page.goto(`${new URL(page.url()).origin}/tasks`);
  await page.locator('[data-row]').first().waitFor();
  const group = `[data-row="${await groupOf(page, task)}"]`;
  return await page.evaluate<number>(`new Promise((resolve, reject) => {
    const begun = performance.now();
    const look = () => {
      if (document.querySelector('[data-line="${LONG}"]')?.textContent.length > ${LINE - 10})
        requestAnimationFrame(() => resolve(performance.now() - begun));
      else if (performance.now() - begun > 30000) reject(new Error('the last line never came'));
      else requestAnimationFrame(look);
    };
    document.querySelector('${group}').click();
    look();
  })`);
}

async function groupOf(page: Page, task: string): Promise<string> {
  return await page.evaluate<string>(
    `fetch('/v1/tasks/${task}').then(answer => answer.json()).then(found => found.group)`,
  );
}

const LINES_AT_HAND = `Array.from({ length: ${LONG} }, (_, n) => String(n).padStart(10, '0') + 'x'.repeat(${LINE - 11}))`;
const LIST =
  '<style>div{font:12px monospace;white-space:pre}</style><main style="height:700px;overflow:auto"></main>';

async function openInPlainList(browser: Browser): Promise<number> {
  const page = await browser.newPage();
  try {
    await page.setContent(LIST);
    return await page.evaluate<number>(`new Promise(resolve => {
      const lines = ${LINES_AT_HAND};
      const begun = performance.now();
      const list = document.querySelector('main');
      for (const line of lines) list.append(Object.assign(document.createElement('div'), { textContent: line }));
      list.scrollTop = list.scrollHeight;
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begun)));
    })`);
  } finally {
    await page.close();
  }
}

const COUNT_FRAMES = (seconds: number): string => `new Promise(resolve => {
  let frames = 0;
  const begun = performance.now();
  const next = () => {
    if (performance.now() - begun >= ${seconds * 1000}) resolve(frames / ${seconds});
    else { frames += 1; requestAnimationFrame(next); }
  };
  requestAnimationFrame(next);
})`;

async function framesInConsole(page: Page, task: string, seconds: number): Promise<number> {
  await page.goto(`${new URL(page.url()).origin}/runs/${task}`);
  await page.locator('[data-line]').nth(20).waitFor();
  const frames = await page.evaluate<number>(COUNT_FRAMES(seconds));
  expectCode(await page.locator('[data-log]').getAttribute('data-follows'), 'true', 'still following');
  return frames;
}

async function framesInPlainList(browser: Browser, seconds: number): Promise<number> {
  const page = await browser.newPage();
  try {
    await page.setContent(LIST);
    await page.evaluate(`globalThis.lines = ${LINES_AT_HAND}; globalThis.at = 0; setInterval(() => {
      const list = document.querySelector('main');
      for (const line of lines.slice(at, at += ${(LINES_A_SECOND * BURST) / 1000}))
        list.append(Object.assign(document.createElement('div'), { textContent: line }));
      list.scrollTop = list.scrollHeight;
    }, ${BURST})`);
    return await page.evaluate<number>(COUNT_FRAMES(seconds));
  } finally {
    await page.close();
  }
}
