import type {
  AndOr,
  Assignment,
  Command,
  CommandNode,
  CompoundCommand,
  CompoundList,
  PipelineNode,
  Redirection,
  Statement,
  TestExpression,
  Word,
} from 'unbash';
import type { ScriptReader } from './read-script.ts';
import { readArithmetic, readArray, readHereBody, readWord } from './read-word.ts';
import type {
  ShellAssignment,
  ShellCompound,
  ShellNode,
  ShellRedirection,
  ShellScript,
  ShellSequence,
  SimpleCommand,
  Span,
} from './shell-tree.ts';

interface Placed {
  readonly pos: number;
  readonly end: number;
}

export function readSequence(
  statements: readonly Statement[],
  place: Placed,
  reader: ScriptReader,
): ShellSequence {
  return {
    kind: 'sequence',
    ...span(place, reader),
    items: statements.flatMap(({ command, background }) =>
      readStatement(command, reader).map((node, place) => ({
        node,
        background: background === true,
        steady: background !== true && place === 0,
        after: command.type === 'AndOr' && place > 0 ? (command.operators[place - 1] ?? null) : null,
      })),
    ),
  };
}

function span({ pos, end }: Placed, { source }: ScriptReader): Span {
  return { start: pos, end, text: source.slice(pos, end) };
}

function readStatement(command: PipelineNode | AndOr, reader: ScriptReader): readonly ShellNode[] {
  if (command.type !== 'AndOr') return [readPipeline(command, reader)];
  return command.commands.map(part => readPipeline(part, reader));
}

function readPipeline(node: PipelineNode, reader: ScriptReader): ShellNode {
  if (node.type !== 'Pipeline') return readCommand(node, reader);
  if (node.operators.includes('|&')) reader.fault('|&');
  if (node.prefixes.some(prefix => prefix.type === 'Time')) reader.fault('the word time');
  const stages = node.commands.map(command => readCommand(command, reader));
  return { kind: 'pipeline', ...span(node, reader), stages };
}

function readCommand(node: CommandNode, reader: ScriptReader): ShellNode {
  switch (node.type) {
    case 'Command':
      return readSimple(node, reader);
    case 'Redirected':
      return {
        ...readCompound(node.command, reader),
        ...span(node, reader),
        redirections: node.redirects.flatMap(one => readRedirection(one, reader)),
      };
    case 'Function': {
      const text = span(node, reader).text;
      if (text.startsWith('function')) reader.fault('the word function');
      const name = readWord(node.name, reader).text;
      return { kind: 'function', ...span(node, reader), name, body: readBody(node.body, reader) };
    }
    case 'Coproc':
      reader.fault('the word coproc');
      return compound('coproc', node, reader, { parts: [readBody(node.body, reader)] });
    default:
      return readCompound(node, reader);
  }
}

function readBody(node: CommandNode | CompoundList, reader: ScriptReader): ShellNode {
  return node.type === 'CompoundList' ? list(node, reader) : readCommand(node, reader);
}

function list(node: CompoundList, reader: ScriptReader): ShellSequence {
  return readSequence(node.commands, node, reader);
}

function readSimple(node: Command, reader: ScriptReader): SimpleCommand {
  const words: Word[] = node.name ? [node.name] : [];
  const assignments: ShellAssignment[] = [];
  for (const part of node.prefix) {
    if (part.type === 'Assignment') assignments.push(readAssignment(part, reader));
  }
  const read = words.map(word => readWord(word, reader));
  for (const argument of node.args) {
    // `export A=1`: an argument that assigns is one word to the program
    if (argument.type === 'Word') read.push(readWord(argument, reader));
    else read.push(...argumentWords(readAssignment(argument, reader), reader));
  }
  const redirections = node.redirects.flatMap(one => readRedirection(one, reader));
  return { kind: 'command', ...span(node, reader), words: read, assignments, redirections };
}

function argumentWords(assignment: ShellAssignment, reader: ScriptReader): readonly ShellAssignmentWord[] {
  const { start, end, text, name, value, index } = assignment;
  if (index) reader.fault('an array');
  const pieces = value.flatMap(word => word.pieces);
  return [{ start, end, text, pieces: [{ kind: 'text', value: `${name}=`, quoted: false }, ...pieces] }];
}
type ShellAssignmentWord = ReturnType<typeof readWord>;

