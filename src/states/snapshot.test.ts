import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { State } from '../core/state.ts';
import { stateSchema } from '../core/state.ts';
import { compareSnapshots, snapshotCheck, subjectsOf } from './snapshot.ts';

const state = (value: object): State => stateSchema.parse(value);

test('what a plan declares, each once; commands declare nothing', () => {
  const file = { kind: 'file', path: '/etc/a' };
  const command = { kind: 'command', title: 'x', script: 'x', creates: '/x' };
  const states = [
    file,
    { ...file, content: 'x' },
    command,
    { kind: 'package', name: 'nginx' },
    { kind: 'user', name: 'me' },
  ];
  expect(subjectsOf(states.map(state))).toEqual([
    { kind: 'path', name: '/etc/a' },
    { kind: 'package', name: 'nginx' },
    { kind: 'user', name: 'me' },
  ]);
});

test('exactly what is different, in a real shell, whatever the names are', () => {
  const folder = mkdtempSync(join(tmpdir(), "it's a $(touch x) "));
  try {
    const path = (name: string): string => join(folder, name);
    const subjects = subjectsOf([
      ...['same', 'made', 'changed', 'link'].map(name => state({ kind: 'file', path: path(name) })),
      state({ kind: 'user', name: 'root' }),
      state({ kind: 'group', name: 'no-such-group' }),
    ]);
    const look = (): string =>
      spawnSync('sh', ['-c', snapshotCheck(subjects, 'user').script], { encoding: 'utf8' }).stdout;
    writeFileSync(path('same'), 'same');
    writeFileSync(path('changed'), 'a', { mode: 0o600 });
    const before = look();
    expect(before.trim().split('\n')).toHaveLength(6);
    writeFileSync(path('made'), 'new');
    writeFileSync(path('changed'), 'b');
    symlinkSync('/nowhere', path('link'));
    const found = compareSnapshots(subjects, before, look());
    expect(found.map(({ subject }) => subject)).toEqual(
      ['made', 'changed', 'link'].map(name => `path ${path(name)}`),
    );
    expect(found[0]).toMatchObject({
      before: 'absent',
      after: expect.stringMatching(/^file \d+ .* 3 bytes sha256 [0-9a-f]{64}$/),
    });
    expect(found[2]).toMatchObject({ before: 'absent', after: 'link to /nowhere' });
    expect(compareSnapshots(subjects, before, before)).toEqual([]);
    expect(compareSnapshots(subjects, before, '')).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
