import { systemClock } from '../../src/core/clock.ts';
import type { TransferRequest } from '../../src/transfer/transfer.ts';

/** What a transfer is asked when nothing special is: a folder with all that is in it, compared by time, nobody watching. */
export function plainTransfer(): Omit<
  TransferRequest,
  'connection' | 'local' | 'remote' | 'direction' | 'baseFolder'
> {
  return {
    clock: systemClock,
    signal: new AbortController().signal,
    id: 'task-1',
    intoFolder: false,
    recursive: true,
    exclude: [],
    preserve: true,
    links: 'keep',
    compare: 'time',
    rateLimit: 0,
    dryRun: false,
    deleteExtra: false,
    allowEmptySource: false,
    onPhase: () => undefined,
    onProgress: () => undefined,
    onBegin: () => Promise.resolve(),
  };
}
