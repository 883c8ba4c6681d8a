import { factsParams, hostDoctorParams } from '../core/task-params.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

const QUESTION = {
  hosts: 'each',
  category: 'question',
  permission: 'read',
  onLost: 'retry',
  retry: NO_RETRY,
} as const;

/** What is known of a host; asked in one round trip, or taken from the cache. */
export const hostFacts: TaskKind<typeof factsParams> = {
  ...QUESTION,
  name: 'host.facts',
  description: 'Reads the facts of a host.',
  schema: factsParams,
  title: (_, host) => `facts of ${host}`,
  async run({ task, hosts, params, cancel, leave }) {
    const { facts, age } = await hosts.facts(
      task.host ?? '',
      params.refresh,
      AbortSignal.any([cancel, leave]),
    );
    return { end: 'succeeded', result: { facts, age } };
  },
};

/** What keeps a host from being worked on. */
export const hostDoctor: TaskKind<typeof hostDoctorParams> = {
  ...QUESTION,
  name: 'host.doctor',
  description: 'Examines a host for what would keep Deckhand from working on it.',
  schema: hostDoctorParams,
  title: (_, host) => `examine ${host}`,
  async run({ task, hosts, cancel, leave }) {
    const findings = await hosts.doctor(task.host ?? '', AbortSignal.any([cancel, leave]));
    return { end: 'succeeded', result: { findings } };
  },
};
