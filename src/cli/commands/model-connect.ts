import { buildCommand } from '@stricli/core';
import type { ConnectModelRequest } from '../../api/contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { promptNeeded } from '../asker.ts';
import type { CliContext } from '../context.ts';
import { type EngineSession, withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle, value } from '../flags.ts';
import { keepKey } from '../kept-keys.ts';
import { modelNumber, showModels } from '../model-flags.ts';
import { renderAttached } from '../render-attached.ts';

interface ConnectFlags extends CommonFlags {
  readonly name: string | undefined;
  readonly port: string | undefined;
  readonly socket: string | undefined;
  readonly keyFile: string | undefined;
  readonly askKey: boolean;
}

/** `deckhand model connect HOSTS|URL`. */
export const modelConnectCommand = buildCommand<ConnectFlags, [string], CliContext>({
  docs: {
    brief: 'Make use of a model server that runs already, on a host or at an address',
    fullDescription: `llama.cpp, Ollama, vLLM, SGLang, TGI, LM Studio and whatever else speaks the OpenAI API are recognised. Nothing is changed there: on a host it is reached through SSH, so that it need not listen for anybody outside. The word local is this machine.

A key is never an argument: it is read from a file whenever it is needed, or typed once and kept in a file of this account alone.

Example:
  deckhand model connect gpu-1
  deckhand model connect gpu-1 --port 8000 --name qwen --key-file ~/keys/gpu-1
  deckhand model connect https://llm.example.com/v1 --ask-key`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      name: value('Name it is listed under; default after the kind of server', 'NAME'),
      port: value('Where it listens on the host; default the usual ports, one after the other', 'N'),
      socket: value('The socket file where it listens on the host', 'PATH'),
      keyFile: value('A file on this machine with its key alone', 'FILE'),
      askKey: toggle('Ask for its key; it is kept in a file of this account alone'),
    },
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Which hosts, or an address', placeholder: 'HOSTS|URL' }],
    },
  },
  async func(flags, place) {
    const { environment } = this.surroundings.terminal;
    await withEngine(
      this,
      flags,
      async session => {
        await using kept = flags.askKey ? await keepKey(await askedKey(session, place), environment) : null;
        const keyFile = kept?.path ?? flags.keyFile;
        const request: ConnectModelRequest = {
          place,
          ...(flags.name === undefined ? {} : { name: flags.name }),
          ...(flags.port === undefined ? {} : { port: modelNumber('port', flags.port) }),
          ...(flags.socket === undefined ? {} : { socket: flags.socket }),
          ...(keyFile === undefined ? {} : { keyFile }),
        };
        const results = await session.api.connectModel(request, session.call);
        if (results.some(({ result }) => result !== null)) kept?.stay();
        return showModels(session, results, () => renderAttached(results, session.style));
      },
      {
        check: () => {
          if (flags.askKey && flags.keyFile !== undefined)
            throw new DeckhandError('input.invalid', 'Either --key-file or --ask-key: there is one key.');
        },
      },
    );
  },
});

async function askedKey({ asker }: EngineSession, place: string): Promise<string> {
  const question = `Key of the model server of ${place}`;
  if (!asker) throw promptNeeded(question, '--key-file');
  return await asker.secret(question);
}
