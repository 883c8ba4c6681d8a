import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { openSite, type ConsoleSite } from './console-site.ts';
import { seriousFindings, takePicture } from './look.ts';

/** A terminal in a real browser, on a real host. What one test did is there for the next. */
let site: ConsoleSite;
let page: Page;

beforeAll(async () => {
  site = await openSite([{ number: 238, kind: 'plain' }]);
  page = await site.open('/');
  await page.addInitScript(
    "globalThis.refused = []; addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective))",
  );
  await page.reload();
});
afterAll(async () => await site?.[Symbol.asyncDispose]());

const rows = () => page.locator('[data-screen] .xterm-rows');
const isOpen = async (): Promise<void> => await page.locator('[data-terminal=open]').waitFor();
const shows = async (text: string): Promise<void> => await rows().getByText(text).first().waitFor();
const type = async (text: string): Promise<void> => {
  await page.locator('[data-screen] textarea').focus();
  await page.keyboard.type(`${text}\n`);
};
async function paste(text: string): Promise<void> {
  await page.locator('[data-screen] textarea').evaluate((element, given) => {
    const scope = globalThis as unknown as {
      readonly DataTransfer: new () => { setData(type: string, text: string): void };
      readonly ClipboardEvent: new (name: string, init: object) => Event;
    };
    const clipboardData = new scope.DataTransfer();
    clipboardData.setData('text/plain', given);
    const event = new scope.ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    (element as unknown as EventTarget).dispatchEvent(event);
  }, text);
}

it('opens from the fleet, and is a terminal', async () => {
  await page.locator('[data-row="lab-p238"]').click();
  await page.getByRole('button', { name: 'Open a terminal' }).click();
  await isOpen();
  await type('echo is-$((6 * 7))');
  await shows('is-42');
  // keys of the console are keys of the host in here
  await page.keyboard.press('Control+k');
  expect(await page.getByRole('dialog').count()).toBe(0);
});

it('needs no hole in the policy for content, and shows what a host says of itself as text', async () => {
  await type(String.raw`clear; printf '\033[38;2;250;120;10mORANGE\033[0m\n'`);
  await shows('ORANGE');
  await type(String.raw`printf '\033]0;<img src=x onerror="globalThis.stolen=1">\007'`);
  await page.getByRole('heading', { name: /<img src=x/ }).waitFor();
  expect(await page.evaluate('globalThis.stolen')).toBeUndefined();
  expect(await page.title()).toBe('Deckhand');
  expect(await page.evaluate('refused')).toEqual([]);
  // of the host's own colour, which the theme may make darker to be read
  const colour = await rows()
    .getByText('ORANGE', { exact: true })
    .last()
    .evaluate(element => {
      const page = globalThis as unknown as { getComputedStyle(of: unknown): { readonly color: string } };
      return page.getComputedStyle(element).color;
    });
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number);
  expect([red > 150, red > green * 1.5, green > blue * 2], colour).toEqual([true, true, true]);
});

it('asks before it pastes more than one line, and shows what', async () => {
  await paste('echo one-$((1 + 1))');
  await page.keyboard.press('Enter');
  await shows('one-2');
  await paste('echo two-$((1 + 2))\necho three-$((1 + 3))\n');
  await page.locator('[data-pasted]').waitFor();
  expect(await page.locator('[data-pasted]').textContent()).toContain('echo three-');
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Do not paste' }).click();
  await paste('echo four-$((1 + 4))\necho five-$((1 + 5))\n');
  await page.getByRole('button', { name: 'Paste it' }).click();
  await page.locator('[data-screen] textarea').focus();
  await page.keyboard.press('Enter');
  await shows('five-6');
  expect(await rows().textContent()).not.toContain('two-3');
});

it('is there again after the page was loaded anew, and goes on', async () => {
  await type('here=it-is-the-same');
  // more than is given out at once
  await type("seq 20000; printf '%s-%s\\n' five again");
  await shows('five-again');
  await page.reload();
  await isOpen();
  // what is typed as soon as it says that it is there counts
  await type('echo $here-shell');
  await shows('it-is-the-same-shell');
});

it('fits a phone, both themes, and screen readers', async () => {
  await type(
    String.raw`PS1='\[\033[32m\]lab-p238\[\033[0m\]:/etc/ssh$ '; printf '\033]0;/etc/ssh\007'; cd /etc/ssh; clear; ls -l --color=always *config*; grep -n --color=always Include sshd_config; echo all-$((7 * 7))`,
  );
  await shows('all-49');
  await takePicture(page, 'terminal-light');
  expect(await seriousFindings(page)).toEqual([]);
  await page.evaluate("document.documentElement.dataset.theme = 'dark'");
  await takePicture(page, 'terminal-dark');
  await page.getByLabel('for screen readers').check();
  await page.locator('[data-screen] .xterm-accessibility').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.setViewportSize({ width: 390, height: 700 });
  // the page tells the host of its size when it has laid itself out anew
  await type(
    'clear; until test "$(stty size | cut -d" " -f2)" -lt 60; do sleep 0.1; done; echo "w-$(stty size | cut -d" " -f2)-"',
  );
  const width = /w-(\d+)-/.exec(
    (await rows()
      .getByText(/w-\d+-/)
      .last()
      .textContent()) ?? '',
  )?.[1];
  expect(Number(width)).toBeGreaterThan(30);
  expect(Number(width)).toBeLessThan(60);
  await page.locator('[data-screen] textarea').focus();
  await page.keyboard.press('Shift+Escape');
  await page.keyboard.press('Enter');
  await page.getByText('Hung up.').waitFor();
  await page.getByRole('button', { name: 'Open again' }).click();
  await isOpen();
});
