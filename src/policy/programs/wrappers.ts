import {
  type Argument,
  argument,
  type Call,
  DATA,
  type Handler,
  note,
  type Scope,
  type Stream,
} from '../call.ts';
import { isDangerousName } from '../environment.ts';
import { grammarOf, type OptionGrammar, readOptions } from '../option-grammar.ts';
import { fromStdin } from './shells.ts';
import { applyOptions, mixed } from './table-reader.ts';

/** Programs that run another program: name → their own options, and how many operands stand before the command. */
const PLAIN: Readonly<Record<string, readonly [string, number]>> = {
  nice: ['-# -n= --adjustment=', 0],
  ionice: ['-tc= -n= -p= -P= -u= --class= --classdata=', 0],
  nohup: ['', 0],
  setsid: ['-cfw --fork --wait --ctty', 0],
  stdbuf: ['-i= -o= -e= --input= --output= --error=', 0],
  time: ['-p -v -f= -o=> --format= --output=>', 0],
  timeout: ['-fpvk= -s= --signal= --kill-after= --preserve-status --foreground', 1],
  chroot: ['--userspec= --groups= --skip-chdir', 1],
  chrt: ['-abdfior -p', 1],
  taskset: ['-ac', 1],
  setarch: ['-R', 1],
  unshare: ['-mnpuiUCfrT --mount --net --pid --uts --ipc --user --fork --map-root-user --mount-proc', 0],
  nsenter: [
    '-am?= -n?= -p?= -u?= -i?= -U?= -C?= -t= -r?= -w?= --target= --mount?= --net?= --pid?= --uts?= --ipc?=',
    0,
  ],
  catchsegv: ['', 0],
  watch: ['-bcdegtx -n= --interval= --differences --no-title --color --exec', 0],
  strace: ['-cCdfFhikqrtTvVxyz -e= -o=> -p= -s= -P= -u=', 0],
  ltrace: ['-cCfhilLnrStT -e= -o=> -p= -s=', 0],
  doas: ['-nu=', 0],
  faketime: ['-fm', 1],
  eatmydata: ['', 0],
  'systemd-inhibit': ['--what= --who= --why= --mode=', 0],
  'systemd-cat': ['-t= -p= --identifier= --priority=', 0],
  'dbus-run-session': ['', 0],
  cgexec: ['-g=', 0],
  fakeroot: ['', 0],
  pkexec: ['--user=', 0],
  runuser: ['-u= -g= -G=', 0],
};

const GRAMMARS = new Map(Object.entries(PLAIN).map(([name, [options]]) => [name, grammarOf(options)]));

const plain: Handler = call => {
  const operands = commandOf(call, GRAMMARS.get(call.name) ?? grammarOf(''));
  if (call.name === 'taskset' && call.args.some(({ text }) => text === '-p')) return DATA;
  const skip = PLAIN[call.name]?.[1] ?? 0;
  const [first] = operands;
  const command = operands.slice(skip);
  if (command.length === 0) {
    // `chroot DIR`, `pkexec`, `setsid` without a command start a shell or fail
    if (first || skip === 0) note(call, 'unknown', `${call.name} without a command`);
    return DATA;
  }
  const place = skip > 0 && call.name === 'chroot' ? elsewhere(call.scope) : call.scope;
  if (call.name === 'watch') return joined(call, command);
  return call.judgeArguments(command, call.stdin, place);
};

/** Judges the wrapper's options; gives the command and what stands before it. */
function commandOf(call: Call, grammar: OptionGrammar): readonly Argument[] {
  return applyOptions(call, call.args, grammar, true).operands;
}

/** A shell gets the words joined by blanks. */
function joined(call: Call, command: readonly Argument[], scope: Scope = call.scope): Stream {
  const texts = command.map(({ text }) => text);
  if (!texts.includes(null)) return call.judgeText(texts.join(' '), call.stdin, scope);
  note(call, 'unknown', `${call.name} runs a text that is known only when it runs`);
  return DATA;
}

