import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Executor, FromExecutor, StartExecutor } from '../queue/executor-protocol.ts';
import { compiledCodeFolder } from './compiled-code.ts';
import { HEAP_FLAGS } from './heap-flags.ts';
import { pulseOf } from './process-pulse.ts';

/** `.ts` while developing, `.js` in the package. */
const ENTRY = fileURLToPath(
  new URL(import.meta.url.replace(/executor-process(\.[jt]s)$/, 'executor-main$1')),
);

/** An executor in a process of its own: when it dies, only its claims are touched. */
export const executorProcess: StartExecutor = (name, { onMessage, onExit }): Executor => {
  const child: ChildProcess = fork(ENTRY, [name], {
    execArgv: [...process.execArgv, ...HEAP_FLAGS],
    env: { ...process.env, NODE_COMPILE_CACHE: compiledCodeFolder(process.env) },
    serialization: 'advanced',
    // what it prints belongs to the daemon's log
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    onExit(reason);
  };
  child.on('message', message => onMessage(message as FromExecutor));
  child.on('error', error => end(`${name} did not start: ${error.message}`));
  child.on('exit', (code, signal) => end(`${name} ended by ${signal === null ? `exit ${code}` : signal}`));
  return {
    name,
    pid: child.pid ?? null,
    send: message => {
      // a process that is gone says so by its exit
      if (child.connected) child.send(message, () => undefined);
    },
    pulse: () => (child.pid === undefined ? null : pulseOf(child.pid)),
    kill: () => void child.kill('SIGKILL'),
  };
};
