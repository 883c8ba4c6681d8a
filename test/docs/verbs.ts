import { COMMANDS } from '../../src/cli/command-table.ts';
import type { RIGHTS } from '../../src/api/http/rights.ts';

/** How what a command does is asked for over HTTP: by routes (their operations), as a task of a kind, or not at all. */
type Way =
  | { readonly by: readonly (keyof typeof RIGHTS)[] }
  | { readonly kind: readonly string[] }
  /** Why it is of the machine where it is typed, and of nobody else's. */
  | { readonly local: string };

const by = (...operations: readonly (keyof typeof RIGHTS)[]): Way => ({ by: operations });
const kind = (...kinds: readonly string[]): Way => ({ kind: kinds });
const local = (reason: string): Way => ({ local: reason });

const PROCESS = 'the process of the daemon itself: without it there is nobody to ask';

/** Every command of the command line. A new one gets a row here, and with it one in docs/api.md (`npm run docs`). */
export const VERBS: Readonly<Record<string, Way>> = {
  ask: kind('agent.run'),
  plan: kind('agent.run'),
  apply: kind('agent.run'),
  transcript: by('transcript'),
  report: by('report'),
  verify: kind('agent.run'),
  undo: by('undoOfRun'),
  history: by('tasks'),
  'approvals list': by('approvals'),
  'approvals show': by('approvals', 'events'),
  'approvals approve': by('decide'),
  'approvals refuse': by('decide'),
  'approvals decline': by('decide'),
  stop: by('stopAll', 'clearStop', 'emergencyStop'),
  'notify test': by('testNotifications'),
  'policy explain': by('explainPolicy'),
  'policy test': local('tries a file of rules that is being written, before anybody uses it'),
  'audit list': by('auditTrail'),
  'audit verify': by('auditTrail'),
  exec: kind('ssh.execute'),
  put: kind('scp.upload'),
  get: kind('scp.download'),
  sync: kind('scp.sync'),
  ls: kind('scp.list'),
  cp: kind('scp.copy'),
  'hosts list': by('listHosts'),
  'hosts add': by('addHost'),
  'hosts remove': by('removeHost'),
  'settings list': by('settings'),
  'settings set': by('settings', 'changeSetting'),
  'settings unset': by('changeSetting'),
  'hosts test': kind('ssh.connect'),
  'hosts facts': kind('host.facts'),
  'model bundle': kind('model.bundle'),
  'model deploy': kind('model.deploy', 'model.deploy-here'),
  'model ensure': kind('model.status', 'model.deploy'),
  'model list': by('deployments', 'attachedModels'),
  'model connect': kind('model.connect', 'model.connect-here'),
  'model disconnect': kind('model.disconnect', 'model.disconnect-here'),
  'model show': kind('model.status', 'model.look'),
  'model logs': kind('model.logs', 'model.follow'),
  'model planning': kind('model.planning'),
  'model upgrade': kind('model.deploy'),
  'model rollback': kind('model.rollback'),
  'model remove': kind('model.remove'),
  'runbook list': by('listRunbooks'),
  'runbook show': by('showRunbook'),
  'runbook record': local('writes a runbook file here, out of a report that `GET /v1/tasks/{id}` has'),
  'runbook replay': local(
    'judges a report again that `GET /v1/tasks/{id}` has; no host and no daemon take part',
  ),
  'task list': by('tasks'),
  'task show': by('task', 'events'),
  'task logs': by('follow', 'output', 'lines'),
  'task cancel': by('cancel'),
  'task pause': by('pause'),
  'task resume': by('resume'),
  'task retry': by('retry'),
  'task remove': by('remove'),
  'task stats': by('statistics'),
  'chat ask': by('chat'),
  'chat models': by('servedModels'),
  'chat list': by('conversations'),
  'chat search': by('conversations'),
  'chat show': by('conversation'),
  'chat export': by('conversation'),
  'chat remove': by('removeConversation'),
  shell: by('openTerminal'),
  serve: by('endpoint', 'openEndpoint', 'closeEndpoint'),
  console: by('console', 'openConsole', 'closeConsole', 'loginLink'),
  mcp: local('is a way in itself: a program speaks with it on standard input and output'),
  'token add': by('addToken'),
  'token list': by('tokens'),
  'token remove': by('removeToken'),
  'tunnel add': kind('ssh.tunnel'),
  'tunnel list': by('tunnels'),
  'tunnel show': by('tunnel'),
  'tunnel start': by('startTunnel'),
  'tunnel stop': by('stopTunnel'),
  'tunnel remove': by('removeTunnel'),
  'queue status': by('health', 'limits'),
  'queue pause': by('pauseQueue'),
  'queue resume': by('resumeQueue'),
  'queue limits': by('limits', 'setLimits'),
  'schedule add': by('addSchedule'),
  'schedule list': by('schedules'),
  'schedule remove': by('removeSchedule'),
  'daemon start': local(PROCESS),
  'daemon stop': local(PROCESS),
  'daemon status': by('health'),
  'daemon logs': local(PROCESS),
  'daemon run': local(PROCESS),
  'store backup': by('backup'),
  doctor: by('doctor'),
  demo: local('makes throw-away hosts on this machine'),
};

/** Every command as it is typed. */
export function allVerbs(): readonly string[] {
  return Object.entries(COMMANDS).flatMap(([name, entry]) =>
    'commands' in entry ? Object.keys(entry.commands).map(word => `${name} ${word}`) : [name],
  );
}
