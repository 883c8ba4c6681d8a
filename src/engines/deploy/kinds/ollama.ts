import { DeckhandError } from '../../../core/deckhand-error.ts';
import { sanitiseText } from '../../../core/untrusted.ts';
import { quote } from '../../../shell/quote.ts';
import { ollama } from '../../adapters/ollama.ts';
import { textField } from '../../adapters/json-fields.ts';
import type { AskEngine } from '../../engine.ts';
import { releaseFolder } from '../start-place.ts';
import { demand, type EngineKind, refuse } from './engine-kind.ts';

/** Where it is in its own archive. */
export const OLLAMA_PROGRAM = 'bin/ollama';
const LONGEST_WORDS = 300;

/**
 * Ollama, from the archive that its project releases (`ollama-linux-amd64.tgz` or `.tar.zst`). Each release keeps its models in
 * its own folder; a GGUF file that was brought over is a second name of the same bytes there. It can be told no key and no
 * socket file. https://github.com/ollama/ollama, docs/api.md and docs/faq.md.
 */
export const ollamaKind: EngineKind = {
  name: 'ollama',
  needsAccount: true,
  check(params) {
    refuse('ollama', params, ['start', 'probe']);
    const { bundle, model, pull, listen } = params;
    demand(
      bundle !== undefined,
      'Ollama needs its archive: it is sent, not fetched.',
      'Pass ollama-linux-amd64.tgz or .tar.zst with --bundle.',
    );
    demand(
      (model === undefined) !== (pull === undefined),
      'Ollama needs a model file, or the name of a model that the host is to fetch.',
      'Write MODEL.gguf after the host, or pass --pull NAME.',
    );
    demand(listen !== 'socket', 'Ollama listens on no socket file.', 'Leave --listen out.');
  },
  listens: () => ({ socket: false, port: true }),
  isGuarded: () => false,
  settings: ({ pull }) => [pull ?? null],
  adapter: () => ollama,
  guarded: { method: 'GET', path: '/api/tags' },
  prepare: ({ layout, release }) => {
    if (release.model === null)
      // what the release before fetched need not be fetched again
      return `mkdir -p ollama && { [ -d ollama/blobs ] || cp -al ${quote(`${layout.current}/ollama/blobs`)} ollama/ 2>/dev/null; }; :`;
    const blob = `ollama/blobs/sha256-${release.model}`;
    return `mkdir -p ollama/blobs && ln -f ${quote(`${layout.models}/${release.model}.gguf`)} ${blob} || exit 92`;
  },
  start: place => {
    const { layout, release, params } = place;
    const { listen } = release;
    const folder = releaseFolder(place);
    const variables = {
      OLLAMA_HOST: 'port' in listen ? `${listen.host}:${listen.port}` : '',
      OLLAMA_MODELS: `${folder}/ollama`,
      // its own key pair and history
      HOME: folder,
      OLLAMA_KEEP_ALIVE: '-1',
      // what was put beside it is not in its books yet
      OLLAMA_NOPRUNE: '1',
      ...(params.context === undefined ? {} : { OLLAMA_CONTEXT_LENGTH: `${params.context}` }),
      ...(params.slots === undefined ? {} : { OLLAMA_NUM_PARALLEL: `${params.slots}` }),
    };
    const given = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}\n`);
    return `${given.join('')}exec ${quote(`${layout.engines}/${release.engine}/${OLLAMA_PROGRAM}`)} serve`;
  },
  async load(ask, { params, release }) {
    const { name, pull, threads } = params;
    if (pull !== undefined) {
      await told(ask, '/api/pull', { model: pull, stream: false });
      if (pull !== name) await told(ask, '/api/copy', { source: pull, destination: name });
      return;
    }
    const parameters = {
      num_ctx: release.context,
      ...(threads === undefined ? {} : { num_thread: threads }),
    };
    const files = { [`${name}.gguf`]: `sha256:${release.model}` };
    await told(ask, '/api/create', { model: name, files, parameters, stream: false });
  },
  warnings: host => [`${host}: Ollama knows no key, so that every account of the host can use it`],
};

/** Throws what its words mean. */
async function told({ http, signal }: AskEngine, path: string, body: object): Promise<void> {
  const { status, json } = await http({ method: 'POST', path, body, signal });
  const error = textField(json, 'error');
  if (status === 200 && error === null) return;
  const words = sanitiseText(error ?? `it answered ${status}`).slice(0, LONGEST_WORDS);
  const known = ollama.classify(words);
  throw new DeckhandError(
    known?.code ?? 'engine.failed',
    `Ollama did not take the model: ${words}.`,
    known === null ? {} : { hint: known.fix },
  );
}
