import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeckhandApi, TransferReport } from '../api/contract.ts';
import { taskView } from '../api/over-tasks/scripted-task-api.ts';
import type { Submission } from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { TransferAction } from '../core/transfer-params.ts';
import { runScripted, sampleTransfer, transferResult } from './scripted-surroundings.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deckhand-transfers-'));
  mkdirSync(join(folder, 'site'));
  for (const name of ['a.txt', 'b.txt', 'site/index.html']) writeFileSync(join(folder, name), 'hello');
  writeFileSync(join(folder, 'ignored'), '# a comment\n\n*.log\n!keep.log\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refused = new DeckhandError('ssh.refused', 'nothing listens').toJSON();

/** Keeps what is asked for and answers the same for all. */
function asking(name: 'upload' | 'download' | 'sync' | 'copy', answer: TransferReport['results']) {
  const asked: Record<string, unknown>[] = [];
  const api = {
    [name]: async (request: Record<string, unknown>) => {
      const { fromHost: _, ...rest } = request;
      asked.push(name === 'copy' ? request : rest);
      return await Promise.resolve({ results: answer });
    },
  } as Partial<DeckhandApi>;
  return { asked, api };
}
const action = (part: Partial<TransferAction>): TransferAction => ({
  action: 'create',
  side: 'remote',
  path: 'a.txt',
  type: 'file',
  size: 5,
  ...part,
});

describe('put', () => {
  test('relative sources are of the working folder; flags become parameters', async () => {
    const { asked, api } = asking('upload', [transferResult('web-1')]);
    const flags =
      '--exclude tmp --exclude-from ignored --no-preserve --links skip --checksum --limit-rate 1MiB';
    const run = await runScripted(['put', '-r', ...flags.split(' '), 'a.txt', 'site', '@web:/srv'], {
      api,
      folder,
    });
    expect(run.stderr).toBe('');
    expect(run.exitCode).toBe(0);
    const options = {
      exclude: ['*.log', '!keep.log', 'tmp'],
      preserve: false,
      links: 'skip',
      compare: 'contents',
      rateLimit: 1024 ** 2,
    };
    expect(asked).toEqual([
      { hosts: '@web', source: join(folder, 'a.txt'), target: '/srv/a.txt', ...options },
      { hosts: '@web', source: join(folder, 'site'), target: '/srv/site', ...options },
    ]);
    expect(run.opened?.folder).toBe(folder);
  });

  test('what is missing or needs -r is refused before anything is submitted', async () => {
    const missing = await runScripted(['put', 'a.txt', 'nothing', 'web-1:'], { folder });
    expect(missing).toMatchObject({ exitCode: 2, opened: null });
    expect(missing.stderr).toContain("local.file-missing: There is no 'nothing'");
    const tree = await runScripted(['put', 'site', 'web-1:'], { folder });
    expect(tree).toMatchObject({ exitCode: 2, opened: null });
    expect(tree.stderr).toContain('Pass -r');
  });

  test('says for each host what came of it; problems go to stderr, the exit code is 3', async () => {
    const { api } = asking('upload', [
      transferResult('web-1', {
        unchanged: 3,
        skippedCount: 1,
        skipped: [action({ action: 'skip', path: 'p\n', reason: 'a fifo' })],
      }),
      transferResult('web-2', {}, refused),
    ]);
    const run = await runScripted(['put', 'a.txt', '@web:'], { api, folder });
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toBe(
      'web-1: ok, 1 file, 5 B in 1.0 s (5 B/s), 1 verified, 3 unchanged, 1 skipped\nweb-2: ssh.refused\n',
    );
    expect(run.stderr).toContain('web-1: left out\n  ! p\\n  a fifo\n');
    expect(run.stderr).toContain('web-2: error ssh.refused: nothing listens');
  });

  test('files that failed are named; one host then gives 1, a host out of reach 4', async () => {
    const error = new DeckhandError('transfer.changed', 'it changed').toJSON();
    const { api } = asking('upload', [transferResult('web-1', { failures: [{ path: 'x', error }] })]);
    const run = await runScripted(['put', 'a.txt', 'web-1:'], { api, folder });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('! x  transfer.changed  it changed');
    const away = asking('upload', [transferResult('web-1', {}, refused)]);
    expect((await runScripted(['put', 'a.txt', 'web-1:'], { api: away.api, folder })).exitCode).toBe(4);
  });

  test('two sources, one of them failed on the only host: 1, not "some hosts"', async () => {
    let count = 0;
    const upload = async () => {
      count += 1;
      return await Promise.resolve({
        results: [transferResult('web-1', {}, count === 1 ? refused : undefined)],
      });
    };
    const run = await runScripted(['put', 'a.txt', 'b.txt', 'web-1:'], { api: { upload }, folder });
    expect(run.exitCode).toBe(4);
  });

  test('--diff prints what would change in each file, with nothing that a terminal obeys', async () => {
    const plan = [
      action({ action: 'update', path: 'b', diff: { text: '@@ -1 +1 @@\n-old \u001B[2J\n+new\u009B31m' } }),
      action({ path: 'c', diff: { note: 'binary' } }),
    ];
    const { api, asked } = asking('upload', [transferResult('web-1', { plan, planCount: 2 })]);
    const run = await runScripted(['put', '--diff', 'a.txt', 'web-1:'], { api, folder });
    expect(run.exitCode).toBe(10);
    expect(asked[0]).toMatchObject({ dryRun: true, diff: true });
    expect(run.stdout).toContain('--- b\n+++ b\n@@ -1 +1 @@\n-old \n+new\ufffd31m\nc: binary\n');
    const json = await runScripted(['put', '--diff', '--json', 'a.txt', 'web-1:'], { api, folder });
    expect(json.stdout).not.toContain('\u009B');
    expect(JSON.stringify(JSON.parse(json.stdout))).toContain('\u009B');
  });

  test('a dry run prints the plan, and ends with 10 only when something would be done', async () => {
    const plan = [
      action({ action: 'delete', path: 'old', type: 'directory' }),
      action({}),
      action({ action: 'update', path: 'b', size: 2048 }),
      action({ action: 'attributes', path: 'c' }),
      action({ action: 'skip', path: 'd', type: 'fifo', reason: 'a fifo' }),
    ];
    const { api, asked } = asking('upload', [transferResult('web-1', { plan, planCount: 5 })]);
    const run = await runScripted(['put', '--dry-run', 'a.txt', 'web-1:'], { api, folder });
    expect(run.exitCode).toBe(10);
    expect(asked[0]).toMatchObject({ dryRun: true });
    expect(run.stdout).toBe(
      '- old/   directory\n+ a.txt  5 B\n~ b      2.0 KiB\n~ c      5 B, mode or time only\n! d      fifo, a fifo\n' +
        'web-1: ok, 2.0 KiB to move, 1 to create, 1 to update, 1 to touch, 1 to delete, 1 to skip\n',
    );
    const torn = [transferResult('web-1', { plan: [...plan, action({ action: 'conflict' })] })];
    const both = asking('upload', torn);
    const met = await runScripted(['put', '--dry-run', 'a.txt', 'web-1:'], { api: both.api, folder });
    expect(met.exitCode).toBe(1);
    const nothing = asking('upload', [transferResult('web-1', { plan: [], planCount: 0 })]);
    expect(
      await runScripted(['put', '--dry-run', 'a.txt', 'web-1:'], { api: nothing.api, folder }),
    ).toMatchObject({
      exitCode: 0,
      stdout: 'web-1: ok, nothing to do\n',
    });
  });

  test('--json is the report; --jsonl tells progress line by line', async () => {
    const { api } = asking('upload', [transferResult('web-1')]);
    const run = await runScripted(['put', '--json', 'a.txt', 'web-1:'], { api, folder });
    expect(JSON.parse(run.stdout)).toMatchObject({
      version: 1,
      results: [{ host: 'web-1', result: sampleTransfer }],
    });
    const progress = { done: 1, total: 5, unit: 'bytes', text: 'a.txt' } as const;
    const submitAndFollow = async function* ({ kind, params }: Submission) {
      await Promise.resolve();
      const running = taskView({ kind, params, state: 'running' });
      yield { item: 'submitted', submitted: { group: 'g', existed: false, tasks: [running] } } as const;
      const stamp = { task: 'task-1', seq: 1, attempt: 1, time: '2026-01-01T00:00:00Z', requestId: 'r' };
      yield { item: 'event', event: { kind: 'progress', progress, ...stamp }, cursor: '1' } as const;
      yield { item: 'ended', task: taskView({ kind, params, result: { ...sampleTransfer } }) } as const;
    };
    const lines = await runScripted(['put', '--jsonl', 'a.txt', 'web-1:'], {
      tasks: { submitAndFollow },
      folder,
    });
    expect(
      lines.stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as object),
    ).toMatchObject([
      { kind: 'progress', task: 'task-1', progress },
      {
        kind: 'result',
        result: { results: [{ host: 'web-1', source: join(folder, 'a.txt'), target: 'a.txt' }] },
      },
    ]);
  });

  test('--detach hands over one task per source', async () => {
    const seen: Submission[] = [];
    const submit = async (submission: Submission) => {
      seen.push(submission);
      const tasks = [taskView({ id: `task-${seen.length}` })];
      return await Promise.resolve({ group: `g-${seen.length}`, tasks, existed: false });
    };
    const run = await runScripted(['put', '--detach', '--priority', '3', 'a.txt', 'b.txt', 'web-1:x'], {
      tasks: { submit },
      folder,
    });
    expect(run).toMatchObject({ exitCode: 0, stdout: 'task-1\ntask-2\n' });
    expect(run.stderr).toContain('deckhand task logs -f g-2');
    expect(seen).toMatchObject([
      { kind: 'scp.upload', hosts: 'web-1', priority: 3, params: { target: 'x/a.txt' } },
      { kind: 'scp.upload', params: { target: 'x/b.txt' } },
    ]);
  });
});

