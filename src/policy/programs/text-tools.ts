import { type Argument, argument, type Call, DATA, type Handler, note } from '../call.ts';
import { grammarOf, readOptions } from '../option-grammar.ts';
import { readsPath, removesPath, writesPath } from '../paths/touch.ts';
import { READERS } from './readers.ts';
import { applyOptions, judgeByTable, mixed } from './table-reader.ts';

const GREP = new Set(['grep', 'egrep', 'fgrep', 'zgrep', 'zegrep', 'zfgrep', 'bzgrep', 'xzgrep']);

/** With `-e` or `-f` every operand is a path; with `-r` everything below. */
const grep: Handler = call => {
  const grammar = READERS.get(call.name)?.grammar ?? new Map();
  const { options, operands } = applyOptions(call, call.args, grammar);
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
/** Anything that reads, writes or runs something else. */
const AWK_SIDE_DOORS =
  /system|getline|[|>]|@|close|fflush|\/inet|ENVIRON|ARGV|PROCINFO|ENVIRON|printf?\s*>|\\/;

const awk: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, AWK);
  const [program, ...files] = options.some(({ name }) => name === '-f') ? [null, ...operands] : operands;
  if (options.some(({ value }) => value && AWK_SIDE_DOORS.test(value.shape.replaceAll('|', ''))))
    note(call, 'unknown', 'awk with an assignment that is not plain');
  const text = program?.text;
  // comparisons and alternatives inside a pattern are no redirections
  const bare = text
    ?.replaceAll(/\/(?:\\.|[^/\\])*\//g, '//')
    .replaceAll(/"(?:\\.|[^"\\])*"/g, '""')
    .replaceAll(/>=|\|\|/g, ' ');
  const compared = bare?.replaceAll(/(\$?[A-Za-z0-9_]+|\))\s*>\s*[0-9.]+(?=\s*(\{|&&|\)|$|'))/g, ' ');
  if (program !== null && (text === null || compared === undefined || AWK_SIDE_DOORS.test(compared)))
    note(call, 'unknown', 'an awk program that may run commands or write files', undefined, program?.source);
  else if (program !== null && compared && /print[^{};]*>/.test(compared))
    note(call, 'unknown', 'an awk program that may write files');
  let secret = false;
  for (const file of files)
    if (file && !/^[A-Za-z_]\w*=/.test(file.shape)) secret = readsPath(call, file) || secret;
  return mixed(call, secret);
};

const SED = grammarOf(
  '-nErsuzl= -e= -f=!u -i?= --quiet --silent --expression= --file=!u --regexp-extended --in-place?= --separate --null-data --unbuffered --posix --debug --sandbox',
);

/** Commands of sed that only print or change what passes by: addresses, p, d, q, =, s, y, a, i, c, n, N, g, h, x … */
function sedIsPlain(text: string): boolean {
  const address = String.raw`(?:(?:\d+|\$|/(?:\\.|[^/\\\n])*/I?|\\\|[^|]*\|)(?:~\d+)?(?:,(?:[+~]?\d+|\$|/(?:\\.|[^/\\\n])*/I?))?\s*!?)?\s*`;
  const substitutions = '/|#,:@!%;_~'.split('').map(mark => {
    const escaped = `\\${mark}`;
    return `s${escaped}(?:\\\\[^\\n]|[^${escaped}\\\\\\n])*${escaped}(?:\\\\[^\\n]|[^${escaped}\\\\\\n])*${escaped}[gpiI0-9mM]*`;
  });
  const command = `(?:[pdPDqQhHgGxnNlz={}]\\d*|y/[^/\\n]*/[^/\\n]*/|[aic]\\s*\\\\?[^\\n]*|[bt](?:\\s*\\w+)?|:\\s*\\w+|${substitutions.join('|')})`;
  return new RegExp(`^\\s*(?:${address}${command}\\s*(?:[;\\n}]\\s*|$))*\\s*$`).test(text);
}

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
  return mixed(call, false);
};

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
  uniq,
  xxd,
  jq,
  yq: jq,
};
