import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Tabs after which something counts as out of a keyboard's reach. */
const MOST_TABS = 90;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = join(import.meta.dirname, '../../docs/screens');

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe finds on a page that is serious or worse, in words. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // by the debugger: the page's own policy would not let it in
  await page.evaluate(`${axe}; 0`);
  const found = await page.evaluate<readonly Violation[]>(
    "axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations)",
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary ?? ''}`);
}

/** A picture for the documentation, where pictures are asked for; all times and numbers as they were. */
export async function takePicture(page: Page, name: string): Promise<void> {
  if (process.env['DECKHAND_PICTURES'] === undefined) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** The newest task of a kind, in its form once more. */
export async function onceMore(page: Page, url: string, kind: string): Promise<Locator> {
  await page.goto(`${url}/tasks?kind=${kind}`);
  await page
    .getByLabel(/^choose (?!all)/)
    .first()
    .check();
  await page.getByRole('button', { name: 'Duplicate …' }).click();
  return page.getByRole('dialog', { name: `Once more: ${kind}` });
}

/** `g` and the key of a screen. Sent together: the second one counts for a moment only, in which a machine may be busy. */
export async function leap(page: Page, key: string): Promise<void> {
  await Promise.all(['g', key].map(async each => await page.keyboard.press(each)));
}

/**
 * How the outline of what has the focus is drawn, and how it begins. Where Tab does not lead, the page itself has put
 * the focus, because what had it is gone: then the outline is no matter.
 */
export async function focusSeen(page: Page): Promise<readonly [outline: string, words: string]> {
  return await page.evaluate<[string, string]>(
    "(each => [each.tabIndex < 0 ? 'no stop' : getComputedStyle(each).outlineStyle, each.outerHTML.slice(0, 200)])(document.activeElement)",
  );
}

/**
 * Presses Tab until it has the focus, as a person without a mouse would; every stop on the way must be seen. What can
 * not be pressed yet is waited for: Tab would pass it by.
 */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  await expect.poll(async () => await target.isEnabled()).toBe(true);
  for (let count = 0; count < MOST_TABS; count += 1) {
    if (await isFocused(target)) return;
    await page.keyboard.press('Tab');
    const [outline, words] = await focusSeen(page);
    if (outline === 'none') throw new Error(`has the focus, and nobody sees it: ${words}`);
  }
  throw new Error(`not reached in ${MOST_TABS} Tabs: ${String(target)}`);
}

export async function isFocused(target: Locator): Promise<boolean> {
  return await target.evaluate(each => {
    const element = each as unknown as { readonly ownerDocument: { readonly activeElement: unknown } };
    return element.ownerDocument.activeElement === element;
  });
}

/** Is the focus somewhere, rather than fallen out of the page? */
export async function hasFocus(page: Page): Promise<boolean> {
  return await page.evaluate<boolean>('document.activeElement !== document.body');
}
