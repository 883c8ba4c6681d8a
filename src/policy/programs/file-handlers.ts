import { type Argument, type Call, DATA, type Handler, NOTHING, note } from '../call.ts';
import { grammarOf, type Option } from '../option-grammar.ts';
import { isTemporary } from '../paths/places.ts';
import { keepsStream } from '../paths/runs-later.ts';
import { opensPath, placesOf, readsPath, removesPath, writesPath } from '../paths/touch.ts';
import { unpacksInto } from './archives.ts';
import { FILES } from './files.ts';
import { applyOptions, judgeByTable, mixed } from './table-reader.ts';

function has(options: readonly Option[], ...names: string[]): boolean {
  return options.some(({ name }) => names.includes(name));
}

const RM = grammarOf(
  '-fiIrRdv --force --recursive --dir --verbose --interactive?= --one-file-system --preserve-root?= --no-preserve-root!d',
);

const rm: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, RM);
  const tree = has(options, '-r', '-R', '--recursive');
  for (const operand of operands) removesPath(call, operand, tree ? 'tree' : 'file');
  return NOTHING;
};

const unlink: Handler = call => {
  for (const operand of call.args) removesPath(call, operand, 'file');
  return NOTHING;
};

const SHRED = grammarOf('-fuvxzn= -s= --force --remove?= --zero --iterations= --size= --verbose --exact');

const shred: Handler = call => {
  for (const operand of applyOptions(call, call.args, SHRED).operands) removesPath(call, operand);
  return NOTHING;
};

const COPY = grammarOf(
  '-abdfHiLlnPpRrsTuvxZ -t=> -S= --archive --backup?= --force --interactive --link --dereference --no-dereference --no-clobber --preserve?= --no-preserve= --parents --recursive --reflink?= --remove-destination --sparse= --symbolic-link --suffix= --target-directory=> --no-target-directory --update?= --verbose --one-file-system --attributes-only',
);

/** `cp`, `ln`, `install`: the last operand is written, or the folder of `-t`. */
const copy =
  (grammar: ReturnType<typeof grammarOf>): Handler =>
  call => {
    const { options, operands } = applyOptions(call, call.args, grammar);
    const given = has(options, '-t', '--target-directory');
    if (call.name === 'install' && has(options, '-d', '--directory')) {
      for (const operand of operands) writesPath(call, operand, 'make');
      return NOTHING;
    }
    if (
      has(options, '-m', '--mode') &&
      options.some(({ value }) => /^0?[4-7]\d{3}$|s/.test(value?.shape ?? ''))
    )
      note(call, 'forbidden', 'makes a program that runs with the rights of its owner', 'privilege-gain');
    const [target, ...sources] = given
      ? [null, ...operands]
      : [operands.at(-1) ?? null, ...operands.slice(0, -1)];
    if (!given && operands.length < 2 && call.name !== 'ln')
      note(call, 'unknown', `${call.name} with one operand`);
    copies(call, sources, target, call.name !== 'ln');
    return NOTHING;
  };

function copies(call: Call, sources: readonly Argument[], target: Argument | null, reads: boolean): void {
  let empty = false;
  for (const source of sources) {
    const secret = reads && readsPath(call, source, 'tree');
    if (!reads && readsPath(call, source))
      note(call, 'destructive', 'gives a secret another name', 'secret-disclosure', source.source);
    if (secret && target) note(call, 'destructive', 'copies a secret', 'secret-disclosure', source.source);
    if (source.text === '/dev/null' || source.text === '/dev/zero') empty = true;
  }
  if (!target) return;
  for (const source of sources) {
    // into a folder, it is the name inside that counts
    const name = source.shape.slice(source.shape.lastIndexOf('/') + 1);
    if (/[^/]$/.test(name))
      writesPath(call, { shape: `${target.shape}/${name}`, source: target.source }, 'append');
  }
  writesPath(call, target, empty ? 'replace' : 'append');
  if (empty) removesPath(call, target, 'file');
}

