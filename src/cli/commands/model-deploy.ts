import { buildCommand } from '@stricli/core';
import { deploySubmission } from '../../api/over-tasks/models.ts';
import type { DeployRequest } from '../../api/contract.ts';
import type { CliContext } from '../context.ts';
import { detached } from '../detach.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { modelFlags, type ModelFlags, modelSettings, nameFromFile, showModels } from '../model-flags.ts';
import { renderDeploys } from '../render-models.ts';
import { checkDetach, submissionExtras, submissionFlags, type SubmissionFlags } from '../submission-flags.ts';
import { transferDisplay } from '../transfer-display.ts';

type DeployFlags = CommonFlags & SubmissionFlags & ModelFlags;

/** `deckhand model deploy HOSTS MODEL.gguf`. */
export const modelDeployCommand = buildCommand<DeployFlags, [string, string], CliContext>({
  docs: {
    brief: 'Bring a model and its server to hosts, and prove that it serves',
    fullDescription: `The host needs sshd and a folder the account may write to, nothing else: no root, internet, Python or Docker. Engine and model are sent once, resumed where they were cut off, and compared by hash. It listens on a socket file (or on 127.0.0.1) of the host alone, with a key that never leaves it in an argument or a log. Done again, it only looks; with other settings or another model it takes the place of the old one, which serves until the new one was proved.

The word local in the place of a host is this machine, without SSH.

Example:
  deckhand model deploy web-1 qwen2.5-7b-q4_k_m.gguf
  deckhand model deploy web-1 tiny.gguf --name tiny --context 4096
  deckhand model deploy @gpu big.gguf --from serve.yaml`,
  },
  parameters: {
    flags: { ...commonFlags, ...submissionFlags, ...modelFlags },
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'Which hosts', placeholder: 'HOSTS' },
        { parse: String, brief: 'A GGUF file on this machine', placeholder: 'MODEL' },
      ],
    },
  },
  async func(flags, hosts, model) {
    let request: DeployRequest = { hosts, model, name: '' };
    await withEngine(
      this,
      flags,
      async session => {
        if (flags.detach)
          return detached(session, await session.tasks.submit(deploySubmission(request, session.base)));
        const results = await session.api.deployModel(request, session.call);
        return showModels(session, results, () => renderDeploys(results, session.style));
      },
      {
        display: transferDisplay,
        extras: () => submissionExtras(flags, Date.now()),
        check: async () => {
          checkDetach(flags);
          const { name, from, bundle, context, threads, slots, listen, port, service } = flags;
          const words = { name, from, bundle, context, threads, slots, listen, port, service };
          const settings = await modelSettings(words, this.surroundings.terminal.folder);
          request = { ...settings, hosts, model, name: settings.name ?? nameFromFile(model) };
        },
      },
    );
  },
});
