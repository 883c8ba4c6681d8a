import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Plan } from '../core/plan.ts';
import { fillRunbook } from './fill-runbook.ts';
import { findRunbook, loadRunbooks } from './load-runbooks.ts';
import { sampleValue } from './parameter.ts';
import { parseRunbook } from './runbook.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'deckhand-runbooks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const BASE = `name: say
title: { en: Say, ru: Сказать }
match: { en: [say], ru: [скажи] }
parameters:
  word: { type: text, required: true, description: { en: w, ru: w } }
  count: { type: integer, default: 2, description: { en: c, ru: c } }
  loud: { type: boolean, description: { en: l, ru: l } }
  keys: { type: list, description: { en: k, ru: k } }
steps:
  - id: say
    title: Say {{word}}
    states:
      - kind: command
        title: say it
        unless: 'false'
        script: |
          word={{word}}
          printf '%s\\n' "$word"
  - id: shout
    title: Shout
    dependsOn: [say]
    states:
      - { kind: file, when: loud, path: /tmp/x, content: '{{word}}' }
  - id: after
    title: After
    dependsOn: [shout]
    states:
      - { kind: user, name: bob, groups: [adm, '{{keys}}'] }
postconditions:
  - { title: holds, script: 'true', within: '{{count}}' }
`;

function load(change: (text: string) => string = text => text): ReturnType<typeof parseRunbook> {
  return parseRunbook(change(BASE), 'say.yaml');
}

/** Replaces exactly one place, so that a test cannot change nothing by mistake. */
function replace(from: string, to: string): (text: string) => string {
  return text => {
    if (text.split(from).length !== 2) throw new Error(`'${from}' is not there once`);
    return text.replace(from, () => to);
  };
}

describe('parseRunbook', () => {
  it.each([
    ['an unknown key', replace('match:', 'wrong: 1\nmatch:'), /say\.yaml:3: wrong: Unrecognized key/],
    ['a missing title', replace('title: { en: Say, ru: Сказать }\n', ''), /say\.yaml:1: title: /],
    [
      'a type there is not',
      replace('type: integer', 'type: float'),
      /say\.yaml:6: parameters\.count\.type: /,
    ],
    [
      'a default of another type',
      replace('default: 2', 'default: two'),
      /say\.yaml:6: parameters\.count: 'two' is not a whole number\./,
    ],
    [
      'an unknown name in a title',
      replace('Say {{word}}', 'Say {{wrod}}'),
      /say\.yaml:11: steps\.0\.title: there is no parameter 'wrod'\./,
    ],
    [
      'an unknown name in a script',
      replace('word={{word}}', 'word={{wrod}}'),
      /say\.yaml:16: steps\.0\.states\.0\.script: there is no parameter 'wrod'\./,
    ],
    [
      'an unknown name in a condition',
      replace('when: loud', 'when: laut'),
      /steps\.1\.states\.0\.when: there is no parameter 'laut'\./,
    ],
    [
      'a condition that is none',
      replace('when: loud', "when: 'loud || true'"),
      /is no condition; write NAME or NAME == VALUE/,
    ],
    [
      'a form there is not',
      replace('word={{word}}', 'word={{word.raw}}'),
      /'word\.raw' is no form of a value/,
    ],
    [
      'a placeholder in double quotes',
      replace('word={{word}}', 'word="{{word}}"'),
      /stands inside quotes of the script/,
    ],
    [
      'a placeholder in single quotes',
      replace('word={{word}}', "echo 'x {{word}}'"),
      /stands inside quotes of the script/,
    ],
    ['a placeholder in a comment', replace('word={{word}}', 'true # {{word}}'), /stands in a comment/],
    [
      'a placeholder behind a backslash',
      replace('word={{word}}', 'echo \\{{word}}'),
      /stands behind a backslash/,
    ],
    [
      'a placeholder with a here document',
      replace('word={{word}}', 'cat <<X; echo {{word}}'),
      /a here document takes no/,
    ],
    ['a placeholder with backticks', replace('word={{word}}', 'echo `true` {{word}}'), /backticks takes no/],
    ['a state that is none', replace('kind: file', 'kind: fiel'), /steps\.1\.states\.0\.kind: /],
    ['a step without check', replace("        unless: 'false'\n", ''), /needs `unless` or `creates`/],
    [
      'no postcondition',
      (text: string) => text.replace(/postconditions:[^]*$/, 'postconditions: []\n'),
      /postconditions: Too small/,
    ],
    [
      'a slot there is not',
      replace('en: [say]', "en: ['say {wrod}']"),
      /match\.en\.0: there is no parameter 'wrod'/,
    ],
    ['a doubled key', (text: string) => `${text}name: again\n`, /say\.yaml:\d+: Map keys must be unique/],
  ] as const)('names file, line and field: %s', (_, change, message) => {
    expect(() => load(change)).toThrow(message);
    expect(() => load(change)).toThrow(expect.objectContaining({ code: 'runbook.invalid' }));
  });
});