describe('get', () => {
  test.each([
    [['web-1:/etc/hosts', 'h'], { source: '/etc/hosts', target: 'h', recursive: false }],
    [['web-1:/etc/hosts', 'site'], { source: '/etc/hosts', target: 'site/hosts', recursive: false }],
    [['-r', 'web-1:/etc/nginx/', 'new'], { source: '/etc/nginx', target: 'new', recursive: true }],
  ])('%j', async (words, request) => {
    const { asked, api } = asking('download', [transferResult('web-1')]);
    await runScripted(['get', ...words], { api, folder });
    expect(asked).toEqual([{ hosts: 'web-1', ...request, target: join(folder, request.target) }]);
  });

  test('a source that turns out to be a folder needs -r', async () => {
    const error = new DeckhandError('transfer.is-a-directory', '/etc is a folder.').toJSON();
    const { api } = asking('download', [transferResult('web-1', {}, error)]);
    const run = await runScripted(['get', 'web-1:/etc', 'x'], { api, folder });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('pass -r');
  });

  test('several hosts: a folder for each, one task each, also with --detach', async () => {
    const listHosts = async () =>
      await Promise.resolve(
        ['web-1', 'web-2'].map(name => ({ name, source: 'x', groups: [], address: null })),
      );
    const { asked, api } = asking('download', [transferResult('web-1')]);
    const words = ['-r', '@web:/etc/nginx', 'site'];
    await runScripted(['get', ...words], { api: { ...api, listHosts }, folder });
    expect(asked.map(request => [request['hosts'], request['target']])).toEqual([
      ['web-1', join(folder, 'site/web-1/nginx')],
      ['web-2', join(folder, 'site/web-2/nginx')],
    ]);
    const seen: Submission[] = [];
    const submit = async (submission: Submission) => {
      seen.push(submission);
      return await Promise.resolve({ group: 'g', tasks: [taskView()], existed: false });
    };
    await runScripted(['get', '--detach', '--key', 'k', ...words], {
      api: { listHosts },
      tasks: { submit },
      folder,
    });
    expect(seen.map(each => [each.hosts, each.idempotencyKey])).toEqual([
      ['web-1', 'k/0'],
      ['web-2', 'k/1'],
    ]);
  });
});

