import { quote } from '../../../shell/quote.ts';
import { commandEngine } from '../../adapters/command.ts';
import { keyFileText, releaseFolder, type StartPlace } from '../start-place.ts';
import { demand, type EngineKind, refuse } from './engine-kind.ts';

/**
 * Whatever a start command of the person's own starts, in the foreground. It is told where to listen, what to serve and where
 * its key is by variables: HOST and PORT or SOCKET, MODEL, NAME, FILES (what its archive had in it), KEY_FILE.
 */
export const commandKind: EngineKind = {
  name: 'command',
  needsAccount: false,
  check(params) {
    refuse('command', params, ['pull', 'context', 'threads', 'slots']);
    const { start = '', port, listen } = params;
    demand(start !== '', 'The engine command needs its start command.', 'Pass it with --start.');
    const told = names(start, 'SOCKET') || names(start, 'PORT') || port !== undefined;
    demand(
      told,
      'The start command names neither $PORT nor $SOCKET, so that it cannot be told where to listen.',
      'Write --port $PORT (or whatever it calls it) into it, or say with --port where it listens anyway.',
    );
    demand(
      listen !== 'socket' || names(start, 'SOCKET'),
      'The start command does not name $SOCKET.',
      'Write $SOCKET where it takes the path of a socket file, or leave --listen out.',
    );
    demand(
      params.model !== undefined || !names(start, 'MODEL'),
      'The start command names $MODEL, and no model file is given.',
      'Write it after the host: deckhand model deploy HOST MODEL.gguf',
    );
    demand(
      params.bundle !== undefined || !names(start, 'FILES'),
      'The start command names $FILES, and no archive is given.',
      'Pass the archive with --bundle.',
    );
  },
  listens: ({ start = '', port }) => ({
    socket: names(start, 'SOCKET'),
    port: names(start, 'PORT') || port !== undefined,
  }),
  isGuarded: ({ start = '' }) => names(start, 'KEY_FILE'),
  settings: ({ start, probe }) => [start, probe ?? null],
  adapter: ({ probe }) => commandEngine(probe === null ? {} : { health: probe }),
  // the list of models may be for everybody; a chat must not be
  guarded: { method: 'POST', path: '/v1/chat/completions' },
  prepare: () => ':',
  start: place => {
    const { listen } = place.release;
    const stale = 'path' in listen ? `rm -f ${quote(listen.path)}\n` : '';
    const variables = variablesOf(place);
    const given = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}\n`);
    return `${stale}${given.join('')}export KEY_FILE=${keyFileText(place)}
cd ${quote(variables['FILES'] ?? releaseFolder(place))} || exit 1
exec /bin/sh -c ${quote(place.params.start ?? '')}`;
  },
  load: async () => await Promise.resolve(),
  warnings: (host, { start = '' }) =>
    names(start, 'KEY_FILE') || names(start, 'SOCKET')
      ? []
      : [`${host}: every account of the host can use it, because its start command takes no key ($KEY_FILE)`],
};

function variablesOf({ layout, release, params }: StartPlace): Readonly<Record<string, string>> {
  const { listen, engine, model } = release;
  return {
    ...('path' in listen ? { SOCKET: listen.path } : { HOST: listen.host, PORT: `${listen.port}` }),
    ...(model === null ? {} : { MODEL: `${layout.models}/${model}.gguf` }),
    ...(engine === null ? {} : { FILES: `${layout.engines}/${engine}` }),
    NAME: params.name,
  };
}

/** It is in the text as a variable. */
function names(text: string, variable: string): boolean {
  return new RegExp(String.raw`\$\{?${variable}\b`).test(text);
}
