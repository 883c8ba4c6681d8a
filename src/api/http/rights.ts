import type { Right } from '../caller.ts';
import type { OperationName } from './operation.ts';

/**
 * What each operation needs, all in one place. `anyone`: it says itself who may. A new operation without a row does
 * not compile; the matrix of the test asks every route as every role.
 */
export const RIGHTS: Readonly<Record<Exclude<OperationName, 'submitAndFollow'>, Right | 'anyone'>> = {
  login: 'anyone',
  session: 'read',
  logout: 'read',

  tasks: 'read',
  task: 'read',
  events: 'read',
  output: 'read',
  lines: 'read',
  follow: 'read',
  changes: 'read',
  submit: 'operate',
  cancel: 'operate',
  pause: 'operate',
  resume: 'operate',
  retry: 'operate',
  report: 'read',
  // passwords by whoever works, a yes to a step or a host key by approvers: the desk knows which it is
  answer: 'read',
  remove: 'administer',

  // with the same right as the report: it shows what models were told of the hosts
  transcript: 'read',
  recordRunbook: 'read',
  replayRun: 'read',
  undoOfRun: 'read',

  approvals: 'read',
  decide: 'approve',

  tunnels: 'read',
  tunnel: 'read',
  startTunnel: 'operate',
  stopTunnel: 'operate',
  removeTunnel: 'operate',

  limits: 'read',
  statistics: 'read',
  health: 'read',
  pauseQueue: 'administer',
  resumeQueue: 'administer',
  setLimits: 'administer',
  schedules: 'read',
  addSchedule: 'operate',
  removeSchedule: 'operate',
  backup: 'administer',

  listHosts: 'read',
  addHost: 'administer',
  removeHost: 'administer',
  listRunbooks: 'read',
  showRunbook: 'read',
  doctor: 'read',

  // what is in a file may be a secret: not for whoever may look
  readFile: 'operate',
  writeFile: 'operate',
  listFolder: 'operate',
  searchFolder: 'operate',
  watchFolder: 'operate',
  beginUpload: 'operate',
  addToUpload: 'operate',
  sendUpload: 'operate',
  fetchFile: 'operate',
  fetched: 'operate',

  settings: 'read',
  changeSetting: 'administer',
  // whoever may run commands; the policy is asked besides
  openTerminal: 'operate',
  attachTerminal: 'operate',

  deployments: 'read',
  attachedModels: 'read',
  servedModels: 'read',
  chat: 'operate',
  // what the owner said to models is not for everybody who may look
  conversations: 'administer',
  conversation: 'administer',
  renameConversation: 'administer',
  removeConversation: 'administer',
  endpoint: 'read',
  openEndpoint: 'administer',
  closeEndpoint: 'administer',

  emergencyStop: 'read',
  // whoever may begin work may stop all of it; to begin again is for whoever answers for it
  stopAll: 'operate',
  clearStop: 'administer',
  testNotifications: 'administer',

  console: 'administer',
  openConsole: 'administer',
  closeConsole: 'administer',
  loginLink: 'administer',
  sessions: 'administer',
  endSessions: 'administer',
  tokens: 'administer',
  addToken: 'administer',
  removeToken: 'administer',
  auditTrail: 'administer',
  explainPolicy: 'read',
  policyRules: 'read',
  addAllowRules: 'administer',
};

/** Operations that change something, and so are in the audit log whatever came of them. */
export function changesSomething(operation: string | undefined, method: string): boolean {
  if (operation === 'answer' || operation === 'login' || operation === 'logout') return true;
  const right = operation === undefined ? undefined : RIGHTS[operation as keyof typeof RIGHTS];
  return right === undefined ? method !== 'GET' && method !== 'HEAD' : right !== 'read';
}
