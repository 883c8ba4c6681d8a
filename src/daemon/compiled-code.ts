import { enableCompileCache, flushCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Milliseconds after which a process that stays keeps what was compiled: most of what it needs is loaded then. */
const SETTLED = 5000;

/**
 * Keeps what V8 makes of our sources in the cache folder, so that the next process need not make it again. Where that
 * cannot be written nothing is kept. Imports nothing of ours: what is loaded before it is not kept.
 */
export function keepCompiledCode(environment: Readonly<Record<string, string | undefined>>): void {
  enableCompileCache(compiledCodeFolder(environment));
  keepWhenSettled();
}

/** A process keeps it when it ends by itself; one that stays, or is killed, has kept it before. */
export function keepWhenSettled(): void {
  setTimeout(() => flushCompileCache(), SETTLED).unref();
}

/** Where it is kept; node takes it from `NODE_COMPILE_CACHE` as well. */
export function compiledCodeFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const wanted = environment['XDG_CACHE_HOME'];
  const caches = wanted !== undefined && isAbsolute(wanted) ? wanted : join(homedir(), '.cache');
  return join(caches, 'deckhand', 'compiled');
}
