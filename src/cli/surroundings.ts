import { resolve } from 'node:path';
import type { Surroundings } from '../core/task.ts';
import type { CommonFlags } from './flags.ts';
import type { Terminal } from './terminal.ts';

/** Flags that decide how hosts are reached. */
export type ReachFlags = Pick<
  CommonFlags,
  'settings' | 'sshConfig' | 'timeout' | 'idleTimeout' | 'concurrency' | 'outputLimit'
>;

/** Where this command line stands, for an engine that may stand elsewhere: every path absolute. */
export function surroundingsOf(
  flags: ReachFlags,
  { folder, environment }: Pick<Terminal, 'folder' | 'environment'>,
): Surroundings {
  const agentSocket = environment['SSH_AUTH_SOCK'];
  return {
    folder,
    ...(flags.settings === undefined ? {} : { settingsFile: resolve(folder, flags.settings) }),
    ...(flags.sshConfig === undefined ? {} : { sshConfigFile: resolve(folder, flags.sshConfig) }),
    overrides: overridesOf(flags),
    ...(agentSocket ? { agentSocket: resolve(folder, agentSocket) } : {}),
  };
}

/** Flags that are settings: they win over files and environment. */
function overridesOf(flags: ReachFlags): Readonly<Record<string, string>> {
  const overrides: Record<string, string> = {};
  if (flags.timeout !== undefined) overrides['timeouts.command'] = flags.timeout;
  if (flags.idleTimeout !== undefined) overrides['timeouts.idle'] = flags.idleTimeout;
  if (flags.concurrency !== undefined) overrides['concurrency'] = flags.concurrency;
  if (flags.outputLimit !== undefined) overrides['outputLimit'] = flags.outputLimit;
  return overrides;
}
