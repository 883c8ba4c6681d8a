import { expect, it } from 'vitest';
import { CollectedAnswer } from './collect-answer.ts';

const chunk = (delta: object): object => ({ id: 'x', choices: [{ index: 0, delta, finish_reason: null }] });

it('is an answer of a bounded length, whatever it is made of', () => {
  const parts: readonly ((count: number) => object)[] = [
    () => chunk({ content: 'x'.repeat(100) }),
    () => chunk({ reasoning_content: 'x'.repeat(100) }),
    count => chunk({ tool_calls: [{ index: count, function: { name: 'f' } }] }),
    () => chunk({ tool_calls: [{ index: 0, function: { arguments: 'x'.repeat(100) } }] }),
    () => ({ choices: [{ index: 0, text: 'x'.repeat(100) }] }),
    count => ({ choices: [{ index: count }] }),
  ];
  for (const part of parts) {
    const answer = new CollectedAnswer(1000);
    const adding = (): void => {
      for (let count = 0; count < 12; count += 1) answer.add(part(count));
    };
    expect(adding).toThrow(expect.objectContaining({ code: 'chat.malformed' }) as Error);
  }
});
