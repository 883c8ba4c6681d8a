import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { deployParams } from '../../../core/model-params.ts';
import { DeckhandError } from '../../../core/deckhand-error.ts';
import type { EngineAnswer, EngineRequest } from '../../engine-http.ts';
import { layoutOf } from '../layout.ts';
import type { Release } from '../release.ts';
import type { StartPlace } from '../start-place.ts';
import { kindOf } from './kind-of.ts';

const params = (given: object) => deployParams.parse({ name: 'tiny', ...given });

function place(given: object, release: Partial<Release> = {}): StartPlace {
  const known = {
    id: 'ab12cd34ef',
    engine: '0123456789abcdef',
    model: 'a'.repeat(64),
    probe: null,
    context: 512,
  };
  const listen = { host: '127.0.0.1', port: 9931 };
  return {
    layout: layoutOf('/home/it s', 'tiny'),
    release: { ...known, listen, ...release } as Release,
    params: params(given),
    user: 'guest',
    isRoot: false,
  };
}

const refusal = (given: object): string | null => {
  const checked = params(given);
  try {
    kindOf(checked.engine).check(checked);
    return null;
  } catch (error) {
    return error instanceof DeckhandError ? error.message : 'a defect';
  }
};

describe('settings that do not go together', () => {
  it.each([
    [{}, /needs a model file/],
    [{ model: '/m', start: 'x' }, /--start is nothing that the engine llama\.cpp takes/],
    [{ engine: 'command' }, /needs its start command/],
    [{ engine: 'command', start: 'x' }, /neither \$PORT nor \$SOCKET/],
    [{ engine: 'command', start: 'x $PORTS' }, /neither \$PORT nor \$SOCKET/],
    [{ engine: 'command', start: 'x $PORT', listen: 'socket' }, /does not name \$SOCKET/],
    [{ engine: 'command', start: 'x $PORT ${MODEL}' }, /names \$MODEL/],
    [{ engine: 'command', start: '$FILES/x $PORT' }, /names \$FILES/],
    [{ engine: 'command', start: 'x $PORT', slots: 2 }, /--slots/],
    [{ engine: 'ollama', model: '/m' }, /needs its archive/],
    [{ engine: 'ollama', bundle: '/b' }, /needs a model file, or the name/],
    [{ engine: 'ollama', bundle: '/b', model: '/m', pull: 'x' }, /needs a model file, or the name/],
    [{ engine: 'ollama', bundle: '/b', pull: 'x', listen: 'socket' }, /no socket file/],
  ])('%j', (given, message) => expect(refusal(given)).toMatch(message));

  it('are not refused where they do', () => {
    expect(refusal({ model: '/m' })).toBeNull();
    expect(refusal({ engine: 'command', start: 'x --port ${PORT}' })).toBeNull();
    expect(refusal({ engine: 'command', start: 'x', port: 8000 })).toBeNull();
    expect(refusal({ engine: 'ollama', bundle: '/b', pull: 'llama3.2:1b' })).toBeNull();
  });
});

describe('a start command', () => {
  const start = `printf '%s\\n' "$HOST:$PORT" "$MODEL" "$NAME" "$KEY_FILE" "\${SOCKET-none}" "it's"; exit 7`;

  it('gets what it is told by variables, and ends as it ended', () => {
    const text = kindOf('command').start(place({ engine: 'command', start }, { engine: null, id: '.' }));
    const there = text.replace(/^cd .*$/m, 'cd /');
    const run = (): string => execFileSync('/bin/sh', ['-c', there], { encoding: 'utf8' });
    expect(run).toThrow(expect.objectContaining({ status: 7 }) as Error);
    try {
      run();
    } catch (error) {
      const lines = (error as { stdout: string }).stdout.trimEnd().split('\n');
      const model = `/home/it s/models/${'a'.repeat(64)}.gguf`;
      expect(lines).toEqual(['127.0.0.1:9931', model, 'tiny', '/home/it s/llm/tiny/apikey', 'none', "it's"]);
    }
  });

  it('that asks for a key guards its server, and listens where it can be told to', () => {
    const command = kindOf('command');
    expect(command.isGuarded(params({ start: 'x --key-file $KEY_FILE' }))).toBe(true);
    expect(command.isGuarded(params({ start: 'x' }))).toBe(false);
    expect(command.listens(params({ start: 'x $SOCKET' }))).toEqual({ socket: true, port: false });
    expect(command.listens(params({ start: 'x', port: 80 }))).toEqual({ socket: false, port: true });
  });
});

describe('Ollama', () => {
  /** Answers each path with these, and notes what was asked. */
  function server(answers: Readonly<Record<string, Partial<EngineAnswer>>>) {
    const asked: EngineRequest[] = [];
    const http = async (request: EngineRequest): Promise<EngineAnswer> => {
      asked.push(request);
      return await Promise.resolve({
        status: 200,
        text: '',
        json: { status: 'success' },
        ...answers[request.path],
      });
    };
    return { asked, ask: { http, key: undefined, signal: AbortSignal.timeout(5000) } };
  }

  it('makes a model of the file that was brought over', async () => {
    const { asked, ask } = server({});
    await kindOf('ollama').load(ask, place({ engine: 'ollama', bundle: '/b', model: '/m', threads: 2 }));
    expect(asked.map(({ path, body }) => [path, body])).toEqual([
      [
        '/api/create',
        {
          model: 'tiny',
          files: { 'tiny.gguf': `sha256:${'a'.repeat(64)}` },
          parameters: { num_ctx: 512, num_thread: 2 },
          stream: false,
        },
      ],
    ]);
  });

  it('fetches one, and gives it the name that it is asked for by', async () => {
    const { asked, ask } = server({});
    const wish = place({ engine: 'ollama', bundle: '/b', pull: 'llama3.2:1b' }, { model: null });
    await kindOf('ollama').load(ask, wish);
    expect(asked.map(({ path, body }) => [path, body])).toEqual([
      ['/api/pull', { model: 'llama3.2:1b', stream: false }],
      ['/api/copy', { source: 'llama3.2:1b', destination: 'tiny' }],
    ]);
  });

  it('that does not take it is told typed, in its own words', async () => {
    const words = 'model requires more system memory (5.3 GiB) than is available (3.3 GiB)';
    const { ask } = server({ '/api/create': { status: 500, json: { error: words } } });
    const failed = kindOf('ollama').load(ask, place({ engine: 'ollama', bundle: '/b', model: '/m' }));
    await expect(failed).rejects.toMatchObject({
      code: 'engine.memory',
      message: expect.stringContaining(words),
    });
    // a failure may come with the status of success
    const late = server({ '/api/create': { json: { error: 'blob not found' } } });
    const wish = place({ engine: 'ollama', bundle: '/b', model: '/m' });
    await expect(kindOf('ollama').load(late.ask, wish)).rejects.toMatchObject({ code: 'engine.failed' });
  });
});

describe('llama-server', () => {
  it('reads a cancel while many requests wait; what it is started with makes its release', () => {
    const kind = kindOf('llama.cpp');
    const given = { model: '/m' };
    const settings = kind.settings(params(given)).join(' ');
    expect(settings).toContain('--threads-http 128');
    expect(kind.start(place(given))).toContain(settings);
  });
});
