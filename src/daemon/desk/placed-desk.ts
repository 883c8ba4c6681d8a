import { homedir } from 'node:os';
import type { Caller } from '../../api/caller.ts';
import type { Submission, TaskApi } from '../../api/task-api.ts';
import type { Surroundings } from '../../core/task.ts';

/** Flags that somebody who was let in may give; all others decide what may run, or which files are read. */
const HARMLESS_FLAGS = new Set([
  'concurrency',
  'timeouts.connect',
  'timeouts.command',
  'timeouts.idle',
  'outputLimit',
  'facts.maxAge',
  'language',
]);

/**
 * Where a wish stands. The owner stands where they say, or at home; somebody who was let in stands where their
 * way in was made: settings and SSH files name programs that this account would run.
 */
export function placeOf(caller: Caller, asked: Surroundings): Surroundings {
  const { surroundings } = caller;
  if (surroundings && (caller.via === 'token' || asked.folder === '')) {
    const flags = Object.entries(asked.overrides).filter(
      ([name]) => caller.via !== 'token' || HARMLESS_FLAGS.has(name),
    );
    return { ...surroundings, overrides: { ...surroundings.overrides, ...Object.fromEntries(flags) } };
  }
  return asked.folder === '' ? { ...asked, folder: homedir() } : asked;
}

/** The same desk, each wish standing where its caller stands. */
export function placedDesk(desk: TaskApi, caller: Caller): TaskApi {
  const at = (asked: Surroundings): Surroundings => placeOf(caller, asked);
  const placed = (submission: Submission): Submission => ({
    ...submission,
    surroundings: at(submission.surroundings),
  });
  return {
    ...desk,
    submit: async submission => await desk.submit(placed(submission)),
    submitAndFollow: (submission, options) => desk.submitAndFollow(placed(submission), options),
    addSchedule: async schedule =>
      await desk.addSchedule({ ...schedule, submission: placed(schedule.submission) }),
    listHosts: async (asked, selector) => await desk.listHosts(at(asked), selector),
    addHost: async (asked, host) => await desk.addHost(at(asked), host),
    removeHost: async (asked, name) => await desk.removeHost(at(asked), name),
    settings: async asked => await desk.settings(at(asked)),
    changeSetting: async (asked, name, value) => await desk.changeSetting(at(asked), name, value),
    listRunbooks: async asked => await desk.listRunbooks(at(asked)),
    showRunbook: async (asked, name) => await desk.showRunbook(at(asked), name),
    doctor: async asked => await desk.doctor(at(asked)),
    chat: (asked, request, options) => desk.chat(at(asked), request, options),
    servedModels: async asked => await desk.servedModels(at(asked)),
    openEndpoint: async (asked, options) => await desk.openEndpoint(at(asked), options),
    readFile: async (asked, host, path) => await desk.readFile(at(asked), host, path),
    openTerminal: async (asked, host, wish) => await desk.openTerminal(at(asked), host, wish),
    writeFile: async (asked, host, write) => await desk.writeFile(at(asked), host, write),
    listFolder: async (asked, place) => await desk.listFolder(at(asked), place),
    searchFolder: (asked, search, options) => desk.searchFolder(at(asked), search, options),
    watchFolder: (asked, place, options) => desk.watchFolder(at(asked), place, options),
    sendUpload: async (asked, id, target) => await desk.sendUpload(at(asked), id, target),
    fetchFile: async (asked, host, path) => await desk.fetchFile(at(asked), host, path),
    addToken: async (asked, token) => await desk.addToken(at(asked), token),
    explainPolicy: async (asked, command, host) => await desk.explainPolicy(at(asked), command, host),
    policyRules: async asked => await desk.policyRules(at(asked)),
    addAllowRules: async (asked, rules) => await desk.addAllowRules(at(asked), rules),
    openConsole: async (asked, where) => await desk.openConsole(at(asked), where),
  };
}
