import { deploymentParams, modelLogsParams } from '../core/model-params.ts';
import { inspect, lastLog } from '../engines/deploy/inspect.ts';
import { followLog, type LogPlace } from '../engines/deploy/follow-log.ts';
import { runOnSite } from './site-task.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

/** What all that only looks has in common. */
const READING = {
  hosts: 'each',
  category: 'model',
  permission: 'read',
  onLost: 'retry',
  retry: NO_RETRY,
} as const;

/** How a model server is just now. */
export const modelStatus: TaskKind<typeof deploymentParams> = {
  name: 'model.status',
  description: 'Asks a model server and its service how they are.',
  schema: deploymentParams,
  ...READING,
  title: ({ name }, host) => `status of ${name} on ${host ?? ''}`,
  run: async work =>
    await runOnSite(work, async ({ site, signal }) => ({
      ...(await inspect({ site, name: work.params.name, clock: work.clock, signal })),
    })),
};

/** The end of a model server's log, as the task's output. */
export const modelLogs: TaskKind<typeof modelLogsParams> = {
  name: 'model.logs',
  description: 'Reads the end of the log of a model server.',
  schema: modelLogsParams,
  ...READING,
  title: ({ name }, host) => `log of ${name} on ${host ?? ''}`,
  run: async work =>
    await runOnSite(work, async ({ site, signal }) => {
      const { name, lines } = work.params;
      const log = await lastLog({ site, name, lines, clock: work.clock, signal });
      return { name, log };
    }),
};

/** What a claim remembers of how far it told the log. */
const TOLD = 'told';

/** The log of a model server as it grows: output of the task, until it is cancelled. */
export const modelFollow: TaskKind<typeof modelLogsParams> = {
  name: 'model.follow',
  description: 'Tells the log of a model server as it grows.',
  schema: modelLogsParams,
  ...READING,
  resident: true,
  title: ({ name }, host) => `log of ${name} on ${host ?? ''}`,
  run: async work => {
    const { params, steps, output, remember } = work;
    const known = steps.get(TOLD);
    let place: LogPlace | null = known
      ? { release: String(known['release']), offset: Number(known['offset']) }
      : null;
    return await runOnSite(work, async ({ site, signal }) => {
      try {
        return await followLog({
          ...params,
          site,
          signal,
          from: place,
          onText: async text => await output('stdout', Buffer.from(text)),
          onPlace: seen => (place = seen),
        });
      } catch (error) {
        // told once: the next claim goes on from here
        if (place !== null) await remember(TOLD, { ...place });
        throw error;
      }
    });
  },
};
