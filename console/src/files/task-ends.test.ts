import { expect, it } from 'vitest';
import { DeckhandError, type TaskRow } from 'deckhand/client';
import { type TaskEnd, TaskEnds } from './task-ends.ts';

const row = (state: TaskRow['state']): TaskEnd & { readonly id: string } => ({ id: 't', state, error: null });
const AWAY = new DeckhandError('daemon.unreachable', 'away');
const GONE = new DeckhandError('task.unknown', 'gone');

/** Answers of a daemon, one after the other; the last one stays. */
function ends(...answers: readonly (TaskRow['state'] | DeckhandError)[]): TaskEnds {
  let at = 0;
  return new TaskEnds(() => {
    const answer = answers[Math.min(at, answers.length - 1)] ?? 'running';
    at += 1;
    return answer instanceof DeckhandError ? Promise.reject(answer) : Promise.resolve(row(answer));
  });
}

it('an end that came before anybody listened is asked for', async () => {
  expect(await ends('succeeded').of('t')).toMatchObject({ state: 'succeeded' });
});

it('one that is told is enough', async () => {
  const waiting = ends('running');
  const end = waiting.of('t');
  waiting.hear({ item: 'tasks', tasks: [row('failed') as unknown as TaskRow], counts: {} });
  expect(await end).toMatchObject({ state: 'failed' });
});

it.each(['hello', 'alive', 'many', 'tasks'] as const)(
  'a daemon that is away is asked again: %s',
  async item => {
    const waiting = ends(AWAY, 'succeeded');
    const end = waiting.of('t');
    await new Promise(resolve => setTimeout(resolve, 0));
    waiting.hear({ item, version: '1', tasks: [], counts: {} });
    expect(await end).toMatchObject({ state: 'succeeded' });
  },
);

it('a task that nobody knows has no end', async () => {
  await expect(ends(GONE).of('t')).rejects.toBe(GONE);
});
