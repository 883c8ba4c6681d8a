import { type Argument, argument, type Call, DATA, type Handler, note } from '../call.ts';
import { grammarOf, readOptions } from '../option-grammar.ts';
import { readsPath, removesPath, writesPath } from '../paths/touch.ts';
import { awkIsPlain } from './awk-program.ts';
import { READERS } from './readers.ts';
import { sedIsPlain } from './sed-script.ts';
import { applyOptions, judgeByTable, mixed } from './table-reader.ts';

const GREP = new Set(['grep', 'egrep', 'fgrep', 'zgrep', 'zegrep', 'zfgrep', 'bzgrep', 'xzgrep']);

/** With `-e` or `-f` every operand is a path; with `-r` everything below. */
const grep: Handler = call => {
  const grammar = READERS.get(call.name)?.grammar ?? new Map();
  const { options, operands } = applyOptions(call, call.args, grammar, false, true);
  const has = (...names: string[]): boolean => options.some(({ name }) => names.includes(name));
  const paths = has('-e', '-f', '--regexp', '--file') ? operands : operands.slice(1);
  const tree =
    has('-r', '-R', '--recursive', '--dereference-recursive') ||
    options.some(({ name, value }) => name === '-d' && value?.text === 'recurse');
  let secret = false;
  for (const path of paths)
    if (path.text !== '-') secret = readsPath(call, path, tree ? 'tree' : 'file') || secret;
  return mixed(call, secret);
};

const AWK = grammarOf('-F= -v= -f=!u -W=!u --field-separator= --assign= --posix --re-interval --traditional');

/** What is assigned on the command line stays data: a plain program runs and writes nothing. */
const awk: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, AWK);
  const [program, ...files] = options.some(({ name }) => name === '-f') ? [null, ...operands] : operands;
  const text = program?.text;
  if (program !== null && (text === null || text === undefined || !awkIsPlain(text)))
    note(call, 'unknown', 'an awk program that may run commands or write files', undefined, program?.source);
  let secret = false;
  for (const file of files)
    if (file && !/^[A-Za-z_]\w*=/.test(file.shape)) secret = readsPath(call, file) || secret;
  return mixed(call, secret);
};

const SED = grammarOf(
  '-nErsuzl= -e= -f=!u -i?= --quiet --silent --expression= --file=!u --regexp-extended --in-place?= --separate --null-data --unbuffered --posix --debug --sandbox',
);

const sed: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, SED);
  const scripts = options
    .filter(({ name }) => name === '-e' || name === '--expression')
    .map(({ value }) => value);
  const files = scripts.length > 0 ? operands : operands.slice(1);
  for (const script of scripts.length > 0 ? scripts : operands.slice(0, 1)) {
    if (script?.text === null || script?.text === undefined || !sedIsPlain(script.text))
      note(call, 'unknown', 'a sed script that may run commands or write files', undefined, script?.source);
  }
  const inPlace = options.some(({ name }) => name === '-i' || name === '--in-place');
  let secret = false;
  for (const file of files) {
    if (inPlace) writesPath(call, file, 'edit');
    else secret = readsPath(call, file) || secret;
  }
  return mixed(call, secret);
};

const FIND_ALONE = new Set(
  '-H -L -P -print -print0 -ls -prune -quit -mount -xdev -depth -daystart -follow -empty -true -false -nouser -nogroup -readable -writable -executable -not -and -or -a -o ! ( ) , -ignore_readdir_race -noleaf -d'.split(
    ' ',
  ),
);
const FIND_VALUED = new Set(
  '-name -iname -path -ipath -wholename -regex -iregex -regextype -type -xtype -maxdepth -mindepth -mtime -atime -ctime -mmin -amin -cmin -newer -anewer -cnewer -size -user -group -uid -gid -perm -links -inum -samefile -lname -ilname -fstype -used -printf -O -D -context'.split(
    ' ',
  ),
);

