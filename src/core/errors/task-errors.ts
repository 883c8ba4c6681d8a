import { type ErrorTraits, row } from './row.ts';

/** What goes wrong with tasks, their store and their daemon. */
export const taskErrors = {
  'task.unknown': row('No task has this id.', 'usage', 404, 'List them with `deckhand task list`.'),
  'notify.failed': row(
    'A notification could not be handed to its receiver.',
    'failed',
    502,
    'Correct `notify:` in your settings, or the receiver, and try it with `deckhand notify test`.',
    'retry',
  ),
  'task.unknown-kind': row(
    'No kind of task has this name.',
    'usage',
    400,
    'See the kinds in the message; a plug-in can add one.',
  ),
  'task.too-large': row(
    'The parameters of a task are larger than a task may carry.',
    'usage',
    413,
    'Put large data into a file and transfer it.',
  ),
  'task.illegal-state': row(
    'The task is in a state in which this cannot be done.',
    'usage',
    409,
    'Look at it with `deckhand task show`.',
  ),
  'task.cyclic': row(
    'Tasks depend on each other in a circle.',
    'usage',
    400,
    'Remove one of the dependencies named in the message.',
  ),
  'task.dependency-failed': row(
    'A task this one depends on did not succeed.',
    'failed',
    424,
    'Mend the failed task and retry it.',
  ),
  'task.executor-crashed': row(
    'The process that carried the task out died, again and again.',
    'failed',
    500,
    'Read the daemon log; please report it.',
  ),
  'task.lost': row(
    'The task began something on a host, and nobody saw how it ended.',
    'failed',
    502,
    'Look on the host, then decide: `deckhand task retry` begins it anew.',
  ),
  'store.locked': row(
    'Another process owns the store.',
    'failed',
    409,
    'Use the daemon that owns it, or stop it with `deckhand daemon stop`.',
  ),
  'store.corrupt': row(
    'The store file is damaged; nothing was overwritten.',
    'failed',
    500,
    'Put the file aside and restore a backup (`deckhand store backup` makes one).',
  ),
  'store.full': row(
    'The file system of the store has no room left; nothing new is accepted.',
    'failed',
    507,
    'Free some space on the path named in the message; work that was accepted goes on.',
  ),
  'store.unusable': row(
    'The state folder or the store cannot be used as it is.',
    'failed',
    500,
    'Correct owner, mode or path as the message says.',
  ),
  'store.newer': row(
    'The store was written by a newer Deckhand.',
    'failed',
    409,
    'Use that version, or another state folder.',
  ),
  'daemon.unreachable': row(
    'No daemon answers on its socket.',
    'unreachable',
    503,
    'Start it with `deckhand daemon start`, or pass --local.',
    'retry',
  ),
  'daemon.start-failed': row(
    'The daemon did not start.',
    'failed',
    500,
    'Read its log, named in the message.',
  ),
  'daemon.already-running': row(
    'A daemon already runs for this state folder.',
    'failed',
    409,
    'Use it, or stop it with `deckhand daemon stop`.',
  ),
  'api.unknown-route': row(
    'The daemon has no such route.',
    'usage',
    404,
    'Command and daemon may differ in version: `deckhand daemon stop`, then try again.',
  ),
  'api.unauthorised': row(
    'The daemon does not know who asks.',
    'authentication',
    401,
    'Pass the token that the daemon was started with.',
  ),
} as const satisfies Record<string, ErrorTraits>;
