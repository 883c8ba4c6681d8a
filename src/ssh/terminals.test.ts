import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { LocalConnection } from '../../test/fakes/local-connection.ts';
import { TERMINAL_CASES } from './conformance-terminals.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'dh-terminals-'));
});
afterAll(async () => await rm(home, { recursive: true, force: true }));

/** The pretended host has terminals as the engines have them: both engines pass the same cases on real servers. */
describe('the pretended host', () => {
  for (const { title, run } of TERMINAL_CASES)
    it(title, async () => {
      await using connection = new LocalConnection({ home, shellDirectory: '/bin' });
      await run(connection);
    });
});
