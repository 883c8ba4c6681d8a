import type { DeckhandApi, TransferCall } from '../api/contract.ts';
import { deckhandOverTasks } from '../api/over-tasks/deckhand-over-tasks.ts';
import type { SubmissionBase, SubmissionExtras } from '../api/over-tasks/submissions.ts';
import type { Submitted, TaskApi } from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { maskKnown, maskKnownDeep } from '../core/mask-secrets.ts';
import type { OnEvent } from '../core/run-event.ts';
import { type Asker, oneAtATime } from './asker.ts';
import type { CliContext, CliSurroundings } from './context.ts';
import type { CommonFlags, OutputFlags } from './flags.ts';
import { wordsForWork } from './interrupt.ts';
import { jsonEventLine, jsonLine } from './json-output.ts';
import { collectPrompts } from './person-prompts.ts';
import { type ProgressDisplay, progressDisplay, silentDisplay } from './progress-display.ts';
import { reportErrors } from './report-errors.ts';
import { type Style, styleFor } from './style.ts';
import { surroundingsOf } from './surroundings.ts';
import { checkOutputFlags, resultText } from './task-session.ts';

/** What a command works with while an engine is open. */
export interface EngineSession {
  readonly api: DeckhandApi;
  /** What `api` works over. */
  readonly tasks: TaskApi;
  /** What every submission of this command shares. */
  readonly base: SubmissionBase;
  readonly flags: CommonFlags;
  readonly signal: AbortSignal;
  /** Signal and event handling for one call. */
  readonly call: TransferCall & { readonly onEvent: OnEvent };
  /** Null when nobody can be asked; pauses the live rows while it asks. */
  readonly asker: Asker | null;
  /** Colours for stdout and for stderr. */
  readonly style: Style;
  readonly talkStyle: Style;
  /** Talk on stderr, whole lines. */
  readonly say: (text: string) => void;
  /** The result on stdout: text for people, or the document under `--json` and `--jsonl`. */
  readonly result: (body: object, text: () => string) => void;
  /** Data without any secret that was given to this process; before it is written as JSON or Markdown. */
  readonly blot: <Data>(data: Data) => Data;
}

export interface SessionOptions {
  /** False for commands that show their output themselves. Default true. */
  readonly progress?: boolean;
  /** Shows progress instead of the rows of runs. */
  readonly display?: typeof progressDisplay;
  /** What the flags say of the tasks that are made. Throws `input.invalid`. */
  readonly extras?: () => SubmissionExtras;
  /** What only this command knows to be wrong with its arguments; asked before anything is opened. */
  readonly check?: () => void | Promise<void>;
}

/**
 * Opens an engine, runs `work`, closes it. The number that `work` gives is the exit code; whatever is
 * thrown is printed with its hint and becomes the error's exit code.
 */
export async function withEngine(
  context: CliContext,
  flags: CommonFlags,
  work: (session: EngineSession) => Promise<number>,
  options: SessionOptions = {},
): Promise<void> {
  await reportErrors(context, flags, async () => {
    checkCommonFlags(flags);
    const { surroundings } = context;
    await options.check?.();
    const extras = options.extras?.();
    const { terminal, signal } = surroundings;
    const talkStyle = styleFor(terminal.stderr, terminal.environment);
    using display = displayFor(context, flags, options, talkStyle);
    const asker = surroundings.asker && oneAtATime(surroundings.asker, display);
    let secrets: () => readonly string[] = () => [];
    const say = (text: string): void =>
      aside(display, () => terminal.stderr.write(`${maskKnown(text, secrets())}\n`));
    const ids: string[] = [];
    const given = await collectPrompts(flags, asker, say);
    ({ secrets } = given);
    const blot = <Data>(data: Data): Data => maskKnownDeep(data, secrets());
    const base: SubmissionBase = {
      surroundings: surroundingsOf(flags, terminal),
      ...(extras ? { extras } : {}),
    };
    await using tasks = await surroundings.openTasks({ local: flags.local, say });
    const api = deckhandOverTasks(tasks, {
      ...base,
      prompts: given.prompts,
      onSubmitted: submitted => onSubmitted(surroundings, flags, submitted, ids, say),
      onCancelled: ended => {
        if (ended.every(task => task.state === 'cancelled')) say('cancelled: nothing of it runs any more');
      },
    });
    const write = (text: string): void =>
      aside(display, () => terminal.stdout.write(maskKnown(text, secrets())));
    return await work({
      api,
      tasks,
      base,
      flags,
      signal,
      asker,
      talkStyle,
      style: styleFor(terminal.stdout, terminal.environment),
      call: {
        signal,
        onEvent: event => {
          if (flags.jsonl) write(jsonEventLine(blot(event)));
          else display.onEvent(event);
        },
        onUpdate: update => {
          // the rows know hosts by name; a line is the event itself, in the one schema of events
          const { host: _host, title: _title, ...event } = update;
          if (flags.jsonl) write(jsonLine(blot(event)));
          else display.onUpdate?.(update);
        },
      },
      say,
      result: (body, text) => {
        // the rows stay away from here on: the result is the last word
        display.pause();
        write(resultText(flags, blot(body), text));
      },
      blot,
    });
  });
}

function onSubmitted(
  { sayOnInterrupt }: CliSurroundings,
  flags: OutputFlags,
  { group, tasks, existed }: Submitted,
  ids: string[],
  say: (text: string) => void,
): void {
  const [only] = tasks;
  ids.push(tasks.length === 1 && only ? only.id : group);
  sayOnInterrupt(wordsForWork(flags.local ? null : ids));
  if (existed) say(`this key is known: following ${only?.id ?? group}, nothing new is begun`);
}

function aside(display: ProgressDisplay, write: () => void): void {
  display.pause();
  write();
  display.resume();
}

function displayFor(
  context: CliContext,
  flags: CommonFlags,
  options: SessionOptions,
  style: Style,
): ProgressDisplay {
  if (options.progress === false || flags.json || flags.jsonl) return silentDisplay;
  return (options.display ?? progressDisplay)(context.surroundings.terminal.stderr, style, Date.now);
}

function checkCommonFlags(flags: CommonFlags): void {
  checkOutputFlags(flags);
  const sources = [
    flags.askSudoPassword,
    flags.sudoPasswordFile !== undefined,
    flags.sudoPasswordFd !== undefined,
  ];
  if (sources.filter(Boolean).length > 1) {
    throw new DeckhandError(
      'input.invalid',
      'Give one of --ask-sudo-password, --sudo-password-file and --sudo-password-fd.',
    );
  }
}