const INSTALL = grammarOf(
  '-bCcDdpsTv -g= -m= -o= -S= -t=> --backup?= --compare --directory --group= --mode= --owner= --preserve-timestamps --strip --suffix= --target-directory=> --verbose',
);
const LINK = grammarOf(
  '-bfiLnPrsTv -S= -t=> --backup?= --force --no-dereference --relative --symbolic --suffix= --target-directory=> --no-target-directory --verbose',
);
const MOVE = grammarOf(
  '-bfinTuvZ -S= -t=> --backup?= --force --interactive --no-clobber --suffix= --target-directory=> --no-target-directory --update?= --verbose',
);

const move: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, MOVE);
  const given = has(options, '-t', '--target-directory');
  const sources = given ? operands : operands.slice(0, -1);
  for (const source of sources) {
    if (placesOf(call, source).every(place => place !== null && isTemporary(place)))
      note(call, 'change', `moves ${source.source}`);
    else removesPath(call, source);
  }
  const target = given ? undefined : operands.at(-1);
  if (target)
    copies(
      call,
      sources.map(source => ({ ...source })),
      target,
      false,
    );
  if (target?.text === '/dev/null') note(call, 'destructive', 'moves it to nowhere', 'data-loss');
  return NOTHING;
};

const MODE = grammarOf(
  '-cfRvrwxst --changes --quiet --silent --recursive --verbose --reference=< --preserve-root --no-preserve-root!d',
);

const EVERYBODY_WRITES = /^[0-7]*[2367]$|(^|,)([ug]*[oa][ugoa]*|)[+=][rxX]*w/;
const SYSTEM = /^\/(etc|usr|lib|lib64|opt|boot|var\/spool\/cron)(\/|$)/;

const chmod: Handler = call => {
  // `-x`, `-w`: a mode, not an option
  const { options, operands } = applyOptions(call, call.args, MODE);
  const recursive = has(options, '-R', '--recursive');
  const negative = has(options, '-r', '-w', '-x', '-s', '-t');
  const [mode, ...rest] = operands;
  const targets = negative || has(options, '--reference') ? operands : rest;
  const text = mode?.text ?? '';
  const setsOwner = /[ugoa]*[+=][rwxXt]*s/.test(text) || /^0?[4-7]\d{3}$/.test(text);
  if (setsOwner)
    note(
      call,
      /^0?1/.test(text) ? 'change' : 'forbidden',
      'makes programs run with the rights of their owner',
      'privilege-gain',
    );
  for (const target of targets) {
    opensPath(call, target, 'changes the mode', recursive);
    if (
      EVERYBODY_WRITES.test(text) &&
      placesOf(call, target).some(place => place === null || SYSTEM.test(place))
    )
      note(
        call,
        'destructive',
        'lets everybody write what the system reads',
        'privilege-gain',
        target.source,
      );
  }
  if (/^0?0{1,3}$/.test(text) && recursive)
    note(call, 'destructive', 'takes all rights away', 'service-loss');
  return NOTHING;
};

const OWNER = grammarOf(
  '-cfhHLPRv --changes --quiet --silent --recursive --verbose --reference=< --from= --dereference --no-dereference --preserve-root --no-preserve-root!d',
);

const chown: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, OWNER);
  const targets = has(options, '--reference') ? operands : operands.slice(1);
  for (const target of targets)
    opensPath(call, target, 'changes the owner', has(options, '-R', '--recursive'));
  return NOTHING;
};

/** `chattr`, `setfacl`, `setcap`: rights of another kind. */
const attributes: Handler = call => {
  note(call, 'destructive', `${call.name} changes rights`, 'privilege-gain');
  for (const target of call.args.slice(1))
    if (target.shape.startsWith('/')) opensPath(call, target, 'changes the rights', false);
  return NOTHING;
};

const DD = /^(bs|count|skip|seek|ibs|obs|cbs|conv|iflag|oflag|status)=[A-Za-z0-9,_]+$/;

const dd: Handler = call => {
  let secret = false;
  for (const operand of call.args) {
    const value = { shape: operand.shape.slice(3), source: operand.source };
    if (operand.shape.startsWith('if=')) secret = readsPath(call, value) || secret;
    else if (operand.shape.startsWith('of=')) {
      writesPath(call, value, 'replace');
      if (value.shape !== '/dev/null')
        note(
          call,
          'destructive',
          `writes raw blocks to ${operand.source.slice(3)}`,
          'data-loss',
          operand.source,
        );
    } else if (operand.text === null || !DD.test(operand.text))
      note(call, 'unknown', `dd: what \`${operand.source}\` does is not known`, undefined, operand.source);
  }
  return mixed(call, secret);
};

