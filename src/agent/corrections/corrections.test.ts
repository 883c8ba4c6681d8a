import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandRun } from '../../core/command-run.ts';
import { stateSchema, type State } from '../../core/state.ts';
import { judgeCommand } from '../../policy/judge.ts';
import { quote } from '../../shell/quote.ts';
import { applyState } from '../../states/registry.ts';
import { ALL_OFF, chooseCorrection } from './choose.ts';
import { explainFailure } from './explain.ts';
import { judgeCorrection } from './judge-correction.ts';
import { recognise } from './recognise.ts';
import { FAILURE_SIGNATURES } from './registry.ts';
import type { Repair } from './signature.ts';

const read = (name: string): string => readFileSync(join(import.meta.dirname, 'testdata', name), 'utf8');
const texts = Object.entries(JSON.parse(read('texts.json')) as Record<string, readonly string[]>).flatMap(
  ([id, list]) => list.map(text => ({ id, text })),
);

const never = { tried: [], off: new Set<string>() };
const rules = { mode: 'off', book: { rules: [] }, off: new Set<string>() } as const;

function command(script: string, more: object = {}): State {
  return stateSchema.parse({ kind: 'command', title: 'test', script, unless: 'false', ...more });
}

/** The step that a text is about: it names whatever the text names. */
function stateFor(text: string): State {
  const [, subject = '/srv/app/file'] =
    FAILURE_SIGNATURES.map(({ pattern }) => pattern.exec(text)?.groups?.['subject']).filter(
      found => found !== undefined,
    ).length > 0
      ? ['', FAILURE_SIGNATURES.flatMap(one => one.pattern.exec(text)?.groups?.['subject'] ?? [])[0]]
      : [];
  const path = subject?.startsWith('/') ? subject : '/srv/app/file';
  return command(`cd ${quote(path)}; test-program ${quote(path)}`, {
    effects: [path, `${path}/file`, `service:${subject}`, `group:${subject}`],
  });
}

function chosenFor(text: string, state = stateFor(text)) {
  return chooseCorrection(recognise([text]), state, never);
}

function failedRun(stderr: string, over: Partial<CommandRun> = {}): CommandRun {
  return {
    id: 'run-1',
    host: 'web-1',
    script: 'apt-get install nginx',
    privilege: 'root',
    startedAt: 0,
    duration: 1,
    verdict: 'failed',
    exitCode: 100,
    signal: null,
    stdout: new Uint8Array(),
    stderr: new TextEncoder().encode(stderr),
    stdoutBytes: 0,
    stderrBytes: stderr.length,
    truncated: false,
    ...over,
  };
}

describe('what is recognised', () => {
  it.each(texts)('$id: $text', ({ id, text }) => {
    expect(recognise([text])[0]?.signature.id).toBe(id);
  });

  it('is nothing in texts that only look like it', () => {
    for (const line of read('harmless.txt').split('\n'))
      expect([line, recognise([line]).map(({ signature }) => signature.id)]).toEqual([line, []]);
    expect(recognise([read('harmless.txt')])).toEqual([]);
  });

  it('has a text for every repair, and every name once', () => {
    const known = new Set(texts.map(({ id }) => id));
    const without = FAILURE_SIGNATURES.filter(({ action }) => action.kind === 'repair')
      .map(({ id }) => id)
      .filter(id => !known.has(id) && !id.startsWith('program-missing-'));
    expect(without).toEqual([]);
    expect(new Set(FAILURE_SIGNATURES.map(({ id }) => id)).size).toBe(FAILURE_SIGNATURES.length);
  });

  it('is read from what the tool says before what it prints', () => {
    const seen = recognise(['E: Unable to locate package nginx', 'No space left on device']);
    expect(seen[0]?.signature.id).toBe('apt-lists-stale');
  });
});

