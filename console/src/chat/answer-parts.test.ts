import { describe, expect, it } from 'vitest';
import { answerParts } from './answer-parts.ts';

describe('answerParts', () => {
  it('tells code from prose, with its language', () => {
    expect(answerParts('Do this:\n```sh\nls -l\n```\nand look.')).toEqual([
      { kind: 'prose', text: 'Do this:', language: '' },
      { kind: 'code', text: 'ls -l', language: 'sh' },
      { kind: 'prose', text: 'and look.', language: '' },
    ]);
  });

  it('takes code that is still being written to the end', () => {
    expect(answerParts('```\nrm')).toEqual([{ kind: 'code', text: 'rm', language: '' }]);
  });

  it('takes a fence with blanks after it, and half a million of them do not hold it up', () => {
    const blanks = ' '.repeat(500_000);
    expect(answerParts(`\`\`\`sh${blanks}\nls\n\`\`\`  `)).toEqual([
      { kind: 'code', text: 'ls', language: 'sh' },
    ]);
    expect(answerParts(`\`\`\`${blanks}x y`)).toHaveLength(1);
  });

  it('keeps fewer backticks inside more of them', () => {
    expect(answerParts('````md\n```\nx\n```\n````')).toEqual([
      { kind: 'code', text: '```\nx\n```', language: 'md' },
    ]);
  });

  it('gives nothing for nothing, and leaves markup as it is', () => {
    expect(answerParts('')).toEqual([]);
    expect(answerParts('<b>x</b> `y`')).toEqual([{ kind: 'prose', text: '<b>x</b> `y`', language: '' }]);
  });
});
