import { command, type CommandEntry, type CommandGroup } from './command-entry.ts';

/** What a person keeps over all that runs: reports, approvals, the stop, who is told, policy and its log. */
export const OVERSIGHT_COMMANDS: Readonly<Record<string, CommandEntry | CommandGroup>> = {
  report: command(
    'Tell what a run did and what proves it, as text, Markdown, HTML, JSON or CSV',
    async () => (await import('./commands/report.ts')).reportCommand,
  ),
  transcript: command(
    'Show what models were asked in a run, what they answered, and what it cost',
    async () => (await import('./commands/transcript.ts')).transcriptCommand,
  ),
  verify: command(
    'Ask the hosts of a run again whether what it proved still holds, and check the audit log',
    async () => (await import('./commands/verify.ts')).verifyCommand,
  ),
  undo: command(
    'Take back what a run changed, from what was kept on its hosts',
    async () => (await import('./commands/undo.ts')).undoCommand,
  ),
  history: command(
    'List runs: what was asked, where, what came of it, what it changed',
    async () => (await import('./commands/history.ts')).historyCommand,
  ),
  approvals: {
    brief: 'Answer plans that wait for a yes or no',
    commands: {
      list: command(
        'List the plans that wait for a yes or no',
        async () => (await import('./commands/approvals-list.ts')).approvalsListCommand,
      ),
      approve: command(
        'Let a plan that waits be carried out',
        async () => (await import('./commands/approvals-approve.ts')).approvalsApproveCommand,
      ),
      show: command(
        'Show exactly what an approval would let happen: hosts, steps, commands, risks, hash',
        async () => (await import('./commands/approvals-show.ts')).approvalsShowCommand,
      ),
      refuse: command(
        'Refuse a plan that waits; nothing is changed',
        async () => (await import('./commands/approvals-decline.ts')).approvalsRefuseCommand,
      ),
      decline: command(
        'The same as refuse',
        async () => (await import('./commands/approvals-decline.ts')).approvalsDeclineCommand,
      ),
    },
  },
  stop: command(
    'Stop every run at once, and let none begin until it is cleared',
    async () => (await import('./commands/stop.ts')).stopCommand,
  ),
  notify: {
    brief: 'Try who is told of runs that need a person, fail or end',
    commands: {
      test: command(
        'Tell every receiver of your settings something, and show which of them took it',
        async () => (await import('./commands/notify-test.ts')).notifyTestCommand,
      ),
    },
  },
  policy: {
    brief: 'Ask what a command may do, and try rules',
    commands: {
      explain: command(
        'Say what a command may do and whether it would run, ask or be refused',
        async () => (await import('./commands/policy-explain.ts')).policyExplainCommand,
      ),
      test: command(
        'Read a file of rules and try its examples',
        async () => (await import('./commands/policy-test.ts')).policyTestCommand,
      ),
    },
  },
  audit: {
    brief: 'Read and check the log of what was refused and approved',
    commands: {
      list: command(
        'List what the policy refused, asked and let through by approval',
        async () => (await import('./commands/audit-list.ts')).auditListCommand,
      ),
      verify: command(
        'Check that no line of the audit log was changed or removed',
        async () => (await import('./commands/audit-verify.ts')).auditVerifyCommand,
      ),
    },
  },
};