describe('sync', () => {
  const gone = [action({ action: 'delete', path: 'old.txt' }), action({})];
  const deleting = () => {
    const requests: { readonly dryRun?: boolean }[] = [];
    const sync = async (request: { readonly dryRun?: boolean }) => {
      requests.push(request);
      const part = request.dryRun ? { plan: gone, planCount: 2 } : { deleted: 1 };
      return await Promise.resolve({ results: [transferResult('web-1', part)] });
    };
    return { requests, api: { sync } as Partial<DeckhandApi> };
  };

  test.each([
    [['site', 'web-1:/srv/'], 'push', '/srv'],
    [['web-1:/srv', 'site/'], 'pull', '/srv'],
    [['--both', 'site', 'web-1:'], 'both', '.'],
  ])('%j', async (words, direction, remote) => {
    const { asked, api } = asking('sync', [transferResult('web-1')]);
    expect((await runScripted(['sync', ...words], { api, folder })).exitCode).toBe(0);
    const local = join(folder, 'site');
    expect(asked).toEqual([
      { hosts: 'web-1', local, remote, direction, deleteExtra: false, allowEmptySource: false },
    ]);
  });

  test('--delete shows what goes and asks; no means nothing is done', async () => {
    const yes = deleting();
    const run = await runScripted(['sync', '--delete', 'site', 'web-1:/srv'], {
      api: yes.api,
      folder,
      answers: ['yes'],
    });
    expect(run).toMatchObject({ exitCode: 0, questions: ['Remove 1 entry?'] });
    expect(run.stderr).toContain('web-1: to be removed\n- old.txt  5 B\n');
    expect(yes.requests.map(request => request.dryRun)).toEqual([true, undefined]);
    const no = deleting();
    const left = await runScripted(['sync', '--delete', 'site', 'web-1:/srv'], {
      api: no.api,
      folder,
      answers: ['no'],
    });
    expect(left.exitCode).toBe(7);
    expect(no.requests).toHaveLength(1);
  });

  test('--delete without a terminal needs --yes, which does not look first', async () => {
    const none = deleting();
    const run = await runScripted(['sync', '--delete', 'site', 'web-1:/srv'], { api: none.api, folder });
    expect(run.exitCode).toBe(7);
    expect(run.stderr).toContain('approval.needed');
    expect(run.stderr).toContain('--yes');
    expect(none.requests).toHaveLength(1);
    const given = deleting();
    const words = ['sync', '--delete', '--yes', 'site', 'web-1:/srv'];
    expect((await runScripted(words, { api: given.api, folder })).exitCode).toBe(0);
    expect(given.requests.map(request => request.dryRun)).toEqual([undefined]);
    const later = await runScripted(['sync', '--delete', '--detach', 'site', 'web-1:/srv'], { folder });
    expect(later).toMatchObject({ exitCode: 7, opened: null });
  });

  test('nothing to delete: nothing is asked', async () => {
    const { api } = asking('sync', [transferResult('web-1', { plan: [action({})], planCount: 1 })]);
    const run = await runScripted(['sync', '--delete', 'site', 'web-1:/srv'], { api, folder, answers: [] });
    expect(run.questions).toEqual([]);
  });

  test('conflicts are named, and the exit code is 1', async () => {
    const conflicts = [action({ action: 'conflict', path: 'notes.txt', reason: 'changed on both sides' })];
    const { api } = asking('sync', [transferResult('web-1', { conflicts })]);
    const run = await runScripted(['sync', '--both', 'site', 'web-1:/srv'], { api, folder });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('incomplete');
    expect(run.stderr).toContain('! notes.txt  changed on both sides');
  });
});