const find: Handler = call => {
  const roots: Argument[] = [];
  let place = 0;
  const { args } = call;
  for (; place < args.length; place += 1) {
    const one = args[place];
    if (!one || (/^[-!(]/.test(one.shape) && !['-H', '-L', '-P'].includes(one.shape))) break;
    if (one.loose)
      note(call, 'unknown', `find: what \`${one.source}\` does there is not known`, undefined, one.source);
    if (!one.shape.startsWith('-')) roots.push(one);
  }
  if (roots.length === 0) roots.push(argument('.'));
  for (; place < args.length; place += 1) place = findTest(call, roots, place);
  // every name begins with a root, and ends with a byte that is in no name
  const listed = args.filter(({ text }) => PRINTING.test(text ?? '')).map(({ text }) => text);
  const [printed = '-print', ...more] = listed;
  const below = more.length === 0 && /^-print0?$/.test(printed ?? '') ? roots : [];
  const rooted = below.filter(({ text }) => text !== null && /^[./]/.test(text));
  return rooted.length > 0 && rooted.length === below.length
    ? {
        ...mixed(call, false),
        names: {
          shapes: rooted.map(({ shape }) => `${shape}/\uE000${namePattern(args)}`),
          end: printed === '-print0' ? 'zero' : 'line',
        },
      }
    : mixed(call, false);
};

/** How all names end that are found; '' = in any way. */
function namePattern(args: readonly Argument[]): string {
  const texts = args.map(({ text }) => text ?? '');
  if (texts.some(text => /^(-o|-or|!|-not|,|\()$/.test(text))) return '';
  const pattern = texts[texts.indexOf('-name') + 1];
  const isPlain = texts.includes('-name') && pattern !== undefined && /^[\w.*-]+$/.test(pattern);
  return isPlain ? pattern.replaceAll('*', '\uE000') : '';
}

const PRINTING = /^-(print0?|printf|ls|exec|execdir|ok|okdir)$/;

/** One test or action; gives the place of its last word. */
function findTest(call: Call, roots: readonly Argument[], place: number): number {
  const { args } = call;
  const one = args[place];
  const name = one?.text ?? '';
  if (FIND_ALONE.has(name)) return place;
  if (FIND_VALUED.has(name) || /^-newer[aBcm][aBcmt]$/.test(name)) return place + 1;
  if (name === '-delete') {
    const chosen = args.some(({ text }) => /^-(i?name|[mac]time|[mac]min|size|i?path)$/.test(text ?? ''));
    for (const root of roots) {
      // old logs are no log folder
      if (chosen && /^\/var\/(log|spool|cache|lib\/[^/]+)\/?$/.test(root.text ?? ''))
        removesPath(call, { shape: `${root.text ?? ''}/chosen`, source: root.source }, 'file');
      else removesPath(call, root);
    }
    return place;
  }
  if (/^-f(ls|print0?|printf)$/.test(name)) {
    const file = args[place + 1];
    if (file) writesPath(call, file, 'replace');
    return place + (name === '-fprintf' ? 2 : 1);
  }
  if (!/^-(exec|execdir|ok|okdir)$/.test(name)) {
    note(call, 'unknown', `find: what \`${one?.source ?? ''}\` does is not known`, undefined, one?.source);
    return place;
  }
  const end = args.findIndex(
    (argument, at) =>
      at > place && (argument.text === ';' || (argument.text === '+' && args[at - 1]?.text === '{}')),
  );
  const last = end === -1 ? args.length : end;
  judgeExec(call, roots, args.slice(place + 1, last));
  return last;
}

/** The command once for each root, with `{}` standing for anything below it. */
function judgeExec(call: Call, roots: readonly Argument[], words: readonly Argument[]): void {
  const only = roots.length === 1 ? roots[0] : undefined;
  const shape = only && only.shape !== '.' ? `${only.shape}/\uE000` : './\uE000';
  const reads = /^(ls|stat|file|md5sum|sha256sum|wc|du|echo|basename|dirname)$/.test(words[0]?.text ?? '');
  const filled = words.map((word): Argument => {
    if (!word.shape.includes('{}')) return word;
    const found = reads ? '\uE001' : shape;
    return { ...word, text: null, shape: word.shape.replaceAll('{}', found), loose: false };
  });
  call.judgeArguments(filled, DATA);
}

const less: Handler = call => {
  const plain = call.args.every(({ shape }) => !/^[-+]/.test(shape) || /^-[SNRFXi]+$/.test(shape));
  if (!plain) note(call, 'unknown', `${call.name} with options that may run commands`);
  let secret = false;
  for (const path of call.args) if (!/^[-+]/.test(path.shape)) secret = readsPath(call, path) || secret;
  return mixed(call, secret);
};

const uniq: Handler = call => {
  const { operands } = applyOptions(
    call,
    call.args,
    grammarOf(
      '-cdDiuzf= -s= -w= --count --repeated --unique --ignore-case --skip-fields= --skip-chars= --check-chars= --all-repeated?=',
    ),
  );
  const [from, to] = operands;
  const secret = from && from.text !== '-' ? readsPath(call, from) : false;
  if (to) writesPath(call, to, 'replace');
  return mixed(call, secret);
};

/** A second operand of these is written. */
const xxd: Handler = call => {
  const { operands } = readOptions(call.args, READERS.get(call.name)?.grammar ?? new Map());
  const stream = judgeByTable(call, READERS);
  const [, to] = operands;
  if (to) writesPath(call, to, 'replace');
  return stream || DATA;
};

const jq: Handler = call => {
  const program = call.args.find(({ shape }) => !shape.startsWith('-'));
  if (
    !program ||
    program.text === null ||
    /\b(env|input_filename|\$ENV|import|include|debug)\b|\$ENV/.test(program.text)
  )
    note(call, 'unknown', `${call.name} may show the environment or load files`);
  return judgeByTable(call, READERS) || undefined;
};

export const TEXT_TOOLS: Readonly<Record<string, Handler>> = {
  ...Object.fromEntries([...GREP].map(name => [name, grep])),
  awk,
  gawk: awk,
  mawk: awk,
  nawk: awk,
  sed,
  find,
  less,
  zless: less,
  zmore: less,
  uniq,
  xxd,
  jq,
  yq: jq,
};
