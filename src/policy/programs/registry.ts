import { type Argument, type Call, DATA, type Handler, NOTHING, note, type Stream } from '../call.ts';
import { isKnown } from '../paths/shape.ts';
import { ARCHIVES } from './archives.ts';
import { BUILTINS } from './builtins.ts';
import { CONTAINERS } from './containers.ts';
import { DATABASES } from './databases.ts';
import { FILE_HANDLERS } from './file-handlers.ts';
import { FILES } from './files.ts';
import { FIREWALL } from './firewall.ts';
import { GIT } from './git.ts';
import { HOST_HANDLERS, judgeInitScript } from './host-handlers.ts';
import { NETWORK } from './network.ts';
import { PACKAGES } from './packages.ts';
import { READERS } from './readers.ts';
import { SERVICES } from './services.ts';
import { SHELLS } from './shells.ts';
import { LOOKING_WORDS } from './looking-words.ts';
import { judgeByTable, mixed } from './table-reader.ts';
import { TEXT_TOOLS } from './text-tools.ts';
import { WRAPPERS } from './wrappers.ts';

/** Programs whose arguments need more than a row of a table. */
const HANDLERS: ReadonlyMap<string, Handler> = new Map(
  [
    SHELLS,
    WRAPPERS,
    BUILTINS,
    FILE_HANDLERS,
    TEXT_TOOLS,
    NETWORK,
    GIT,
    CONTAINERS,
    DATABASES,
    HOST_HANDLERS,
    PACKAGES,
    ARCHIVES,
    FIREWALL,
    LOOKING_WORDS,
  ].flatMap(handlers => Object.entries(handlers)),
);
const TABLES = [READERS, FILES, SERVICES];

/** Judges a program with its arguments. A name that is not in the tables is `unknown`. */
export function judgeProgram(call: Call, program: Argument): Stream {
  const name = nameOf(call, program);
  if (name === null) {
    judgeDespite(call, program);
    return DATA;
  }
  const named: Call = name === call.name ? call : { ...call, name };
  const isProgram = HANDLERS.has(name) || TABLES.some(table => table.has(name));
  // a shell takes some builtins before a function of the same name, another the function
  if (call.scope.functions.has(name) && !isProgram) return mixed(call, false);
  if (name.startsWith('init-script ')) return judgeInitScript(named, name.slice('init-script '.length));
  const handler = HANDLERS.get(name);
  if (asksVersion(named) && isProgram) return DATA;
  if (handler) return handler(named) ?? literalOf(named, mixed(named, false));
  for (const table of TABLES) {
    const stream = judgeByTable(named, table);
    if (stream) return literalOf(named, stream);
  }
  named.ledger.effect('runs', name);
  note(named, 'unknown', `what ${name} does is not known`, undefined, program.source);
  return DATA;
}

/** Of a program that is known, this is known too; `timeout --version` has no command. */
function asksVersion({ args: [only, ...others], name }: Call): boolean {
  return (
    others.length === 0 &&
    /^--(version|help)$/.test(only?.text ?? '') &&
    !/^(exec|command|builtin|eval|source|\.)$/.test(name)
  );
}

const TRUSTED = /^\/(usr\/)?s?bin\/[^/]+$/;

/** The program's name. Null: it is known only when it runs. */
function nameOf(call: Call, { text, source }: Argument): string | null {
  if (text === null || text === '' || !isKnown(text)) {
    note(call, 'unknown', 'which program it is, is known only when it runs', undefined, source);
    return null;
  }
  if (!text.includes('/')) return text;
  const path = text.startsWith('/') ? tidy(text) : text;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const script = /^\/etc\/(init\.d|rc\.d)\/([^/]+)$/.exec(path);
  if (script?.[2]) return `init-script ${script[2]}`;
  if (!TRUSTED.test(path)) {
    call.ledger.effect('runs', text);
    note(call, 'unknown', `${text} is not in a folder of the system's programs`, undefined, source);
  }
  return name;
}

function tidy(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The name is not known: whatever fetches or reads as its arguments was judged already; a fetched program is worse. */
function judgeDespite(call: Call, program: Argument): void {
  if (program.stream.remote)
    note(call, 'forbidden', 'runs what another machine sent', 'remote-code', program.source);
}

const ENDLESS = /^\/dev\/(zero|full|u?random)$/;

/** `echo` prints what is known before it runs, so does `cat` of a here-document. */
function literalOf(call: Call, stream: Stream): Stream {
  const texts = call.args.map(({ text }) => text);
  if (call.name === 'cat' && call.args.length === 0) return call.stdin;
  if (call.name === 'cat' && texts.some(text => ENDLESS.test(text ?? '')))
    return { ...stream, endless: true };
  if (call.name === 'yes') return { ...stream, endless: true };
  const known = texts.every(text => text !== null);
  if (!known || stream.secret) return stream;
  const all = texts.join(' ');
  if (call.name === 'echo' && !all.startsWith('-') && !all.includes('\\'))
    return { ...NOTHING, empty: false, text: `${all}\n` };
  if (call.name !== 'printf') return stream;
  const [format, value, ...more] = texts;
  if (more.length > 0 || format === undefined || format === null) return stream;
  if (value !== undefined && value !== null && /^%s(\\n)?$/.test(format))
    return { ...NOTHING, empty: false, text: `${value}\n` };
  const plain = value === undefined && !/%|\\(?!n)/.test(format);
  return plain ? { ...NOTHING, empty: false, text: format.replaceAll('\\n', '\n') } : stream;
}
