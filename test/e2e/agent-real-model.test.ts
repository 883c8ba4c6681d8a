import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanningRecord } from '../../src/core/planning-record.ts';
import type { LabHost } from '../lab/lab.ts';
import { manifestOf, type ModelLab, openModelLab, tinyModel } from './model-lab.ts';

/**
 * Whole runs that a real model server plans: llama-server on one host, asked through its tunnel with the JSON schema of plans,
 * for work on another host. The model is constructed and says one sentence in every text: what is shown is that the
 * machinery holds, and that nothing of such a plan is done.
 */
let lab: ModelLab;
let server: LabHost;
let target: LabHost;
let reach: readonly string[];
beforeAll(async () => {
  lab = await openModelLab([221, 222]);
  [server, target] = lab.hosts as [LabHost, LabHost];
  reach = ['--ssh-config', lab.fleet.surroundings.sshConfigFile ?? ''];
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

interface Line {
  readonly kind: string;
  readonly task?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

describe.each([
  ['a greeting', 'Ahoy there, this model knows no servers.'],
  ['a destructive command', 'rm -rf /srv --no-preserve-root'],
])('a plan of a model that can only say %s', (what, sentence) => {
  const plannerName = what.replaceAll(' ', '-');

  it('is asked for by schema through the tunnel, kept, and not carried out (A25 B09)', async () => {
    // a plan is asked for in ten thousand characters, and this model reads them one by one
    const model = await tinyModel(lab.folder, `${plannerName}.gguf`, { sentence, context: 32_768 });
    const words = ['--name', plannerName, '--threads', '1', '--context', '32768'];
    const deployed = await lab.deckhand('model', 'deploy', ...reach, server.name, model, ...words);
    expect([deployed.code, deployed.stderr]).toEqual([0, expect.any(String)]);
    const before = await manifestOf(target);
    const asked = ['serve a page saying hello on port 8080', '--model', `${server.name}/${plannerName}`];
    const allowed = ['--yes', '--mode', 'auto', '--budget', 'tokens=80000', '--jsonl'];
    const run = await lab.deckhand('ask', ...asked, '--host', target.name, ...reach, ...allowed);
    const lines = run.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Line);
    const id = lines.find(({ task }) => task !== undefined)?.task ?? '';
    const { stdout } = await lab.deckhand('transcript', id, '--json');
    const { calls } = JSON.parse(stdout) as { calls: readonly PlanningRecord[] };
    // what it says fits the shape, as the server made it, and is kept; a plan it is not, and it was told so
    expect(calls.slice(0, 2).map(({ role }) => role)).toEqual(['improve', 'plan']);
    for (const { usage, turns, model: name } of calls) {
      expect(usage.promptTokens).toBeGreaterThan(500);
      expect([name, turns[0]?.answer]).toEqual([
        `${server.name}/${plannerName}`,
        expect.stringContaining(sentence),
      ]);
    }
    expect(JSON.parse(calls[0]?.turns[0]?.answer ?? '')).toMatchObject({ goal: sentence });
    expect(run.code).not.toBe(0);
    expect(lines.at(-1)).toMatchObject({ kind: 'error' });
    expect(lines.at(-1)?.error?.code).toMatch(/^(?:plan|planner|runbook)\./);
    expect(lines.map(({ kind }) => kind)).not.toContain('step-started');
    expect(run.stdout).not.toContain('"proved"');
    expect(await manifestOf(target)).toBe(before);
  });
});
