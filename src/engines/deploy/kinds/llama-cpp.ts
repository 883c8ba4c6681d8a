import { quote, quoteAll } from '../../../shell/quote.ts';
import { llamaCpp } from '../../adapters/llama-cpp.ts';
import { keyFileText, type StartPlace } from '../start-place.ts';
import { demand, type EngineKind, refuse } from './engine-kind.ts';

/** Seconds between comments in a stream: a stop waits for one at most. */
const PING = 3;

/**
 * Requests that are read at once; each waiting one and each cancel needs a thread. Its own choice is 8 here, and more
 * as more come; b11669 misses some that come together: a cancel was not read for 6 to 9 s in one burst of 20 out of 3.
 */
const REQUEST_THREADS = 128;

/** What every one is started with. */
const ALWAYS = [
  '--metrics',
  '--no-ui',
  '--offline',
  '--cors-origins',
  'localhost',
  '--sse-ping-interval',
  `${PING}`,
  '--threads-http',
  `${REQUEST_THREADS}`,
];

/** llama-server, from a bundle that was made here. */
export const llamaCppKind: EngineKind = {
  name: 'llama.cpp',
  needsAccount: false,
  check(params) {
    refuse('llama.cpp', params, ['start', 'probe', 'pull']);
    const hint = 'Write it after the host: deckhand model deploy HOST MODEL.gguf';
    demand(params.model !== undefined, 'llama.cpp needs a model file.', hint);
  },
  listens: () => ({ socket: true, port: true }),
  isGuarded: () => true,
  settings: () => ALWAYS,
  adapter: () => llamaCpp,
  guarded: { method: 'GET', path: '/props' },
  prepare: () => ':',
  start: place => {
    const { listen } = place.release;
    const stale = 'path' in listen ? `rm -f ${quote(listen.path)}\n` : '';
    return `${stale}exec ${quoteAll(startCommand(place))} --api-key-file ${keyFileText(place)}`;
  },
  load: async () => await Promise.resolve(),
  warnings: () => [],
};

/** The engine's command line. The key is named by its file, never by itself. */
function startCommand({ layout, release, params }: StartPlace): readonly string[] {
  const { listen } = release;
  const where =
    'path' in listen ? ['--host', listen.path] : ['--host', '127.0.0.1', '--port', `${listen.port}`];
  return [
    `${layout.engines}/${release.engine}/bin/llama-server`,
    ...where,
    '--model',
    `${layout.models}/${release.model}.gguf`,
    '--alias',
    params.name,
    '--ctx-size',
    `${release.context}`,
    ...(params.threads === undefined ? [] : ['--threads', `${params.threads}`]),
    ...(params.slots === undefined ? [] : ['--parallel', `${params.slots}`]),
    ...ALWAYS,
    '--cache-ram',
    `${release.promptCache}`,
  ];
}
