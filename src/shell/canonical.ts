import type { Piece, ShellNode, ShellRedirection, ShellScript, ShellWord } from './shell-tree.ts';

/**
 * A text that is equal for scripts of equal meaning however they are quoted, spaced and broken into lines,
 * and different otherwise. Of a script with faults it is the source itself.
 */
export function canonicalText(script: ShellScript, source: string): string {
  return script.faults.length > 0 ? `source ${source}` : JSON.stringify(nodeForm(script.body));
}

type Form = string | number | boolean | null | readonly Form[];

function nodeForm(node: ShellNode): Form {
  switch (node.kind) {
    case 'command':
      return [
        'run',
        node.words.map(wordForm),
        node.assignments.map(({ name, value }) => [name, value.map(wordForm)]),
        node.redirections.map(redirectionForm),
      ];
    case 'pipeline':
      // `! a` is no `a`: the negation is seen in the source alone
      return ['pipe', node.text.startsWith('!'), node.stages.map(nodeForm)];
    case 'sequence':
      return [
        'list',
        node.items.map(({ node: one, after, background }) => [after, background, nodeForm(one)]),
      ];
    case 'function':
      return ['function', node.name, nodeForm(node.body)];
    case 'compound':
      return [
        node.keyword,
        node.variable,
        node.words.map(wordForm),
        node.parts.map(nodeForm),
        node.redirections.map(redirectionForm),
      ];
  }
}

function redirectionForm(one: ShellRedirection): Form {
  if (one.kind === 'here') return ['here', one.descriptor, wordForm(one.body)];
  return [one.operator, one.descriptor, wordForm(one.target)];
}

function wordForm({ pieces }: ShellWord): Form {
  const forms: Form[] = [];
  for (const piece of pieces) {
    const last = forms.at(-1);
    if (piece.kind !== 'text') forms.push(pieceForm(piece));
    else if (typeof last === 'string') forms[forms.length - 1] = last + piece.value;
    else forms.push(piece.value);
  }
  return forms;
}

function pieceForm(piece: Exclude<Piece, { kind: 'text' }>): Form {
  switch (piece.kind) {
    case 'tilde':
      return ['~', piece.user];
    case 'glob':
      return ['glob', piece.text];
    case 'variable':
      return ['$', piece.name, piece.source, piece.quoted];
    case 'output':
      return ['output', piece.quoted, nodeForm(piece.script.body)];
    case 'pipe-path':
      return ['path', nodeForm(piece.script.body)];
    case 'number':
      return ['number', piece.source];
    case 'unread':
      return ['unread', piece.source];
  }
}
