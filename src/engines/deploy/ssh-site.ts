import type { Clock } from '../../core/clock.ts';
import { rawFromText } from '../../core/raw-path.ts';
import type { SshConnection } from '../../ssh/connection.ts';
import { runScript } from '../../transfer/host/run-script.ts';
import { transfer } from '../../transfer/transfer.ts';
import type { PutRequest, Site } from './site.ts';

export interface SshSiteOptions {
  readonly clock: Clock;
  /** Of the task: parts of an interrupted upload are found again by it. */
  readonly id: string;
}

/** A host over its shared connection. */
export function sshSite(connection: SshConnection, { clock, id }: SshSiteOptions): Site {
  return {
    name: connection.host.name,
    async run(script, { signal, stdin }) {
      const given = stdin === undefined ? {} : { stdin: Buffer.from(stdin) };
      const text = Buffer.from(script).toString('latin1');
      const { exitCode, stdout, errors } = await runScript(connection, text, { signal, ...given });
      return { exitCode, output: stdout.toString('utf8'), errors };
    },
    put: async request => await put(connection, clock, id, request),
    dial: async (endpoint, signal) => await connection.openForward(endpoint, { signal }),
  };
}

async function put(
  connection: SshConnection,
  clock: Clock,
  id: string,
  { from, to, signal, onProgress }: PutRequest,
): Promise<number> {
  const { result, error } = await transfer({
    connection,
    clock,
    signal,
    id,
    local: rawFromText(from),
    remote: rawFromText(to),
    direction: 'push',
    intoFolder: false,
    recursive: false,
    exclude: [],
    preserve: false,
    links: 'follow',
    compare: 'contents',
    rateLimit: 0,
    dryRun: false,
    deleteExtra: false,
    allowEmptySource: true,
    baseFolder: '',
    onPhase: () => {},
    onProgress: done => onProgress(done),
    onBegin: () => Promise.resolve(),
  });
  if (error) throw error;
  return result.bytes;
}
