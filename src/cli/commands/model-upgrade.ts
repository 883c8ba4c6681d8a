import { buildCommand } from '@stricli/core';
import type { Deployment } from '../../core/model-params.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags, value } from '../flags.ts';
import {
  deploymentPlace,
  deploymentWord,
  modelFlags,
  type ModelFlags,
  modelSettings,
  settingFlags,
  startApproval,
  startApprovalFlags,
  type StartApprovalFlags,
  showModels,
} from '../model-flags.ts';
import { renderDeploys } from '../render-models.ts';
import { transferDisplay } from '../transfer-display.ts';

type UpgradeFlags = CommonFlags &
  StartApprovalFlags &
  Omit<ModelFlags, 'name'> & { readonly model: string | undefined };

const { name: _name, ...upgradeFlags } = modelFlags;

/** `deckhand model upgrade HOST/NAME`. */
export const modelUpgradeCommand = buildCommand<UpgradeFlags, [string], CliContext>({
  docs: {
    brief: 'Replace the model, engine or settings of a model server without a gap',
    fullDescription: `What is not named stays as it was deployed. The old release serves until the new one was proved, and serves on when it fails; deckhand model rollback goes back later.

Example:
  deckhand model upgrade web-1/tiny --model tiny-2.gguf
  deckhand model upgrade web-1/tiny --context 8192 --bundle newer.tar.gz`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      ...upgradeFlags,
      ...startApprovalFlags,
      model: value('Another GGUF file', 'FILE'),
    },
    aliases: commonAliases,
    positional: deploymentWord,
  },
  async func(flags, word) {
    await withEngine(
      this,
      flags,
      async session => {
        const place = deploymentPlace(word);
        const words = settingFlags({ ...flags, name: undefined });
        const changes = await modelSettings(words, this.surroundings.terminal.folder);
        const before = known(await session.tasks.deployments(), place);
        const request = {
          ...before.params,
          ...changes,
          ...startApproval(flags),
          hosts: place.hosts,
          name: place.name,
        };
        const results = await session.api.deployModel(
          flags.model === undefined ? request : { ...request, model: flags.model },
          session.call,
        );
        return showModels(session, results, () => renderDeploys(results, session.style));
      },
      { display: transferDisplay },
    );
  },
});

function known(
  deployments: readonly Deployment[],
  { hosts, name }: { readonly hosts: string; readonly name: string },
): Deployment {
  const found = deployments.find(each => each.host === hosts && each.name === name);
  if (found) return found;
  throw new DeckhandError('model.unknown-deployment', `${hosts}/${name} was not deployed from here.`);
}