/** Another file system: what was made here is not there. */
function elsewhere(scope: Scope): Scope {
  return { ...scope, folders: new Set(['/']), made: new Set(), functions: new Set(), values: new Map() };
}

const SUDO = grammarOf(
  '-bEHnPSkKvlAu= -g= -p= -h= -C= -T= -r= -t= -i -s -e!u -R=!u -D=!u --user= --group= --non-interactive --stdin --preserve-env?=!u --login --shell --edit!u --list --reset-timestamp --set-home',
);

const sudo: Handler = call => {
  const { options } = readOptions(call.args, SUDO, true);
  const operands = commandOf(call, SUDO);
  const has = (...names: string[]): boolean => options.some(({ name }) => names.includes(name));
  const command = afterAssignments(call, operands);
  if (has('-l', '--list', '-v', '-k', '-K', '--reset-timestamp') && command.length === 0) return DATA;
  const place = has('-i', '--login', '-u', '--user')
    ? { ...call.scope, folders: new Set([...call.scope.folders, '/root']) }
    : call.scope;
  if (has('-s', '--shell', '-i', '--login'))
    return command.length === 0 ? fromStdin(call) : joined(call, command, place);
  if (command.length > 0) return call.judgeArguments(command, call.stdin, place);
  note(call, 'unknown', `${call.name} without a command`);
  return DATA;
};

/** `NAME=value` words before a command. */
function afterAssignments(call: Call, operands: readonly Argument[]): readonly Argument[] {
  let at = 0;
  for (const operand of operands) {
    const name = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(operand.shape)?.[1];
    if (name === undefined) break;
    if (isDangerousName(name))
      note(call, 'unknown', `${name} changes what other commands run`, undefined, operand.source);
    at += 1;
  }
  return operands.slice(at);
}

const ENV = grammarOf(
  '-i0vu= -C= -S=!u --ignore-environment --unset= --chdir= --null --split-string=!u --block-signal?= --default-signal?= --ignore-signal?=',
);

const env: Handler = call => {
  const command = afterAssignments(call, commandOf(call, ENV));
  if (command.length > 0) return call.judgeArguments(command, call.stdin);
  note(call, 'destructive', 'shows the environment, which may hold passwords', 'secret-disclosure');
  return mixed(call, true);
};

const SU = grammarOf('-lmpfc= -s= -g= -G= -w= --command= --login --shell= --preserve-environment -P --pty');

const su: Handler = call => {
  const { options, operands } = readOptions(call.args, SU);
  const text = options.find(({ name }) => name === '-c' || name === '--command')?.value;
  commandOf(call, SU);
  const users = operands.filter(one => one.text !== '-');
  if (users.length > 1) note(call, 'unknown', 'su gives further words to a shell');
  const place = { ...call.scope, folders: new Set([...call.scope.folders, '/root']) };
  if (!text) return fromStdin(call);
  return joined(call, [text], place);
};

const FLOCK = grammarOf(
  '-sxeunFo w= -E= -w= --shared --exclusive --nonblock --timeout= --wait= --close --no-fork --conflict-exit-code=',
);

const flock: Handler = call => {
  const [, ...command] = commandOf(call, FLOCK);
  const [first, text] = command;
  if (first?.text === '-c' && text) return joined(call, [text]);
  if (command.length > 0) return call.judgeArguments(command, call.stdin);
  return DATA;
};

const SYSTEMD_RUN = grammarOf(
  '-qrGdS!u -t -P -p=!u -u= -M=!u -H=!u --unit= --scope --user --wait --pipe --pty --collect --no-block --slice= --on-active= --on-boot= --on-calendar= --on-unit-active= --description= --uid= --gid= --nice= --quiet --remain-after-exit --service-type= --setenv=!u --working-directory= --same-dir --property=!u --send-sighup --timer-property= --no-ask-password',
);

