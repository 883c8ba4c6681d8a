import { buildCommand } from '@stricli/core';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DeployRequest } from '../../api/contract.ts';
import type { ServedModelView } from '../../core/chat.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Deployment } from '../../core/model-params.ts';
import type { CliContext } from '../context.ts';
import { type EngineSession, withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { oneLine } from '../layout.ts';
import {
  deploymentPlace,
  modelFlags,
  type ModelFlags,
  modelSettings,
  nameFromFile,
  showModels,
} from '../model-flags.ts';
import { renderDeploys } from '../render-models.ts';
import { transferDisplay } from '../transfer-display.ts';

type EnsureFlags = CommonFlags & ModelFlags;

/** What is wished for: a model server on one host. */
interface Wish {
  readonly host: string;
  readonly name: string;
  /** Absent: as it was deployed. */
  readonly model: string | undefined;
  readonly settings: Partial<DeployRequest>;
}

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
    let wish: Wish | undefined;
    await withEngine(this, flags, async session => (wish ? await ensure(session, wish) : 2), {
      display: transferDisplay,
      check: async () => {
        const { name, from, bundle, context, threads, slots, listen, port, service } = flags;
        const given = { name, from, bundle, context, threads, slots, listen, port, service };
        const settings = await modelSettings(given, this.surroundings.terminal.folder);
        wish = wishOf(words, settings);
      },
    });
  },
});

/** Throws `input.invalid`. */
function wishOf([first = '', model]: readonly string[], settings: Partial<DeployRequest>): Wish {
  if (model !== undefined)
    return { host: first, model, settings, name: settings.name ?? nameFromFile(model) };
  const { hosts, name } = deploymentPlace(first);
  return { host: hosts, name, model: undefined, settings };
}

async function ensure(session: EngineSession, wish: Wish): Promise<number> {
  const server = `${wish.host}/${wish.name}`;
  const deployment = (await session.tasks.deployments()).find(
    each => each.host === wish.host && each.name === wish.name,
  );
  const isWished = deployment !== undefined && (await isAsWished(session, wish, deployment));
  if (isWished && isServed(await lookAt(session, server))) {
    session.result({ server, deployed: false }, () => `${oneLine(server)} serves; nothing was missing\n`);
    return 0;
  }
  const results = await session.api.deployModel(requestOf(wish, deployment), session.call);
  const failed = results.some(({ error }) => error);
  if (failed) return showModels(session, results, () => renderDeploys(results, session.style));
  const seen = await lookAt(session, server);
  if (!isServed(seen))
    throw new DeckhandError(
      'engine.down',
      `${server} was deployed, and does not answer to chats: ${seen?.error?.message ?? 'it is not listed'}`,
    );
  return showModels(session, results, () => renderDeploys(results, session.style));
}

async function lookAt(session: EngineSession, server: string): Promise<ServedModelView | undefined> {
  const served = await session.tasks.servedModels(session.base.surroundings);
  return served.find(each => each.server === server);
}

function isServed(view: ServedModelView | undefined): boolean {
  return view !== undefined && view.error === null;
}

/** No setting was named that differs, and the file is the one that was deployed, as far as its size tells. */
async function isAsWished(
  session: EngineSession,
  wish: Wish,
  { params, model }: Deployment,
): Promise<boolean> {
  const known = params as Readonly<Record<string, unknown>>;
  const same = Object.entries(wish.settings).every(
    ([name, value]) => name === 'name' || known[name] === value,
  );
  if (!same || wish.model === undefined) return same;
  const path = resolve(session.base.surroundings.folder, wish.model);
  const size = await stat(path).then(
    found => found.size,
    () => null,
  );
  return path === params.model && size === model.size;
}

function requestOf({ host, name, model, settings }: Wish, deployment: Deployment | undefined): DeployRequest {
  const file = model ?? deployment?.params.model;
  if (file === undefined)
    throw new DeckhandError('model.unknown-deployment', `${host}/${name} was not deployed from here.`, {
      hint: 'Name the model file: deckhand model ensure HOST MODEL.gguf',
    });
  return { ...deployment?.params, ...settings, hosts: host, name, model: file };
}
