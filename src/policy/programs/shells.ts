import { type Call, DATA, type Handler, note, type Stream } from '../call.ts';
import { grammarOf, readOptions } from '../option-grammar.ts';
import { readsPath } from '../paths/touch.ts';
import { mixed } from './table-reader.ts';

const SHELL_OPTIONS = grammarOf(
  '-c -eluxvnamfhkpsiCEbB -o= --norc --noprofile --posix --login --version --help --rcfile=!u --init-file=!u',
);

/** `sh -c TEXT`, `sh` with a script on stdin, `sh FILE`. */
const shell: Handler = call => {
  const { options, operands, strange } = readOptions(call.args, SHELL_OPTIONS, true);
  for (const { source } of strange)
    note(call, 'unknown', `${call.name}: what \`${source}\` does is not known`, undefined, source);
  if (options.some(({ role }) => role === 'unknown'))
    note(call, 'unknown', `${call.name} reads a file before it begins`);
  const has = (name: string): boolean => options.some(option => option.name === name);
  if (has('--version') || has('--help')) return DATA;
  if (has('-i')) note(call, 'unknown', 'an interactive shell');
  const [first, ...rest] = operands;
  if (has('-c')) return first ? runs(call, first.text, first.stream, rest.length > 0) : undefined;
  if (!first || has('-s') || first.text === '-') return fromStdin(call);
  if (first.stream.remote)
    note(call, 'forbidden', 'runs what another machine sent', 'remote-code', first.source);
  else
    note(
      call,
      'unknown',
      `runs the script ${first.source}, whose content is not known`,
      undefined,
      first.source,
    );
  return DATA;
};

function runs(call: Call, text: string | null, stream: Stream, positional = false): Stream {
  if (stream.remote) note(call, 'forbidden', 'runs what another machine sent', 'remote-code');
  if (text === null) {
    note(call, 'unknown', 'runs a text that is known only when it runs');
    return DATA;
  }
  if (positional) note(call, 'unknown', 'runs a text with parameters');
  return call.judgeText(text, call.stdin);
}

/** A script that comes on stdin. */
export function fromStdin(call: Call): Stream {
  const { stdin } = call;
  if (stdin.remote) note(call, 'forbidden', 'runs what another machine sent', 'remote-code');
  else if (stdin.text !== null) return call.judgeText(stdin.text, DATA);
  else note(call, 'unknown', `${call.name} runs what comes on its stdin`);
  return DATA;
}

const evaluate: Handler = call => {
  const texts = call.args.map(({ text }) => text);
  const remote = call.args.some(({ stream }) => stream.remote);
  const text = texts.includes(null) ? null : texts.join(' ');
  const stream = runs(call, text, { ...DATA, remote });
  call.scope.folders.add(null);
  return stream;
};

const source: Handler = call => {
  const [file] = call.args;
  const fromInput = file?.text === '/dev/stdin';
  if (file?.stream.remote || (fromInput && call.stdin.remote))
    note(call, 'forbidden', 'runs what another machine sent', 'remote-code');
  else if (fromInput) return fromStdin(call);
  else if (!RELEASES.test(file?.text ?? ''))
    note(call, 'unknown', `runs the script ${file?.source ?? ''}, whose content is not known`);
  return DATA;
};

/** `python3 -m json.tool [FILE]`: a second operand would be written. */
function showsJson(call: Call): boolean {
  const [module, name, ...args] = call.args;
  if (!/^python3?$/.test(call.name) || module?.text !== '-m' || name?.text !== 'json.tool') return false;
  const [file, ...more] = args.filter(({ text }) => !JSON_TOOL.test(text ?? ''));
  if (more.length > 0 || file?.shape.startsWith('-') === true || file?.loose === true) return false;
  if (file) readsPath(call, file);
  return true;
}
const JSON_TOOL = /^--(compact|sort-keys|no-ensure-ascii|json-lines|no-indent|tab)$/;

/** Names and versions of the distribution, as `NAME=value`. */
const RELEASES = /^(\/etc|\/usr\/lib)\/(os|lsb)-release$/;

/** Words of some of them that only ask what is there. */
const LOOKING: Readonly<Record<string, RegExp>> = {
  java: /^-version$/,
  php: /^(-m|--ini|--version|-l [\w./-]+)$/,
  at: /^-l$/,
  ansible: /^--version$/,
};

/** Languages: a text or a file of theirs is not read. */
const interpreter: Handler = call => {
  const only = call.args.length === 1 ? call.args[0]?.text : null;
  if (only === '--version' || only === '-V' || only === '-v') return DATA;
  if (showsJson(call)) return mixed(call, false);
  if (LOOKING[call.name]?.test(call.args.map(({ text }) => text ?? '?').join(' '))) return DATA;
  if (call.stdin.remote || call.args.some(({ stream }) => stream.remote))
    note(call, 'forbidden', 'runs what another machine sent', 'remote-code');
  else note(call, 'unknown', `${call.name} runs a program that is not read`);
  return DATA;
};

const INTERPRETERS = [
  'python',
  'python2',
  'python3',
  'perl',
  'ruby',
  'node',
  'nodejs',
  'deno',
  'bun',
  'php',
  'lua',
  'Rscript',
  'tclsh',
  'expect',
  'osascript',
  'pwsh',
  'fish',
  'csh',
  'tcsh',
  'java',
  'gdb',
  'ed',
  'ex',
  'vi',
  'vim',
  'nano',
  'emacs',
  'm4',
  'dc',
  'bc',
  'at',
  'batch',
  'parallel',
  'make',
  'ansible',
  'npx',
  'screen',
  'tmux',
];

export const SHELLS: Readonly<Record<string, Handler>> = {
  ...Object.fromEntries(
    ['sh', 'bash', 'dash', 'ash', 'ksh', 'mksh', 'zsh', 'rbash'].map(name => [name, shell]),
  ),
  ...Object.fromEntries(INTERPRETERS.map(name => [name, interpreter])),
  eval: evaluate,
  source,
  '.': source,
};
