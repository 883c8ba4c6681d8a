import type { ExecHostResult } from '../api/contract.ts';
import type { OnEvent } from '../core/run-event.ts';
import { type RemoteWriter, remoteWriter } from './remote-writer.ts';
import type { Terminal } from './terminal.ts';

/** The output of a command on one host, written as it arrives. */
export interface SingleHostOutput {
  readonly onEvent: OnEvent;
  /** Writes what no event brought; gives the number of bytes that were left out. */
  finish(result: ExecHostResult): number;
}

/** Remote stdout to stdout, remote stderr to stderr. */
export function singleHostOutput(terminal: Terminal): SingleHostOutput {
  const writers = { stdout: remoteWriter(terminal.stdout), stderr: remoteWriter(terminal.stderr) };
  return {
    onEvent(event) {
      if (event.kind === 'output') writers[event.stream].write(event.bytes);
    },
    finish(result) {
      complete(writers.stdout, result.stdout);
      complete(writers.stderr, result.stderr);
      const left = (stream: 'stdout' | 'stderr'): number =>
        Math.max(0, result[`${stream}Bytes`] - writers[stream].written());
      return left('stdout') + left('stderr');
    },
  };
}

/** Only when no event brought anything: then the kept output is all there is. */
function complete(writer: RemoteWriter, kept: Uint8Array): void {
  if (writer.written() === 0 && kept.length > 0) writer.write(kept);
  writer.end();
}

/** True when a selector can only mean one host: no list, pattern, group or exception. */
export function namesOneHost(selector: string): boolean {
  return selector !== 'all' && /^[^@!,*?[\]{}\s][^,*?{}\s]*$/.test(selector);
}