function readAssignment(node: Assignment, reader: ScriptReader): ShellAssignment {
  if (node.append) reader.fault('+=');
  if (node.index) reader.fault('an array');
  const value =
    node.value.type === 'ArrayValue' ? readArray(node.value, reader) : [readWord(node.value, reader)];
  const index = node.index ? readWord(node.index, reader) : null;
  return { ...span(node, reader), name: node.name, value, index };
}

function readRedirection(node: Redirection, reader: ScriptReader): readonly ShellRedirection[] {
  const descriptor = node.descriptor?.type === 'FileDescriptor' ? node.descriptor.value : null;
  if (node.descriptor?.type === 'FileDescriptorVariable') reader.fault('{name}> redirections');
  if (node.type === 'HereDoc')
    return [{ kind: 'here', ...span(node, reader), descriptor, body: readHereBody(node.body, reader) }];
  if (!node.target) {
    reader.fault('a redirection without a target');
    return [];
  }
  const target = readWord(node.target, reader);
  // a shell that does not know `<<<` stops there, and runs nothing else
  if (node.type === 'HereString') return [{ kind: 'here', ...span(node, reader), descriptor, body: target }];
  const onlyBash =
    node.operator.startsWith('&') || (node.operator === '>&' && !/^(\d+|-)$/.test(target.text));
  if (onlyBash) reader.fault(`${node.operator} redirections`);
  return [{ kind: 'file', ...span(node, reader), operator: node.operator, descriptor, target }];
}

interface CompoundParts {
  readonly words?: readonly Word[];
  readonly variable?: string;
  readonly scripts?: readonly ShellScript[];
  readonly parts?: readonly ShellNode[];
}

function compound(
  keyword: string,
  place: Placed,
  reader: ScriptReader,
  { words = [], variable, scripts = [], parts = [] }: CompoundParts,
): ShellCompound {
  return {
    kind: 'compound',
    keyword,
    ...span(place, reader),
    words: words.map(word => readWord(word, reader)),
    variable: variable ?? null,
    scripts,
    parts,
    redirections: [],
  };
}

function readCompound(node: CompoundCommand, reader: ScriptReader): ShellCompound {
  switch (node.type) {
    case 'If': {
      const branches = [node, ...node.elif].flatMap(({ clause, then }) => [clause, then]);
      const parts = [...branches, ...(node.else ? [node.else] : [])].map(one => list(one, reader));
      return compound('if', node, reader, { parts });
    }
    case 'For':
    case 'Select': {
      if (node.type === 'Select') reader.fault('the word select');
      const words = node.wordlist ?? [];
      const parts = [list(node.body, reader)];
      return compound('for', node, reader, { words, variable: node.name.value, parts });
    }
    case 'ArithmeticFor': {
      reader.fault('for ((…))');
      const expressions = [node.initialize, node.test, node.update].filter(one => one !== undefined);
      const scripts = expressions.flatMap(one => readArithmetic(one, reader));
      return compound('for', node, reader, { scripts, parts: [list(node.body, reader)] });
    }
    case 'While':
      return compound(node.kind, node, reader, {
        parts: [list(node.clause, reader), list(node.body, reader)],
      });
    case 'Subshell':
    case 'BraceGroup':
      return compound(node.type === 'Subshell' ? '(' : '{', node, reader, {
        parts: [list(node.body, reader)],
      });
    case 'Case': {
      if (node.items.some(({ terminator }) => terminator !== undefined && terminator !== ';;'))
        reader.fault(';& in case');
      const words = [node.word, ...node.items.flatMap(({ pattern }) => pattern)];
      return compound('case', node, reader, {
        words,
        parts: node.items.map(({ body }) => list(body, reader)),
      });
    }
    case 'TestCommand':
      reader.fault('[[ ]]');
      return compound('[[', node, reader, { words: testWords(node.expression) });
    case 'ArithmeticCommand':
      reader.fault('(( ))');
      return compound('((', node, reader, { scripts: readArithmetic(node.expression, reader) });
  }
}

function testWords(expression: TestExpression): readonly Word[] {
  switch (expression.type) {
    case 'TestUnary':
      return [expression.operand];
    case 'TestBinary':
      return [expression.left, expression.right];
    case 'TestLogical':
      return expression.operands.flatMap(testWords);
    case 'TestNot':
      return testWords(expression.operand);
    case 'TestGroup':
      return testWords(expression.expression);
  }
}
