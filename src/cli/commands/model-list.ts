import { buildCommand } from '@stricli/core';
import type { AttachedModel } from '../../core/attached-model.ts';
import type { Deployment, StatusResult } from '../../core/model-params.ts';
import type { CliContext } from '../context.ts';
import { type EngineSession, withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle } from '../flags.ts';
import { renderServers } from '../render-models.ts';

interface ListFlags extends CommonFlags {
  readonly check: boolean;
}

type Listed = Deployment | AttachedModel;

/** `deckhand model list [--check]`. */
export const modelListCommand = buildCommand<ListFlags, [], CliContext>({
  docs: {
    brief: 'List the model servers that were deployed from here or connected',
    fullDescription: `With --check each is asked how it is now: its state, and how long its endpoints took to answer.

Example:
  deckhand model list
  deckhand model list --check`,
  },
  parameters: {
    flags: { ...commonFlags, check: toggle('Ask each of them how it is') },
    aliases: commonAliases,
  },
  async func(flags) {
    await withEngine(
      this,
      flags,
      async session => {
        const { tasks, style } = session;
        const [deployments, attached] = await Promise.all([tasks.deployments(), tasks.attachedModels()]);
        const servers: readonly Listed[] = [...deployments, ...attached];
        const states = flags.check
          ? await Promise.all(servers.map(async server => await stateOf(session, server)))
          : null;
        session.result({ deployments, attached, ...(states === null ? {} : { states }) }, () =>
          renderServers(servers, states, style),
        );
        return 0;
      },
      { progress: false },
    );
  },
});

/** Null: it could not be asked; the reason is said by `model show`. */
async function stateOf(
  { api, call }: EngineSession,
  { host, name }: Listed,
): Promise<StatusResult | { readonly name: string; readonly error: string }> {
  const [answer] = await api.modelStatus({ hosts: host, name }, call);
  return answer?.result ?? { name, error: answer?.error?.code ?? 'internal.defect' };
}