const TEE = grammarOf('-aip --append --ignore-interrupts --output-error?=');

const tee: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, TEE);
  for (const operand of operands) {
    writesPath(call, operand, has(options, '-a', '--append') ? 'append' : 'replace');
    keepsStream(call, operand, call.stdin);
  }
  return mixed(call, false);
};

const TRUNCATE = grammarOf('-cos= -r=< --no-create --size= --reference=<');

const truncate: Handler = call => {
  for (const operand of applyOptions(call, call.args, TRUNCATE).operands) {
    writesPath(call, operand, 'replace');
    note(call, 'destructive', `cuts ${operand.source}`, 'data-loss', operand.source);
  }
  return NOTHING;
};

/** Made by this task: below /tmp it may go again without a question. */
const make: Handler = call => {
  judgeByTable(call, FILES);
  const existing = call.args.some(({ text }) => text === '-p' || text === '--parents');
  for (const argument of call.args) {
    const places = placesOf(call, argument);
    const [place] = places;
    if (call.name !== 'mkdir' || existing || argument.text === null || places.length !== 1) continue;
    if (place && isTemporary(place)) call.scope.made.add(place);
  }
  for (const [place, argument] of call.args.entries()) {
    const isValue = /^(-[a-z]*[rtdm]|--reference|--date|--mode)$/.test(call.args[place - 1]?.text ?? '');
    if (!argument.shape.startsWith('-') && !(isValue && call.name !== 'mktemp'))
      writesPath(call, argument, 'make');
  }
  return DATA;
};

const compress: Handler = call => {
  const stream = judgeByTable(call, FILES);
  const keeps = call.args.some(
    ({ text }) => text !== null && /^(-[a-z0-9]*[ckltd][a-z0-9]*|--(stdout|keep|list|test))$/.test(text),
  );
  for (const argument of call.args) {
    if (argument.shape.startsWith('-')) continue;
    if (readsPath(call, argument))
      note(call, 'destructive', 'reads a secret', 'secret-disclosure', argument.source);
    if (!keeps) writesPath(call, argument, 'replace');
  }
  return stream || DATA;
};

const ZIP_INTO = grammarOf('-lnopqtuvjaCZ -d=> -x=');
const unzip: Handler = call => {
  const { options, operands } = applyOptions(call, call.args, ZIP_INTO);
  const [archive] = operands;
  if (archive) readsPath(call, archive);
  if (has(options, '-l', '-t', '-v', '-Z', '-p')) return DATA;
  unpacksInto(call, options.find(({ name }) => name === '-d')?.value ?? { shape: '.', source: '.' });
  return DATA;
};

export const FILE_HANDLERS: Readonly<Record<string, Handler>> = {
  rm,
  unlink,
  shred,
  cp: copy(COPY),
  install: copy(INSTALL),
  ln: copy(LINK),
  link: copy(LINK),
  mv: move,
  rename: call => {
    note(call, 'unknown', 'renames by an expression');
    return NOTHING;
  },
  chmod,
  chown,
  chgrp: chown,
  chattr: attributes,
  setfacl: attributes,
  setcap: attributes,
  chcon: attributes,
  restorecon: attributes,
  dd,
  tee,
  truncate,
  mkdir: make,
  touch: make,
  mkfifo: make,
  unzip,
  ...Object.fromEntries(
    ['gzip', 'gunzip', 'bzip2', 'bunzip2', 'xz', 'unxz', 'zstd', 'unzstd', 'lz4', 'pigz'].map(name => [
      name,
      compress,
    ]),
  ),
  ...Object.fromEntries(
    ['zcat', 'gzcat', 'bzcat', 'xzcat', 'zstdcat'].map(name => [
      name,
      (call: Call) => {
        let secret = false;
        for (const argument of call.args)
          if (!argument.shape.startsWith('-')) secret = readsPath(call, argument) || secret;
        return mixed(call, secret);
      },
    ]),
  ),
};