test('cp: the task is of the host that gives', async () => {
  const { asked, api } = asking('copy', [transferResult('web-1')]);
  const run = await runScripted(['cp', '--no-preserve', 'web-1:/a/x', 'web-2:/b/'], { api });
  expect(run.exitCode).toBe(0);
  expect(asked).toMatchObject([
    { fromHost: 'web-1', source: '/a/x', toHost: 'web-2', target: '/b/x', preserve: false },
  ]);
});

test('Ctrl-C names every task that goes on', async () => {
  const run = await runScripted(['put', 'a.txt', 'b.txt', 'web-1:'], { folder });
  const last = run.interruptWords.findLast(words => words !== null);
  expect(last?.second?.match(/task logs -f/g)).toHaveLength(2);
});

test('task logs of a transfer ends as the transfer did', async () => {
  const conflicts = [action({ action: 'conflict', path: 'n', reason: 'changed on both sides' })];
  const task = taskView({ kind: 'scp.sync', result: { ...sampleTransfer, conflicts } });
  const follow = async function* () {
    await Promise.resolve();
    yield { item: 'ended', task } as const;
  };
  const run = await runScripted(['task', 'logs', '-f', 'task-1'], {
    tasks: { follow, task: async () => await Promise.resolve(task) },
  });
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toContain('web-1: incomplete, 1 file');
  expect(run.stderr).toContain('! n  changed on both sides');
});
