import { buildCommand } from '@stricli/core';
import type { DeployRequest } from '../../api/contract.ts';
import type { CliContext } from '../context.ts';
import { type EngineSession, withEngine } from '../engine-session.ts';
import { ensureModel, type ModelWish } from '../ensure-model.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { oneLine } from '../layout.ts';
import {
  deploymentPlace,
  modelFlags,
  type ModelFlags,
  modelSettings,
  nameFromFile,
  settingFlags,
  showModels,
} from '../model-flags.ts';
import { renderDeploys } from '../render-models.ts';
import { transferDisplay } from '../transfer-display.ts';

type EnsureFlags = CommonFlags & ModelFlags;

/** `deckhand model ensure HOST MODEL.gguf`. */
export const modelEnsureCommand = buildCommand<EnsureFlags, string[], CliContext>({
  docs: {
    brief: 'See that a model can be asked, and do only what is missing for it',
    fullDescription: `Asks the server first, through the tunnel that chats use. Only when it does not answer, or is another model, it is deployed or started again, and asked once more.

Example:
  deckhand model ensure web-1 tiny.gguf
  deckhand model ensure web-1/tiny`,
  },
  parameters: {
    flags: { ...commonFlags, ...modelFlags },
    aliases: commonAliases,
    positional: {
      kind: 'array',
      parameter: { parse: String, brief: 'HOST and a GGUF file, or HOST/NAME', placeholder: 'WORD' },
      minimum: 1,
      maximum: 2,
    },
  },
  async func(flags, ...words) {
    let wish: ModelWish | undefined;
    await withEngine(this, flags, async session => (wish ? await ensure(session, wish) : 2), {
      display: transferDisplay,
      check: async () => {
        const settings = await modelSettings(settingFlags(flags), this.surroundings.terminal.folder);
        wish = wishOf(words, settings);
      },
    });
  },
});

/** Throws `input.invalid`. */
function wishOf([first = '', model]: readonly string[], settings: Partial<DeployRequest>): ModelWish {
  if (model !== undefined)
    return { host: first, model, settings, name: settings.name ?? nameFromFile(model) };
  const { hosts, name } = deploymentPlace(first);
  return { host: hosts, name, model: undefined, settings };
}

async function ensure(session: EngineSession, wish: ModelWish): Promise<number> {
  const server = `${wish.host}/${wish.name}`;
  const results = await ensureModel({ ...session, surroundings: session.base.surroundings }, wish);
  if (results) return showModels(session, results, () => renderDeploys(results, session.style));
  session.result({ server, deployed: false }, () => `${oneLine(server)} serves; nothing was missing\n`);
  return 0;
}
