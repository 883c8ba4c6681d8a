import { buildCommand } from '@stricli/core';
import type { ExecReport, ExecRequest } from '../../api/contract.ts';
import { EXIT } from '../../core/error-table.ts';
import { parseDuration } from '../../core/duration.ts';
import { execSubmission } from '../../api/over-tasks/submissions.ts';
import type { CliContext } from '../context.ts';
import { detached } from '../detach.ts';
import { type EngineSession, withEngine } from '../engine-session.ts';
import { renderError } from '../error-output.ts';
import { namesOneHost, singleHostOutput } from '../exec-output.ts';
import { exitCodeOfExec } from '../exit-code.ts';
import { commonAliases, commonFlags, type CommonFlags, list, value } from '../flags.ts';
import { oneLine } from '../layout.ts';
import { renderExec, renderFailures, verdictOf } from '../render-exec.ts';
import { checkDetach, submissionExtras, submissionFlags, type SubmissionFlags } from '../submission-flags.ts';
import type { Terminal } from '../terminal.ts';

/** Bytes of each stream that the host keeps of a command on one host: the output is wanted whole. */
const SINGLE_HOST_LIMIT = 64 * 1024 * 1024;

interface ExecFlags extends CommonFlags, SubmissionFlags {
  readonly root: boolean;
  readonly direct: boolean;
  readonly stdin: boolean;
  readonly approve: string | undefined;
  readonly risk: readonly string[];
}

/** `deckhand exec SELECTOR -- COMMAND…`: one command on one or many hosts. */
export const execCommand = buildCommand<ExecFlags, [string, ...string[]] & string[], CliContext>({
  docs: {
    brief: 'Run a command on hosts',
    customUsage: ['[flags] SELECTOR -- COMMAND...'],
    fullDescription: `The words of COMMAND are joined with spaces and run by the remote POSIX sh, as ssh does.
On one host the output streams through byte for byte and the exit code is the remote one. On several hosts equal output is folded and the exit code is 0, 1 (all failed) or 3 (some failed).

Example:
  deckhand exec web-1 -- systemctl status nginx
  deckhand exec @web --root --timeout 30s -- 'df -h / | tail -1'
  deckhand exec web-1 --detach --in 10m -- ./nightly.sh`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      ...submissionFlags,
      root: {
        kind: 'boolean',
        brief: 'Run as root (directly or by sudo)',
        default: false,
        withNegated: false,
      },
      direct: {
        kind: 'boolean',
        brief: 'Run straight on a channel: no limit of output, but the command dies with the connection',
        default: false,
        withNegated: false,
      },
      stdin: {
        kind: 'boolean',
        brief: 'Give all of stdin to the command',
        default: false,
        withNegated: false,
      },
      approve: value('Approve what the policy asks about: the hash it named', 'HASH'),
      risk: list('A risk that you take with --approve, such as data-loss; repeatable', 'NAME'),
    },
    aliases: commonAliases,
    positional: {
      kind: 'array',
      minimum: 2,
      parameter: { parse: String, brief: 'Hosts, then the command', placeholder: 'SELECTOR -- COMMAND' },
    },
  },
  async func(flags, selector, ...words) {
    const { terminal } = this.surroundings;
    const asData = flags.json || flags.jsonl;
    const single = !asData && namesOneHost(selector);
    await withEngine(
      this,
      flags,
      async session => {
        const asked = await requestOf(flags, selector, words, terminal);
        const limit = single && flags.outputLimit === undefined ? { outputLimit: SINGLE_HOST_LIMIT } : {};
        const request = { ...asked, ...limit };
        if (flags.detach)
          return detached(session, await session.tasks.submit(execSubmission(request, session.base)));
        if (single) return await runOnOne(session, request, terminal);
        const report = await session.api.exec(request, session.call);
        showReport(session, report, terminal);
        return exitCodeOfExec(report);
      },
      {
        progress: !single,
        extras: () => submissionExtras(flags, Date.now()),
        check: () => checkDetach(flags),
      },
    );
  },
});

async function requestOf(
  flags: ExecFlags,
  selector: string,
  words: readonly string[],
  terminal: Terminal,
): Promise<ExecRequest> {
  const timeout = flags.timeout === undefined ? undefined : parseDuration(flags.timeout, '--timeout');
  const idleTimeout =
    flags.idleTimeout === undefined ? undefined : parseDuration(flags.idleTimeout, '--idle-timeout');
  return {
    hosts: selector,
    command: words.join(' '),
    root: flags.root,
    direct: flags.direct,
    ...(timeout === undefined ? {} : { timeout }),
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(flags.approve === undefined ? {} : { approval: { hash: flags.approve, risks: flags.risk } }),
    ...(flags.stdin ? { stdin: await terminal.readStdin() } : {}),
  };
}

async function runOnOne(session: EngineSession, request: ExecRequest, terminal: Terminal): Promise<number> {
  const output = singleHostOutput(terminal);
  const report = await session.api.exec(request, { ...session.call, onEvent: output.onEvent });
  const [result] = report.results;
  if (report.results.length !== 1 || !result) {
    showReport(session, report, terminal);
    return exitCodeOfExec(report);
  }
  const leftOut = output.finish(result);
  if (leftOut > 0) {
    session.say(
      `incomplete: ${leftOut} bytes of output were left out; raise --output-limit, or pass --direct, which has no limit`,
    );
  }
  if (result.verdict === 'failed' && result.exitCode !== null) return exitCodeOfExec(report);
  if (result.error) terminal.stderr.write(renderError(result.error, session.talkStyle));
  else if (result.verdict !== 'succeeded') session.say(`${oneLine(result.host)}: ${verdictOf(result)}`);
  const exitCode = exitCodeOfExec(report);
  // a cut stream must not look whole to a script
  return exitCode === EXIT.ok && leftOut > 0 ? EXIT.failed : exitCode;
}

function showReport(session: EngineSession, report: ExecReport, terminal: Terminal): void {
  session.result(report, () => renderExec(report.results, session.style, terminal.stdout.isTerminal));
  const failures = renderFailures(report.results, session.talkStyle);
  if (failures !== '' && !session.flags.json && !session.flags.jsonl) session.say(failures.trimEnd());
}
