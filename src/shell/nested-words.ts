import type { ParameterOperation, Word, WordPart } from 'unbash';

/** The words inside `${name…}` that the shell may expand too. */
export function nestedWords(part: Extract<WordPart, { type: 'ParameterExpansion' }>): readonly Word[] {
  return [part.index, ...wordsOf(part.operation)].filter(word => word !== undefined);
}

function wordsOf(operation: ParameterOperation | undefined): readonly (Word | undefined)[] {
  switch (operation?.type) {
    case 'Default':
    case 'Remove':
    case 'CaseModification':
    case 'Transform':
      return [operation.operand];
    case 'Replace':
      return [operation.pattern, operation.replacement];
    case 'Slice':
      return [operation.offset, operation.length];
    default:
      return [];
  }
}
