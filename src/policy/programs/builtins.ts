import { DATA, type Handler, note, NOTHING } from '../call.ts';
import { isDangerousName } from '../environment.ts';
import { placesOf } from '../paths/touch.ts';

const cd: Handler = call => {
  const [first, second] = call.args;
  const target = first?.text === '--' ? second : first;
  if (!target) {
    call.scope.folders.add('/~');
    return NOTHING;
  }
  if (target.shape.startsWith('-') || target.loose) call.scope.folders.add(null);
  else for (const place of placesOf(call, target)) call.scope.folders.add(place);
  return NOTHING;
};

/** `export A=1`, `local x`: names and values. */
const declare: Handler = call => {
  for (const { shape, source } of call.args) {
    const [name = ''] = shape.split('=');
    if (/[^A-Za-z0-9_]/.test(name))
      note(
        call,
        name === '-p' ? 'destructive' : 'unknown',
        `${call.name} with \`${source}\``,
        undefined,
        source,
      );
    else if (isDangerousName(name) && shape.includes('='))
      note(call, 'unknown', `${name} changes what other commands run`, undefined, source);
  }
  if (call.args.length === 0)
    note(call, 'destructive', 'shows the environment, which may hold passwords', 'secret-disclosure');
  return NOTHING;
};

const set: Handler = call => {
  const plain = call.args.every(
    ({ text }) => text !== null && /^([-+][eufxo]+|pipefail|errexit|nounset)$/.test(text),
  );
  if (!plain || call.args.length === 0) note(call, 'unknown', 'sets parameters or options of the shell');
  return NOTHING;
};

/** `read x`: plain names only; a subscript would be evaluated. */
const read: Handler = call => {
  const plain = call.args.every(({ text }) => text !== null && /^(-r|-?[A-Za-z_][A-Za-z0-9_]*)$/.test(text));
  if (!plain) note(call, 'unknown', `${call.name} with options or subscripts`);
  return NOTHING;
};

const trap: Handler = call => {
  const [action, ...signals] = call.args;
  if (!action || signals.length === 0 || action.text === '-' || action.text === '') return NOTHING;
  if (action.text === null || action.text.startsWith('-'))
    note(call, 'unknown', 'sets an action that is known only when it runs');
  else call.judgeText(action.text, DATA);
  return NOTHING;
};

/** A name would mean something else from here on; dash and bash differ in whether it does. */
const alias: Handler = call => {
  if (call.args.every(({ text }) => text !== null && /^\w+$/.test(text))) return DATA;
  note(call, 'unknown', 'gives a command another meaning');
  for (const { text } of call.args) {
    const meaning = text?.split('=').slice(1).join('=');
    if (meaning) call.judgeText(meaning, DATA);
  }
  return NOTHING;
};

/** `test`, `[`: options that evaluate a subscript in bash are not understood. */
const test: Handler = call => {
  for (const [place, { text, shape, source }] of call.args.entries()) {
    const before = call.args[place - 1]?.text;
    if (before === '-v' || before === '-R' || (text !== null && /^-[vR]$/.test(text) && call.args.length > 1))
      note(call, 'unknown', 'a test that evaluates a subscript', undefined, source);
    if (text === null && shape.startsWith('-'))
      note(call, 'unknown', 'a test that is known only when it runs', undefined, source);
  }
  return NOTHING;
};

const printf: Handler = call => {
  const [first] = call.args;
  if (first?.text === null || first?.shape.startsWith('-')) {
    if (first.text !== '--' && (first.shape.startsWith('-') || first.loose))
      note(call, 'unknown', 'printf may set a variable', undefined, first.source);
  }
  return undefined;
};

const quiet: Handler = call => {
  const plain = call.args.every(({ text }) => text !== null && /^[-+]?[A-Za-z0-9_]*$/.test(text));
  if (!plain) note(call, 'unknown', `${call.name} with words that are known only when it runs`);
  return NOTHING;
};

/** The number of files that may be open, which it may raise as far as the host allows; other limits can end what comes after. */
const ulimit: Handler = call => {
  const texts = call.args.map(({ text }) => text ?? '?');
  // without a number it says what holds
  return /^(-S -n \d{4,7}|-[SHacdefilmnpqrstuvx]+)$/.test(texts.join(' ')) ? DATA : strange(call);
};

const strange: Handler = call => {
  note(call, 'unknown', `${call.name} changes what the shell itself does`);
  return NOTHING;
};

const history: Handler = call => {
  note(call, 'destructive', 'shows or removes the history of commands', 'cover-tracks');
  return DATA;
};

export const BUILTINS: Readonly<Record<string, Handler>> = {
  cd,
  chdir: cd,
  pushd: cd,
  popd: call => {
    call.scope.folders.add(null);
    return NOTHING;
  },
  export: declare,
  local: declare,
  declare,
  typeset: declare,
  readonly: declare,
  set,
  read,
  trap,
  alias,
  test,
  '[': test,
  exit: quiet,
  return: quiet,
  break: quiet,
  continue: quiet,
  wait: quiet,
  shift: quiet,
  unset: quiet,
  unalias: quiet,
  umask: quiet,
  ulimit,
  enable: strange,
  shopt: strange,
  hash: strange,
  let: strange,
  mapfile: strange,
  readarray: strange,
  getopts: strange,
  bind: strange,
  complete: strange,
  history,
  fc: history,
  printf,
  echo: () => undefined,
};