function scriptOf(plan: Plan): string {
  const state = plan.steps[0]?.states[0];
  return state?.kind === 'command' ? state.script : '';
}

describe('fillRunbook', () => {
  const injections = [
    `'; rm -rf / #`,
    '$(touch /tmp/pwned)',
    '`id`',
    `"; id; "`,
    `a\nid\n`,
    String.raw`\'; id; \'`,
    '-n',
    '{{count}}',
    '$& $1 $$',
    '«привет» \\',
  ];
  it.each(injections)('gives a script the value as one word, whatever it holds: %j', word => {
    const plan = fillRunbook(load(), { word }, '');
    expect(execFileSync('sh', ['-c', scriptOf(plan)]).toString()).toBe(`${word}\n`);
  });

  it('keeps the type of a whole value, spreads lists and drops empty ones', () => {
    const filled = fillRunbook(load(), { word: 'x', keys: ['sudo', 'docker'], count: '5' }, '');
    expect(filled.postconditions[0]?.within).toBe(5);
    expect(filled.steps.at(-1)?.states[0]).toMatchObject({ groups: ['adm', 'sudo', 'docker'] });
    expect(fillRunbook(load(), { word: 'x' }, '').steps.at(-1)?.states[0]).toMatchObject({ groups: ['adm'] });
  });

  it('leaves out what its condition guards, and nobody waits for it', () => {
    expect(fillRunbook(load(), { word: 'x' }, '').steps.map(step => [step.id, step.dependsOn])).toEqual([
      ['say', []],
      ['after', []],
    ]);
    expect(fillRunbook(load(), { word: 'x', loud: true }, '').steps).toHaveLength(3);
  });

  it('names assumed defaults, and keeps intent, runbook and parameters', () => {
    const plan = fillRunbook(load(), { word: 'x' }, 'скажи x', 0.9);
    expect(plan).toMatchObject({
      intent: 'скажи x',
      goal: 'Сказать',
      assumptions: ['count: 2 (default)'],
      runbook: { name: 'say', confidence: 0.9 },
      parameters: { word: 'x', count: 2 },
    });
  });

  it.each([
    [{}, 'plan.parameter-missing', /say needs word/],
    [{ word: 'x', wrod: 'y' }, 'input.invalid', /no parameter 'wrod'; it has: word, count, loud, keys/],
    [{ word: 'x', count: '1e3' }, 'input.invalid', /count: '1e3' is not a whole number/],
    [{ word: 'x\u001b[2J' }, 'input.invalid', /word: .* is not text/],
  ])('refuses %j', (parameters, code, message) => {
    expect(() => fillRunbook(load(), parameters, '')).toThrow(expect.objectContaining({ code }));
    expect(() => fillRunbook(load(), parameters, '')).toThrow(message);
  });
});

