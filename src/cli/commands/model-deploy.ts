import { buildCommand } from '@stricli/core';
import { deploySubmission } from '../../api/over-tasks/models.ts';
import type { DeployRequest } from '../../api/contract.ts';
import type { CliContext } from '../context.ts';
import { detached } from '../detach.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import {
  deployedName,
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
import { checkDetach, submissionExtras, submissionFlags, type SubmissionFlags } from '../submission-flags.ts';
import { transferDisplay } from '../transfer-display.ts';

type DeployFlags = CommonFlags & SubmissionFlags & ModelFlags & StartApprovalFlags;

/** `deckhand model deploy HOSTS [MODEL.gguf]`. */
export const modelDeployCommand = buildCommand<DeployFlags, [string, string?], CliContext>({
  docs: {
    brief: 'Bring a model and its server to hosts, and prove that it serves',
    fullDescription: `The host needs sshd and a folder the account may write to, nothing else: no root, internet, Python or Docker. Engine and model are sent once, resumed where they were cut off, and compared by hash. It listens on a socket file (or on 127.0.0.1) of the host alone, with a key that never leaves it in an argument or a log. Done again, it only looks; with other settings or another model it takes the place of the old one, which serves until the new one was proved.

With --engine ollama its own archive is sent, and a model file or --pull says what it serves. With --engine command it is whatever --start starts in the foreground: it is told by $PORT or $SOCKET where to listen, by $MODEL, $NAME and $FILES (what --bundle had in it) what to serve, and by $KEY_FILE which key to ask for. It is proved, kept running, upgraded and removed like any other.

The word local in the place of a host is this machine, without SSH.

Example:
  deckhand model deploy web-1 qwen2.5-7b-q4_k_m.gguf
  deckhand model deploy web-1 tiny.gguf --name tiny --context 4096
  deckhand model deploy @gpu big.gguf --from serve.yaml
  deckhand model deploy web-1 tiny.gguf --engine ollama --bundle ollama-linux-amd64.tgz
  deckhand model deploy web-1 --engine command --name qwen --start 'vllm serve /srv/qwen --port $PORT --served-model-name $NAME'`,
  },
  parameters: {
    flags: { ...commonFlags, ...submissionFlags, ...modelFlags, ...startApprovalFlags },
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'Which hosts', placeholder: 'HOSTS' },
        { parse: String, brief: 'A GGUF file on this machine', placeholder: 'MODEL', optional: true },
      ],
    },
  },
  async func(flags, hosts, model) {
    let request: DeployRequest = { hosts, name: '' };
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
          const settings = await modelSettings(settingFlags(flags), this.surroundings.terminal.folder);
          const name = deployedName(settings, model);
          request = {
            ...settings,
            ...startApproval(flags),
            hosts,
            name,
            ...(model === undefined ? {} : { model }),
          };
        },
      },
    );
  },
});
