import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { storeConformance } from '../../test/store/conformance.ts';
import { openMemoryStore, openSqliteStore } from './sqlite/open-store.ts';

const root = mkdtempSync(join(tmpdir(), 'deckhand-store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

storeConformance('memory', openMemoryStore);
storeConformance('a file', () => {
  folders += 1;
  return openSqliteStore({ folder: join(root, String(folders)), now: Date.now });
});
