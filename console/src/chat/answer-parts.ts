/** What a model said, taken apart into prose and code. Pure; nothing of it is ever HTML. */
export interface AnswerPart {
  readonly kind: 'prose' | 'code';
  readonly text: string;
  /** Of code: what the model calls it, such as `sh`; empty where it does not say. */
  readonly language: string;
}

/** A line of three or more backticks opens and closes code; one that is not closed yet goes to the end. */
const FENCE = /^ {0,3}(`{3,})\s*([\w+#.-]{0,30})$/;

export function answerParts(answer: string): readonly AnswerPart[] {
  const parts: AnswerPart[] = [];
  let lines: string[] = [];
  let fence: { readonly ticks: number; readonly language: string } | null = null;
  const end = (kind: AnswerPart['kind'], language: string): void => {
    const text = lines.join('\n');
    if (kind === 'code' || text.trim() !== '') parts.push({ kind, text, language });
    lines = [];
  };
  for (const line of answer.split('\n')) {
    const match = FENCE.exec(line.trimEnd());
    const ticks = match?.[1]?.length ?? 0;
    if (match && fence === null) {
      end('prose', '');
      fence = { ticks, language: match[2] ?? '' };
    } else if (match && fence !== null && ticks >= fence.ticks && match[2] === '') {
      end('code', fence.language);
      fence = null;
    } else lines.push(line);
  }
  end(fence === null ? 'prose' : 'code', fence?.language ?? '');
  return parts;
}
