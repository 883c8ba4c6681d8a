import { describe, expect, test } from 'vitest';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { TransferUpdate } from '../contract.ts';
import type { Submission, TaskApi, TaskView } from '../task-api.ts';
import { deckhandOverTasks } from './deckhand-over-tasks.ts';
import { scriptedTaskApi, taskView } from './scripted-task-api.ts';
import type { SubmissionExtras } from './submissions.ts';
import { downloadSubmissions } from './transfer-submissions.ts';

const surroundings = { folder: '/work', overrides: {} };
const call = { signal: new AbortController().signal };
const moved = { files: 1, bytes: 5, conflicts: [], skipped: [], skippedCount: 0 };

/** Carries everything out at once; each host that a submission names is a task. */
function over(own: Partial<TaskApi> = {}, extras: SubmissionExtras = {}, end: Partial<TaskView> = {}) {
  const seen: Submission[] = [];
  const { tasks } = scriptedTaskApi((scene, submission) => {
    seen.push(submission);
    const { kind, params } = submission;
    const views = (submission.hosts ?? '').split(',').map((host, index) => {
      return taskView({ id: `${host}-${index}`, host, kind, params, result: moved, ...end });
    });
    scene.submitted(...views.map(view => ({ ...view, state: 'running', result: null }) as const));
    for (const view of views) {
      scene.event({ kind: 'phase', phase: 'uploading' }, view.id);
      scene.event({ kind: 'note', text: 'not told' }, view.id);
    }
    scene.end(...views);
  }, own);
  return { seen, api: deckhandOverTasks(tasks, { surroundings, prompts: {}, now: () => 0, extras }) };
}

describe('a request becomes a submission of its kind', () => {
  test('upload: a local path is of the folder, what is not said is left to the kind', async () => {
    const { seen, api } = over({}, { priority: 3 });
    const { results } = await api.upload({ hosts: 'a,b', source: 'x/', target: 'y' }, call);
    expect(seen).toEqual([
      {
        kind: 'scp.upload',
        hosts: 'a,b',
        params: { source: '/work/x', target: 'y' },
        surroundings,
        priority: 3,
      },
    ]);
    expect(results).toEqual([
      { host: 'a', task: 'a-0', source: '/work/x', target: 'y', result: moved },
      { host: 'b', task: 'b-1', source: '/work/x', target: 'y', result: moved },
    ]);
  });

  test('sync, list and copy', async () => {
    const { seen, api } = over();
    const pulled = await api.sync(
      { hosts: 'a', local: 'l', remote: 'r', direction: 'pull', links: 'skip' },
      call,
    );
    expect(pulled.results[0]).toMatchObject({ source: 'r', target: '/work/l' });
    await api.list({ hosts: 'a', path: '.', recursive: true }, call);
    await api.copy({ fromHost: 'a', source: '/x', toHost: 'b', target: '/y' }, call);
    expect(seen.map(({ kind, hosts, params }) => ({ kind, hosts, params }))).toEqual([
      {
        kind: 'scp.sync',
        hosts: 'a',
        params: { local: '/work/l', remote: 'r', direction: 'pull', links: 'skip' },
      },
      { kind: 'scp.list', hosts: 'a', params: { path: '.', recursive: true } },
      { kind: 'scp.copy', hosts: 'a', params: { source: '/x', toHost: 'b', target: '/y' } },
    ]);
  });

  test('a dry run has no key and no place in an order: the real one comes after it', async () => {
    const { seen, api } = over({}, { idempotencyKey: 'k', runAfter: 5 });
    await api.upload({ hosts: 'a', source: '/x', target: 'y', dryRun: true }, call);
    await api.upload({ hosts: 'a', source: '/x', target: 'y' }, call);
    expect(seen.map(each => [each.idempotencyKey, each.runAfter])).toEqual([
      [undefined, undefined],
      ['k', 5],
    ]);
  });
});

describe('a download from several hosts', () => {
  const listHosts = async () =>
    await Promise.resolve(['a', 'b'].map(name => ({ name, source: 's', groups: [], address: null })));

  test('is a task for each, in a folder of its name', async () => {
    const { seen, api } = over({ listHosts }, { idempotencyKey: 'k' });
    const request = { hosts: '@web', source: '/etc/x', target: 'got', inFolderOfHost: 'x' };
    const { results } = await api.download(request, call);
    expect(results.map(({ host, target }) => [host, target])).toEqual([
      ['a', '/work/got/a/x'],
      ['b', '/work/got/b/x'],
    ]);
    expect(seen.map(each => [each.hosts, each.idempotencyKey])).toEqual([
      ['a', 'k/0'],
      ['b', 'k/1'],
    ]);
  });

  test('no name of a host leads out of the target', () => {
    const names = ['..', '.', '', 'a/../../b', 'root@192.0.2.1:22'];
    const request = { hosts: 'all', source: '/x', target: '/got', inFolderOfHost: '' };
    const made = downloadSubmissions(request, { surroundings }, names);
    expect(made.map(each => each.params['target'])).toEqual(
      ['/got/_../', '/got/_./', '/got/_/', '/got/a_.._.._b/', '/got/root@192.0.2.1:22/'].map(path =>
        path.slice(0, -1),
      ),
    );
  });
});

test('an error is data, beside what was done until then', async () => {
  const error = new DeckhandError('transfer.quota', 'no more').toJSON();
  const { api } = over({}, {}, { state: 'failed', error });
  const { results } = await api.upload({ hosts: 'a', source: '/x', target: 'y' }, call);
  expect(results).toMatchObject([{ result: moved, error: { code: 'transfer.quota' } }]);
});

test('updates name their host; what is not about moving on is left out', async () => {
  const updates: TransferUpdate[] = [];
  const { api } = over();
  await api.upload(
    { hosts: 'a,b', source: '/x', target: 'y' },
    { ...call, onUpdate: update => updates.push(update) },
  );
  expect(updates).toMatchObject([
    { kind: 'phase', phase: 'uploading', host: 'a', title: 'a task' },
    { kind: 'phase', host: 'b' },
  ]);
});
