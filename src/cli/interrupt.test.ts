import { expect, test } from 'vitest';
import { oneAtATime } from './asker.ts';
import { interruption, QUIET, wordsForWork } from './interrupt.ts';

test('the first Ctrl-C cancels, the second leaves with 130', () => {
  const exits: number[] = [];
  const said: string[] = [];
  const { signal, interrupt } = interruption({
    say: text => said.push(text),
    exit: code => exits.push(code),
  });
  expect(signal.aborted).toBe(false);
  interrupt();
  expect(signal.aborted).toBe(true);
  expect(said).toHaveLength(1);
  expect(exits).toEqual([]);
  interrupt();
  expect(exits).toEqual([130]);
});

test('what the daemon has is named on leaving; what is only looked at is not said to be stopped', () => {
  const said: string[] = [];
  const twice = interruption({ say: text => said.push(text), exit: () => {} });
  twice.sayOnInterrupt(wordsForWork(['task-1']));
  twice.interrupt();
  expect(said.join()).toContain('leaves it to the daemon');
  twice.interrupt();
  expect(said.join()).toContain('deckhand task logs -f task-1\n  deckhand task cancel task-1');
  const quiet: string[] = [];
  const { interrupt, sayOnInterrupt, signal } = interruption({
    say: text => quiet.push(text),
    exit: () => {},
  });
  sayOnInterrupt(QUIET);
  interrupt();
  expect([quiet, signal.aborted]).toEqual([[], true]);
});

test('questions wait for each other, and what moves is hidden meanwhile', async () => {
  const log: string[] = [];
  const first = Promise.withResolvers<string>();
  const asker = oneAtATime(
    {
      choose: async (_, __, initial) => await Promise.resolve(initial),
      line: async () => await Promise.resolve(''),
      secret: async question => {
        log.push(question);
        return question === 'a' ? await first.promise : 'second';
      },
    },
    { pause: () => log.push('pause'), resume: () => log.push('resume') },
  );
  const answers = Promise.all([asker.secret('a'), asker.secret('b')]);
  first.resolve('first');
  expect(await answers).toEqual(['first', 'second']);
  expect(log).toEqual(['pause', 'a', 'resume', 'pause', 'b', 'resume']);
});

test('a failed question does not block the next one', async () => {
  const asker = oneAtATime(
    {
      choose: async (_, __, initial) => await Promise.resolve(initial),
      line: async () => await Promise.resolve(''),
      secret: async question =>
        question === 'bad' ? await Promise.reject(new Error('left')) : await Promise.resolve('ok'),
    },
    { pause() {}, resume() {} },
  );
  await expect(asker.secret('bad')).rejects.toThrow('left');
  expect(await asker.secret('good')).toBe('ok');
});
