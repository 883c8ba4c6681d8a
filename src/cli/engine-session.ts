import type { CallOptions, DeckhandApi } from '../api/contract.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { EXIT } from '../core/error-table.ts';
import type { OnEvent } from '../core/run-event.ts';
import { type Asker, oneAtATime } from './asker.ts';
import type { CliContext } from './context.ts';
import { printError } from './error-output.ts';
import type { CommonFlags } from './flags.ts';
import { jsonDocument, jsonEventLine, jsonResultLine } from './json-output.ts';
import { blot, collectPrompts } from './person-prompts.ts';
import { type ProgressDisplay, progressDisplay, silentDisplay } from './progress-display.ts';
import { type Style, styleFor } from './style.ts';

/** What a command works with while an engine is open. */
export interface EngineSession {
  readonly api: DeckhandApi;
  readonly flags: CommonFlags;
  readonly signal: AbortSignal;
  /** Signal and event handling for one call. */
  readonly call: CallOptions & { readonly onEvent: OnEvent };
  /** Null when nobody can be asked; pauses the live rows while it asks. */
  readonly asker: Asker | null;
  /** Colours for stdout and for stderr. */
  readonly style: Style;
  readonly talkStyle: Style;
  /** Talk on stderr, whole lines. */
  readonly say: (text: string) => void;
  /** The result on stdout: text for people, or the document under `--json` and `--jsonl`. */
  readonly result: (body: object, text: () => string) => void;
  /** `text` without any secret that was given to this process. */
  readonly blot: (text: string) => string;
}

export interface SessionOptions {
  /** False for commands that show their output themselves. Default true. */
  readonly progress?: boolean;
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
    const { terminal, signal } = surroundings;
    const talkStyle = styleFor(terminal.stderr, terminal.environment);
    using display = displayFor(context, flags, options, talkStyle);
    const asker = surroundings.asker && oneAtATime(surroundings.asker, display);
    const say = (text: string): void => aside(display, () => terminal.stderr.write(`${text}\n`));
    const { prompts, secrets } = await collectPrompts(flags, asker, say);
    await using api = await surroundings.openEngine({
      prompts,
      ...(flags.settings === undefined ? {} : { settingsFile: flags.settings }),
      ...(flags.sshConfig === undefined ? {} : { sshConfigFile: flags.sshConfig }),
      overrides: overridesOf(flags),
    });
    const write = (text: string): void => aside(display, () => terminal.stdout.write(blot(text, secrets())));
    return await work({
      api,
      flags,
      signal,
      asker,
      talkStyle,
      style: styleFor(terminal.stdout, terminal.environment),
      call: {
        signal,
        onEvent: event => {
          if (flags.jsonl) write(jsonEventLine(event));
          else display.onEvent(event);
        },
      },
      say,
      result: (body, text) => {
        // the rows stay away from here on: the result is the last word
        display.pause();
        write(resultText(flags, body, text));
      },
      blot: text => blot(text, secrets()),
    });
  });
}

/** Runs `work` and turns what it throws into printed error and exit code. */
export async function reportErrors(
  context: CliContext,
  flags: Pick<CommonFlags, 'json' | 'jsonl'>,
  work: () => Promise<number>,
): Promise<void> {
  const { signal, terminal } = context.surroundings;
  try {
    context.finish(await work());
  } catch (thrown) {
    const error = toDeckhandError(thrown);
    printError(terminal, flags, error.toJSON());
    context.finish(signal.aborted && thrown === signal.reason ? EXIT.interrupted : error.exitCode);
  }
}

function resultText(flags: CommonFlags, body: object, text: () => string): string {
  if (flags.jsonl) return jsonResultLine({ result: body });
  return flags.json ? jsonDocument(body) : text();
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
  return progressDisplay(context.surroundings.terminal.stderr, style, Date.now);
}

function checkCommonFlags(flags: CommonFlags): void {
  if (flags.json && flags.jsonl) {
    throw new DeckhandError('input.invalid', '--json and --jsonl exclude each other.');
  }
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

/** Flags that are settings: they win over files and environment. */
function overridesOf(flags: CommonFlags): Readonly<Record<string, string>> {
  const overrides: Record<string, string> = {};
  if (flags.timeout !== undefined) overrides['timeouts.command'] = flags.timeout;
  if (flags.idleTimeout !== undefined) overrides['timeouts.idle'] = flags.idleTimeout;
  if (flags.concurrency !== undefined) overrides['concurrency'] = flags.concurrency;
  if (flags.outputLimit !== undefined) overrides['outputLimit'] = flags.outputLimit;
  return overrides;
}
