import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { DeckhandApi } from '../../src/api/contract.ts';
import type { HostReport } from '../../src/core/run-report.ts';
import { openDeckhand } from '../../src/index.ts';
import { onHost } from '../faults/lab-fleet.ts';
import { bootHost, labSshConfig, type LabHost } from '../lab/lab.ts';

/** One booted host and the engine in this process, asked in plain language. */
export interface RunbookLab extends AsyncDisposable {
  readonly host: LabHost;
  readonly engine: DeckhandApi;
  /** One request, approved and carried out. */
  readonly ask: (intent: string, parameters?: Readonly<Record<string, string>>) => Promise<HostReport>;
  /** Carries it out and proves it; the same request again changes nothing. */
  readonly prove: (intent: string, parameters?: Readonly<Record<string, string>>) => Promise<HostReport>;
  /** What a command prints on the host, without blanks at its ends. Throws when it fails. */
  readonly on: (command: string) => Promise<string>;
}

export async function runbookLab(number: number): Promise<RunbookLab> {
  const host = await bootHost(number);
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-runbooks-e2e-'));
  const engine = await openDeckhand({ sshConfigFile: await labSshConfig([host], folder) });
  const { signal } = new AbortController();
  const ask: RunbookLab['ask'] = async (intent, parameters = {}) => {
    const report = await engine.run(
      { hosts: host.name, intent, parameters, confirm: 'plan' },
      { signal, approve: () => Promise.resolve('approve') },
    );
    const [first] = report.hosts;
    if (!first) throw new Error('no host report');
    return first;
  };
  return {
    host,
    engine,
    ask,
    async prove(intent, parameters = {}) {
      const first = await ask(intent, parameters);
      expect(first, JSON.stringify(first, null, 1)).toMatchObject({ outcome: 'proved' });
      const second = await ask(intent, parameters);
      expect(second, JSON.stringify(second, null, 1)).toMatchObject({ outcome: 'proved', changed: 0 });
      return first;
    },
    on: async command => (await onHost(host, command)).trim(),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await host.down();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