const systemdRun: Handler = call => {
  const command = commandOf(call, SYSTEMD_RUN);
  note(call, 'change', 'runs it as a unit of its own');
  if (command.length === 0) return DATA;
  return call.judgeArguments(command, call.stdin);
};

const COMMAND = grammarOf('-pvV');

const command: Handler = call => {
  const { options } = readOptions(call.args, COMMAND, true);
  const inner = commandOf(call, COMMAND);
  if (options.some(({ name }) => name === '-v' || name === '-V')) return DATA;
  return inner.length === 0 ? DATA : call.judgeArguments(inner, call.stdin);
};

/** `exec`, `builtin`, `busybox`: what follows is the command. */
const direct: Handler = call => {
  const args = call.args[0]?.text === '--' ? call.args.slice(1) : call.args;
  const [first] = args;
  if (!first) return DATA;
  if (first.shape.startsWith('-')) {
    note(
      call,
      'unknown',
      `${call.name}: what \`${first.source}\` does is not known`,
      undefined,
      first.source,
    );
    return DATA;
  }
  if (call.name !== 'exec' && first.text === null)
    note(call, 'unknown', 'which program it is, is known only when it runs');
  return call.judgeArguments(args, call.stdin);
};

const XARGS = grammarOf(
  '-0prtxa=!u -d= -E= -e?= -I= -i?= -L= -l?= -n= -P= -s= --null --arg-file=!u --delimiter= --max-args= --max-procs= --replace?= --no-run-if-empty --max-lines?= --verbose --interactive --exit --eof?=',
);

/** What comes on stdin becomes arguments nobody knows. */
const xargs: Handler = call => {
  const { options } = readOptions(call.args, XARGS, true);
  const command = commandOf(call, XARGS);
  const replace = options.find(({ name }) => ['-I', '-i', '--replace'].includes(name));
  const token = replace ? (replace.value?.text ?? '{}') : null;
  const unknown: Argument = {
    text: null,
    shape: '\uE000',
    source: 'what comes on stdin',
    loose: true,
    stream: { ...call.stdin, text: null },
    word: null,
  };
  const words = command.length === 0 ? [argument('echo')] : command;
  const isZeroed = options.some(({ name }) => name === '-0' || name === '--null');
  const { shapes = [], end } = call.stdin.names ?? {};
  // a blank in a name makes two of it: no matter where a name is only looked at
  const looks = end === 'line' && LOOKS_AT_NAMES.test(words[0]?.text ?? '');
  const names = (isZeroed && end === 'zero') || (!isZeroed && looks) ? shapes : [];
  const filled =
    token === null
      ? [...words, ...(names.length > 0 ? names.map(name => nameBelow(name, unknown)) : [unknown])]
      : words.map(word =>
          word.shape.includes(token)
            ? {
                ...unknown,
                shape: word.shape.replaceAll(token, '\uE000'),
                source: word.source,
                loose: word.shape.startsWith(token),
              }
            : word,
        );
  return call.judgeArguments(filled, DATA);
};

const LOOKS_AT_NAMES = /^(ls|stat|wc|du|file|grep|md5sum|sha\d+sum|basename|dirname|realpath|echo)$/;

/** It begins with the name of a folder, so it is no option. */
function nameBelow(folder: string, unknown: Argument): Argument {
  return { ...unknown, shape: folder, loose: false };
}

const script: Handler = call => {
  const { options } = readOptions(call.args, grammarOf('-aefqc= --command= --append --quiet --return'), true);
  const text = options.find(({ name }) => name === '-c' || name === '--command')?.value;
  if (text) return joined(call, [text]);
  note(call, 'unknown', 'script starts a shell');
  return DATA;
};

export const WRAPPERS: Readonly<Record<string, Handler>> = {
  ...Object.fromEntries(Object.keys(PLAIN).map(name => [name, plain])),
  sudo,
  env,
  su,
  flock,
  'systemd-run': systemdRun,
  command,
  exec: direct,
  builtin: direct,
  busybox: direct,
  toybox: direct,
  xargs,
  script,
};