describe('shipped runbooks', async () => {
  const runbooks = await loadRunbooks();
  it('are those that the documents name', () => {
    expect(runbooks.map(runbook => runbook.name)).toEqual([
      'allow-service-command',
      'backup-folder',
      'create-user',
      'delete-files',
      'diagnosis',
      'firewall',
      'free-disk',
      'free-volume',
      'install-package',
      'install-postgresql',
      'install-python-module',
      'keep-service',
      'open-port',
      'repair-packages',
      'repair-service',
      'repair-site-permissions',
      'repair-web-server',
      'reverse-proxy',
      'rotate-logs',
      'schedule-job',
      'secure-cron-scripts',
      'self-signed-certificate',
      'serve-page',
      'set-dns',
      'set-timezone-hostname',
      'stop-runaway-service',
    ]);
  });

  it.each(runbooks)('$name fills, and every script of it is POSIX sh', runbook => {
    const parameters = Object.fromEntries(
      Object.entries(runbook.parameters).map(([name, parameter]) => [name, sampleValue(parameter)]),
    );
    const plan = fillRunbook(runbook, parameters, '');
    expect(plan.postconditions.length).toBeGreaterThan(0);
    const states = plan.steps.flatMap(step => step.states);
    const scripts = [
      ...states.flatMap(state => (state.kind === 'command' ? [state.script, state.unless ?? ''] : [])),
      ...[...plan.postconditions, ...plan.report].map(check => check.script),
    ];
    for (const script of scripts) execFileSync('dash', ['-n'], { input: script });
  });

  it.each([
    ['create-user', { name: `bob'; rm -rf /` }],
    ['create-user', { name: '-rf' }],
    ['create-user', { name: 'Bob' }],
    ['create-user', { name: 'bob', publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5\nroot' }],
    ['install-package', { package: 'nginx; id' }],
    ['install-package', { package: '-o' }],
    ['install-postgresql', { role: 'a"b' }],
    ['keep-service', { service: '--now' }],
    ['serve-page', { text: 'x', port: '70000' }],
    ['serve-page', { text: 'x', port: '80; id' }],
    ['set-timezone-hostname', { timezone: '../../etc/passwd' }],
    ['set-timezone-hostname', { hostname: 'a b' }],
    ['set-timezone-hostname', { hostname: '-a' }],
    ['firewall', { ports: '80, 99999' }],
    ['firewall', { ports: '80 } accept' }],
    ['schedule-job', { command: 'x', schedule: '* * * *' }],
    ['schedule-job', { command: 'x', schedule: '0 3 * * *\n* * * * * root id' }],
  ])('%s refuses %j', (name, parameters) => {
    expect(() => fillRunbook(findRunbook(runbooks, name), parameters, '')).toThrow(
      expect.objectContaining({ code: 'input.invalid' }),
    );
  });

  it('writes text of a page as text', () => {
    const plan = fillRunbook(findRunbook(runbooks, 'serve-page'), { text: '<script>alert(1)</script>' }, '');
    const file = plan.steps[0]?.states.find(state => state.kind === 'file');
    expect(file?.content).toContain('<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>');
  });

  it('asks for one of two optional parameters when none is given', () => {
    expect(() => fillRunbook(findRunbook(runbooks, 'set-timezone-hostname'), {}, '')).toThrow(
      expect.objectContaining({ code: 'plan.parameter-missing' }),
    );
  });
});

describe('loadRunbooks', () => {
  it("puts the user's before the shipped, and is empty for a folder that is not there", async () => {
    writeFileSync(path.join(folder, 'mine.yml'), BASE.replace('name: say', 'name: diagnosis'));
    const runbooks = await loadRunbooks([folder, path.join(folder, 'absent')]);
    expect(findRunbook(runbooks, 'diagnosis').title.en).toBe('Say');
    expect(runbooks).toHaveLength((await loadRunbooks()).length);
  });

  it('refuses two of one name in one folder, and a name nobody has', async () => {
    writeFileSync(path.join(folder, 'twin.yaml'), BASE.replace('name: say', 'name: diagnosis'));
    await expect(loadRunbooks([folder])).rejects.toThrow(
      /twin\.yaml: name: 'diagnosis' is also in .*mine\.yml/,
    );
    expect(() => findRunbook([], 'x')).toThrow(expect.objectContaining({ code: 'runbook.unknown' }));
  });
});