describe('which correction is made', () => {
  it('each once, two in a step, and none that is switched off (A09)', () => {
    const seen = recognise(['E: Unable to locate package nginx']);
    const state = command('apt-get install -y nginx');
    const choose = (tried: readonly string[], ...off: readonly string[]) =>
      chooseCorrection(seen, state, { tried, off: new Set(off) })?.signature;
    expect(choose([])).toBe('apt-lists-stale');
    expect(choose(['apt-lock'])).toBe('apt-lists-stale');
    expect(choose(['apt-lists-stale'])).toBeUndefined();
    expect(choose(['apt-lock', 'dpkg-interrupted'])).toBeUndefined();
    expect(choose([], 'apt-lists-stale')).toBeUndefined();
    expect(choose([], ALL_OFF)).toBeUndefined();
  });

  it('none that needs root for a step of the login account', () => {
    const state = command('apt-get install -y nginx', { privilege: 'user' });
    expect(chosenFor('E: Unable to locate package nginx', state)).toBeUndefined();
    expect(chosenFor('TERM environment variable not set.', state)?.signature).toBe('terminal-unnamed');
  });

  it('only about what the step names itself, and never by the words of the host (T23)', () => {
    const text = "cp: cannot create regular file '/srv/app/page': No such file or directory";
    expect(chosenFor(text, command('cp a /srv/app/page'))?.script).toBe('mkdir -p -- /srv/app');
    expect(chosenFor(text, command('cp a /srv/other/page'))).toBeUndefined();
    expect(chosenFor(text, command('cp a "$target"'))).toBeUndefined();
    const hostile = "cp: cannot create regular file '/srv/app/$(reboot)': No such file or directory";
    expect(chosenFor(hostile, command('cp a /srv/app/page'))).toBeUndefined();
  });

  it('never for `rm -rf build ./cache`, whatever the host says (T23)', () => {
    const state = command('rm -rf build ./cache');
    for (const { text } of texts) {
      const chosen = chosenFor(text, state);
      if (!chosen) continue;
      expect(
        chosen.rerun.includes(applyState(state)) || chosen.rerun.includes(quote(applyState(state))),
      ).toBe(true);
      expect(chosen.added).not.toMatch(/build|cache\b(?!\/)|\brm\b/);
    }
    expect(chosenFor("rm: cannot remove 'build': Is a directory", state)).toBeUndefined();
    expect(chosenFor("rm: cannot remove './cache': Permission denied", state)).toBeUndefined();
  });

  it.each(texts)('runs the script of the step whole: $id', ({ text }) => {
    const state = stateFor(text);
    const chosen = chosenFor(text, state);
    if (!chosen) return;
    const original = applyState(state);
    expect(chosen.rerun.endsWith(original) || chosen.rerun === `exec bash -c ${quote(original)}\n`).toBe(
      true,
    );
    expect(chosen.diff.length).toBeGreaterThan(0);
  });
});

describe('what a repair may contain', () => {
  const scripts = FAILURE_SIGNATURES.flatMap(({ id, action }) =>
    action.kind === 'repair' ? [{ id, action, text: scriptOf(action) }] : [],
  );
  function scriptOf({ script, rerun }: Repair): string {
    const first = typeof script === 'object' ? script.script('/srv/app/file') : (script ?? '');
    return `${first}\n${rerun && 'prefix' in rerun ? rerun.prefix : ''}`.trim();
  }

  it.each(scripts)('$id: no more privilege, nothing removed, nothing trusted, no lock broken', ({ text }) => {
    expect(text).not.toMatch(
      /\bsudo\b|\bsu\b|\brm\b|rmdir|unlink|\.\.\/|trusted=|allow-unauthenticated|allow-insecure|--insecure|(?:^|\s)-k\s|force-overwrite|break-system|setenforce|chmod -R|777\b(?<!1777)|kill|fuser/,
    );
  });

  it('is let through by the policy unasked, but for what a person should see', () => {
    const asking = scripts
      .filter(({ action, text }) => {
        const judged = judgeCorrection({ added: text, leave: action.leave ?? null } as never, 'web-1', rules);
        return judged.decision !== 'run';
      })
      .map(({ id }) => id);
    expect(asking).toEqual(['unit-masked', 'git-owner', 'git-local-changes']);
    for (const { text } of scripts) expect(judgeCommand(text).class).not.toBe('forbidden');
  });

  it('asks or is refused where the rules say so (A09)', () => {
    const chosen = chosenFor('E: Unable to locate package nginx')!;
    const decide = (over: object) => judgeCorrection(chosen, 'web-1', { ...rules, ...over }).decision;
    expect(decide({})).toBe('run');
    expect(decide({ mode: 'ask' })).toBe('ask');
    expect(decide({ mode: 'read-only' })).toBe('refuse');
    expect(decide({ book: { broken: 'unreadable' } })).toBe('refuse');
  });

  it('asks for what the way in depends on', () => {
    const text = 'Saving key "/root/.ssh/id" failed: No such file or directory';
    const chosen = chosenFor(text, command('ssh-keygen -q -f /root/.ssh/id'))!;
    expect(judgeCorrection(chosen, 'web-1', rules)).toMatchObject({ decision: 'ask', risks: ['lose-ssh'] });
  });
});

describe('what is explained', () => {
  it('says why, and what next', () => {
    const text = 'nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)';
    const error = explainFailure(failedRun(text, { exitCode: 1 }), 'service nginx');
    expect(error.code).toBe('step.check-failed');
    expect(error.message).toContain('already listens');
    expect(error.hint).toContain('ss -ltnp');
  });

  it('says disk full, and quotes no terminal escape', () => {
    expect(explainFailure(failedRun('cp: error: No space left on device'), 'file /x').code).toBe(
      'host.disk-full',
    );
    expect(explainFailure(failedRun('\u001b[31mboom\u001b[0m'), 'file /x').message).toBe(
      'file /x: exit 100: boom.',
    );
  });

  it('never calls an unseen end a failure', () => {
    expect(explainFailure(failedRun('', { verdict: 'unknown', exitCode: null }), 'x').code).toBe(
      'command.unknown',
    );
  });
});
