import { command, type CommandEntry, type CommandGroup } from './command-entry.ts';
import { OVERSIGHT_COMMANDS } from './oversight-commands.ts';

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
  ...OVERSIGHT_COMMANDS,
  exec: command('Run a command on hosts', async () => (await import('./commands/exec.ts')).execCommand),
  shell: command('Open a terminal on a host', async () => (await import('./commands/shell.ts')).shellCommand),
  put: command(
    'Upload files and folders to hosts',
    async () => (await import('./commands/put.ts')).putCommand,
  ),
  get: command(
    'Download files and folders from hosts',
    async () => (await import('./commands/get.ts')).getCommand,
  ),
  sync: command(
    'Make a folder here and one on hosts equal',
    async () => (await import('./commands/sync.ts')).syncCommand,
  ),
  ls: command('List a folder on hosts', async () => (await import('./commands/ls.ts')).lsCommand),
  cp: command(
    'Copy a file or folder from one host to another',
    async () => (await import('./commands/cp.ts')).cpCommand,
  ),
  hosts: {
    brief: 'List, add, remove, test and describe hosts',
    commands: {
      list: command(
        'List known hosts and where each comes from',
        async () => (await import('./commands/hosts-list.ts')).hostsListCommand,
      ),
      add: command(
        'Add a host to deckhand.yaml',
        async () => (await import('./commands/hosts-add.ts')).hostsAddCommand,
      ),
      remove: command(
        'Take a host out of deckhand.yaml',
        async () => (await import('./commands/hosts-remove.ts')).hostsRemoveCommand,
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
  model: {
    brief: 'Deploy model servers to hosts and look after them',
    commands: {
      bundle: command(
        'Make the engine that is sent to hosts, as one file that runs on any x86-64 Linux',
        async () => (await import('./commands/model-bundle.ts')).modelBundleCommand,
      ),
      deploy: command(
        'Bring a model and its server to hosts, and prove that it serves',
        async () => (await import('./commands/model-deploy.ts')).modelDeployCommand,
      ),
      ensure: command(
        'See that a model can be asked, and do only what is missing for it',
        async () => (await import('./commands/model-ensure.ts')).modelEnsureCommand,
      ),
      list: command(
        'List the model servers that were deployed from here or connected',
        async () => (await import('./commands/model-list.ts')).modelListCommand,
      ),
      connect: command(
        'Make use of a model server that runs already, on a host or at an address',
        async () => (await import('./commands/model-connect.ts')).modelConnectCommand,
      ),
      disconnect: command(
        'Forget a model server that was connected; it goes on by itself',
        async () => (await import('./commands/model-disconnect.ts')).modelDisconnectCommand,
      ),
      show: command(
        'Ask a model server how it is: service, process, endpoints, abilities',
        async () => (await import('./commands/model-show.ts')).modelShowCommand,
      ),
      logs: command(
        "Print the end of a model server's log",
        async () => (await import('./commands/model-logs.ts')).modelLogsCommand,
      ),
      planning: command(
        'Say which model plans, and ask whether it does',
        async () => (await import('./commands/model-planning.ts')).modelPlanningCommand,
      ),
      upgrade: command(
        'Replace the model, engine or settings of a model server without a gap',
        async () => (await import('./commands/model-upgrade.ts')).modelUpgradeCommand,
      ),
      rollback: command(
        'Let the release before the present one serve again',
        async () => (await import('./commands/model-rollback.ts')).modelRollbackCommand,
      ),
      remove: command(
        'Stop a model server and remove all that was brought to its host',
        async () => (await import('./commands/model-remove.ts')).modelRemoveCommand,
      ),
    },
  },
  runbook: {
    brief: 'List and show runbooks, make them of runs, repeat runs from what was recorded',
    commands: {
      list: command(
        'List the runbooks',
        async () => (await import('./commands/runbook-list.ts')).runbookListCommand,
      ),
      show: command(
        'Show one runbook: parameters, examples, source',
        async () => (await import('./commands/runbook-show.ts')).runbookShowCommand,
      ),
      record: command(
        'Make a runbook of a run that was proved, with what was asked for as parameters',
        async () => (await import('./commands/runbook-record.ts')).runbookRecordCommand,
      ),
      replay: command(
        'Judge a run again from its recorded answers, without any host',
        async () => (await import('./commands/runbook-replay.ts')).runbookReplayCommand,
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
      pause: command(
        'Pause a task: a waiting one is not begun, a running command is stopped',
        async () => (await import('./commands/task-pause.ts')).taskPauseCommand,
      ),
      resume: command(
        'Let a paused task go on',
        async () => (await import('./commands/task-resume.ts')).taskResumeCommand,
      ),
      retry: command(
        'Begin anew what did not succeed, as new tasks',
        async () => (await import('./commands/task-retry.ts')).taskRetryCommand,
      ),
      remove: command(
        'Remove ended tasks with their output and events',
        async () => (await import('./commands/task-remove.ts')).taskRemoveCommand,
      ),
      stats: command(
        'Count tasks: by state, success, duration, errors',
        async () => (await import('./commands/task-stats.ts')).taskStatsCommand,
      ),
    },
  },
  chat: {
    brief: 'Talk with models on your own servers',
    otherwise: 'ask',
    commands: {
      ask: command(
        'Ask a model, or talk with it; `ask` may be left out',
        async () => (await import('./commands/chat-ask.ts')).chatAskCommand,
      ),
      models: command(
        'List the models that the servers really serve',
        async () => (await import('./commands/chat-models.ts')).chatModelsCommand,
      ),
      list: command(
        'List conversations, the newest first',
        async () => (await import('./commands/chat-list.ts')).chatListCommand,
      ),
      search: command(
        'List the conversations in which something was said',
        async () => (await import('./commands/chat-search.ts')).chatSearchCommand,
      ),
      show: command(
        'Show a conversation',
        async () => (await import('./commands/chat-show.ts')).chatShowCommand,
      ),
      export: command(
        'Write a conversation as Markdown or JSON',
        async () => (await import('./commands/chat-export.ts')).chatExportCommand,
      ),
      remove: command(
        'Forget a conversation',
        async () => (await import('./commands/chat-remove.ts')).chatRemoveCommand,
      ),
    },
  },
  serve: command(
    'Let other programs ask all models at one address of this machine',
    async () => (await import('./commands/serve.ts')).serveCommand,
  ),
  console: command(
    'Open the console in a browser',
    async () => (await import('./commands/console.ts')).consoleCommand,
  ),
  mcp: command(
    "Let a model's program use the hosts, by the Model Context Protocol",
    async () => (await import('./commands/mcp.ts')).mcpCommand,
  ),
  settings: {
    brief: 'See every setting with its source, and change your own',
    commands: {
      list: command(
        'List every setting, its value and where it came from',
        async () => (await import('./commands/settings-list.ts')).settingsListCommand,
      ),
      set: command(
        'Write a setting into your settings file',
        async () => (await import('./commands/settings-set.ts')).settingsSetCommand,
      ),
      unset: command(
        'Take a setting out of your settings file',
        async () => (await import('./commands/settings-set.ts')).settingsUnsetCommand,
      ),
    },
  },
  token: {
    brief: 'Let others ask the daemon, with a role',
    commands: {
      add: command(
        'Make a token with which others may ask the daemon',
        async () => (await import('./commands/token-add.ts')).tokenAddCommand,
      ),
      list: command(
        'List the tokens: role, limits, when last used',
        async () => (await import('./commands/token-list.ts')).tokenListCommand,
      ),
      remove: command(
        'Make a token worthless, at once',
        async () => (await import('./commands/token-remove.ts')).tokenRemoveCommand,
      ),
    },
  },
  tunnel: {
    brief: 'Keep ports and sockets leading to other machines',
    commands: {
      add: command(
        'Open a tunnel that stays: through faults, and after restarts',
        async () => (await import('./commands/tunnel-add.ts')).tunnelAddCommand,
      ),
      list: command(
        'List the tunnels and how they are',
        async () => (await import('./commands/tunnel-list.ts')).tunnelListCommand,
      ),
      show: command(
        'Show one tunnel: state, health, traffic, what changed',
        async () => (await import('./commands/tunnel-show.ts')).tunnelShowCommand,
      ),
      start: command(
        'Open a stopped tunnel again; one that gave up tries at once',
        async () => (await import('./commands/tunnel-start.ts')).tunnelStartCommand,
      ),
      stop: command(
        'Close a tunnel; it stays known',
        async () => (await import('./commands/tunnel-stop.ts')).tunnelStopCommand,
      ),
      remove: command(
        'Close tunnels and forget them',
        async () => (await import('./commands/tunnel-remove.ts')).tunnelRemoveCommand,
      ),
    },
  },
  queue: {
    brief: 'Look at the queue, pause it, set its limits',
    commands: {
      status: command(
        'Show how the queue is: executors, limits, problems',
        async () => (await import('./commands/queue-status.ts')).queueStatusCommand,
      ),
      pause: command(
        'Begin no further task; what runs goes on',
        async () => (await import('./commands/queue-pause.ts')).queuePauseCommand,
      ),
      resume: command(
        'Begin tasks again',
        async () => (await import('./commands/queue-resume.ts')).queueResumeCommand,
      ),
      limits: command(
        'Show or set how many tasks run at once',
        async () => (await import('./commands/queue-limits.ts')).queueLimitsCommand,
      ),
    },
  },
  schedule: {
    brief: 'Run work again and again',
    commands: {
      add: command(
        'Run a command, a runbook or an intent again and again',
        async () => (await import('./commands/schedule-add.ts')).scheduleAddCommand,
      ),
      list: command(
        'List the schedules',
        async () => (await import('./commands/schedule-list.ts')).scheduleListCommand,
      ),
      remove: command(
        'Remove a schedule; tasks it has made go on',
        async () => (await import('./commands/schedule-remove.ts')).scheduleRemoveCommand,
      ),
    },
  },
  daemon: {
    brief: 'Start, stop and look at the daemon',
    commands: {
      start: command(
        'Start the daemon, and wait until it answers',
        async () => (await import('./commands/daemon-start.ts')).daemonStartCommand,
      ),
      stop: command(
        'Stop the daemon; commands on hosts go on and are found again',
        async () => (await import('./commands/daemon-stop.ts')).daemonStopCommand,
      ),
      status: command(
        'Show whether the daemon runs, and where its files are',
        async () => (await import('./commands/daemon-status.ts')).daemonStatusCommand,
      ),
      logs: command(
        "Print the end of the daemon's log; -f goes on reading",
        async () => (await import('./commands/daemon-logs.ts')).daemonLogsCommand,
      ),
      run: command(
        'Be the daemon, in the foreground, for a service manager',
        async () => (await import('./commands/daemon-run.ts')).daemonRunCommand,
      ),
    },
  },
  store: {
    brief: 'Look after what is remembered',
    commands: {
      backup: command(
        'Copy the store to a file while work goes on',
        async () => (await import('./commands/store-backup.ts')).storeBackupCommand,
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
