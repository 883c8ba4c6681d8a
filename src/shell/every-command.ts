import { scriptsOf } from './read-word.ts';
import type { ShellNode, ShellRedirection, ShellScript, ShellWord, SimpleCommand } from './shell-tree.ts';

/** All simple commands of a script, those in substitutions, functions and here-documents included. */
export function everyCommand(script: ShellScript): readonly SimpleCommand[] {
  return inNode(script.body);
}

function inNode(node: ShellNode): readonly SimpleCommand[] {
  switch (node.kind) {
    case 'command': {
      const assigned = node.assignments.flatMap(({ value, index }) => (index ? [...value, index] : value));
      return [node, ...inWords([...node.words, ...assigned]), ...inRedirections(node.redirections)];
    }
    case 'pipeline':
      return node.stages.flatMap(inNode);
    case 'sequence':
      return node.items.flatMap(item => inNode(item.node));
    case 'function':
      return inNode(node.body);
    case 'compound':
      return [
        ...inWords(node.words),
        ...node.scripts.flatMap(everyCommand),
        ...node.parts.flatMap(inNode),
        ...inRedirections(node.redirections),
      ];
  }
}

function inWords(words: readonly ShellWord[]): readonly SimpleCommand[] {
  return words.flatMap(word => word.pieces.flatMap(scriptsOf)).flatMap(everyCommand);
}

function inRedirections(redirections: readonly ShellRedirection[]): readonly SimpleCommand[] {
  return inWords(redirections.map(one => (one.kind === 'here' ? one.body : one.target)));
}
