import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { connectParams, disconnectParams, lookParams } from '../core/attached-model.ts';
import { connectModel, inspectAttached } from '../engines/connect-model.ts';
import { deckhandPaths } from '../settings/paths.ts';
import { runOnSite } from './site-task.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

const MODEL = { hosts: 'each', category: 'model', onLost: 'retry', retry: NO_RETRY } as const;

/** A model server that somebody else runs, on a host or reached from it: recognised and remembered. */
export const modelConnect: TaskKind<typeof connectParams> = {
  ...MODEL,
  name: 'model.connect',
  description: 'Recognises a model server that runs already, and remembers it.',
  schema: connectParams,
  permission: 'change',
  title: ({ name }, host) => `connect ${name ?? 'a model server'} of ${host ?? ''}`,
  run: async work =>
    await runOnSite(work, async ({ site, signal }) => {
      const { params, clock, attached, phase } = work;
      phase('asking what answers');
      const found = await connectModel({ site, params, clock, signal });
      await attached(found);
      return { ...found };
    }),
};

/** It is forgotten; nothing of it is touched, so its host need not be reached. */
export const modelDisconnect: TaskKind<typeof disconnectParams> = {
  ...MODEL,
  name: 'model.disconnect',
  description: 'Forgets a model server that somebody else runs.',
  schema: disconnectParams,
  permission: 'change',
  title: ({ name }, host) => `disconnect ${name} of ${host ?? ''}`,
  async run({ task, params: { name, keyFile }, detached }) {
    const host = task.host ?? 'local';
    await detached(host, name);
    // a key that was typed was kept by us; a file that was named is the person's
    const ours = join(deckhandPaths(process.env, homedir()).state, 'keys');
    if (keyFile !== null && dirname(keyFile) === ours) await rm(keyFile, { force: true });
    return { end: 'succeeded', result: { host, name } };
  },
};

/** How it is just now. */
export const modelLook: TaskKind<typeof lookParams> = {
  ...MODEL,
  name: 'model.look',
  description: 'Asks a model server that somebody else runs how it is.',
  schema: lookParams,
  permission: 'read',
  title: ({ name }, host) => `status of ${name} of ${host ?? ''}`,
  run: async work =>
    await runOnSite(work, async ({ site, signal }) => {
      const { params, clock } = work;
      return { ...(await inspectAttached({ site, attached: params.attached, clock, signal })) };
    }),
};
