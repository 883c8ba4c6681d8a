import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../../console/dist');
/** Bytes, packed as servers do it. */
const FIRST_LOAD = 200 * 1024;

/** The files that a page loads at once: those it names, and what those import statically. */
function firstFiles(): ReadonlySet<string> {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  const found = new Set([...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(match => match[1] ?? ''));
  for (const file of found) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, name] of text.matchAll(/(?:import|from)\s*["']\.\/([\w.-]+\.js)["']/g))
      found.add(`assets/${name}`);
  }
  return found;
}

it('the first load, with the largest screen, is small', () => {
  const first = firstFiles();
  expect(first.size).toBeGreaterThanOrEqual(2);
  const sizeOf = (file: string): number => gzipSync(readFileSync(join(folder, file))).length;
  const screens = readdirSync(join(folder, 'assets'))
    .map(name => `assets/${name}`)
    .filter(file => file.endsWith('.js') && !first.has(file));
  const largest = Math.max(...screens.map(sizeOf));
  const bytes = [...first].reduce((sum, file) => sum + sizeOf(file), 0) + largest;
  expect(bytes).toBeLessThan(FIRST_LOAD);
});

it('the page has nothing inline: the strict policy lets nothing of that kind run', () => {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  expect(page).not.toMatch(/<style|style=|\son\w+=|javascript:/i);
  for (const [, attributes = '', text = ''] of page.matchAll(/<script([^>]*)>([^<]*)/g)) {
    expect(attributes).toContain('src=');
    expect(text.trim()).toBe('');
  }
});
