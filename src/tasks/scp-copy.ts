import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { rawFromText } from '../core/raw-path.ts';
import { copyParams } from '../core/transfer-params.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { copyBetween, removeCopyParts } from '../transfer/copy-between.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

const CANCEL_LIMIT = 20_000;

/** From one host to another. */
export const scpCopy: TaskKind<typeof copyParams> = {
  name: 'scp.copy',
  description: 'Copies a file or a tree from one host to another, through this machine.',
  schema: copyParams,
  hosts: 'each',
  category: 'transfer',
  permission: 'change',
  // whatever an earlier claim began is dropped, and the target gets its name only at the end
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ source, toHost, target }, host) =>
    sanitiseText(`${host ?? ''}:${source} → ${toHost}:${target}`).slice(0, 200),
  run: async ({ task, params, hosts, clock, cancel, leave, phase, progress, begin }) => {
    const signal = AbortSignal.any([cancel, leave]);
    const parts = { id: task.id, target: rawFromText(params.target) };
    let hasBegun = task.begun;
    const cleanUp = async (): Promise<void> => {
      const limit = AbortSignal.timeout(CANCEL_LIMIT);
      await removeCopyParts(await hosts.connection(params.toHost, limit), parts, limit);
    };
    try {
      signal.throwIfAborted();
      phase('connecting');
      const [from, to] = await Promise.all([
        hosts.connection(task.host ?? '', signal),
        hosts.connection(params.toHost, signal),
      ]);
      const result = await copyBetween({
        from,
        to,
        clock,
        signal,
        ...parts,
        source: rawFromText(params.source),
        preserve: params.preserve,
        onPhase: phase,
        onProgress: (done, total) => progress({ done, total, unit: 'bytes', text: params.source }),
        onBegin: async () => {
          if (!hasBegun) await begin(params.toHost, task.id);
          hasBegun = true;
        },
      });
      return { end: 'succeeded', result: { ...result } };
    } catch (error) {
      if (leave.aborted) throw error;
      if (hasBegun) await cleanUp().catch(() => undefined);
      if (cancel.aborted)
        return {
          end: 'cancelled',
          error: new DeckhandError('command.cancelled', `${task.title}: cancelled.`).toJSON(),
        };
      throw toDeckhandError(error);
    }
  },
};
