import type { Command } from '@stricli/core';
import type { CliContext } from './context.ts';

/** A command as listings show it; its module is loaded when the command line names it. */
export interface CommandEntry {
  /** The same words as in the command itself; a test keeps the two equal. */
  readonly brief: string;
  readonly load: () => Promise<Command<CliContext>>;
}
/** Commands under one word. */
export interface CommandGroup {
  readonly brief: string;
  readonly commands: Readonly<Record<string, CommandEntry>>;
}

function command(brief: string, load: CommandEntry['load']): CommandEntry {
  return { brief, load };
}

/** Every command of `deckhand`. */
export const COMMANDS: Readonly<Record<string, CommandEntry | CommandGroup>> = {
  ask: command(
    'Make an intent true on hosts: plan, approve, carry out, prove',
    async () => (await import('./commands/ask.ts')).askCommand,
  ),
  plan: command(
    'Show what `ask` would change, without changing anything',
    async () => (await import('./commands/plan.ts')).planCommand,
  ),
  apply: command(
    'Carry out a plan file, or a runbook with parameters from a file',
    async () => (await import('./commands/apply.ts')).applyCommand,
  ),
  exec: command('Run a command on hosts', async () => (await import('./commands/exec.ts')).execCommand),
  hosts: {
    brief: 'List, add, test and describe hosts',
    commands: {
      list: command(
        'List known hosts and where each comes from',
        async () => (await import('./commands/hosts-list.ts')).hostsListCommand,
      ),
      add: command(
        'Add a host to deckhand.yaml',
        async () => (await import('./commands/hosts-add.ts')).hostsAddCommand,
      ),
      test: command(
        'Try to reach hosts: network, host key, login, shell',
        async () => (await import('./commands/hosts-test.ts')).hostsTestCommand,
      ),
      facts: command(
        'Show what is known of hosts: system, hardware, services',
        async () => (await import('./commands/hosts-facts.ts')).hostsFactsCommand,
      ),
    },
  },
  runbook: {
    brief: 'List and show runbooks',
    commands: {
      list: command(
        'List the runbooks',
        async () => (await import('./commands/runbook-list.ts')).runbookListCommand,
      ),
      show: command(
        'Show one runbook: parameters, examples, source',
        async () => (await import('./commands/runbook-show.ts')).runbookShowCommand,
      ),
    },
  },
  task: {
    brief: 'Look at tasks, follow, cancel, pause, repeat and remove them',
    commands: {
      list: command(
        'List tasks, newest first',
        async () => (await import('./commands/task-list.ts')).taskListCommand,
      ),
      show: command(
        'Show one task: state, rules, parameters, error, events',
        async () => (await import('./commands/task-show.ts')).taskShowCommand,
      ),
      logs: command(
        'Print what a task put out; -f follows it to its end',
        async () => (await import('./commands/task-logs.ts')).taskLogsCommand,
      ),
      cancel: command(
        'Cancel a task or a group, and wait until nothing of it runs',
        async () => (await import('./commands/task-cancel.ts')).taskCancelCommand,
      ),
    },
  },
  doctor: command(
    'Check this machine, and hosts when named, and say how to repair what is wrong',
    async () => (await import('./commands/doctor.ts')).doctorCommand,
  ),
  demo: command(
    'Try Deckhand on throwaway hosts on this machine',
    async () => (await import('./commands/demo.ts')).demoCommand,
  ),
};
