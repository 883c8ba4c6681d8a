import type { EngineAdapter, EngineEndpoints } from '../engine.ts';
import { isKeyRefused, openaiCompatible, request } from './openai-compatible.ts';
import { classifyBy, type Signature } from './signatures.ts';
import { llamaCpp } from './llama-cpp.ts';

/** A server that somebody starts by a command of their own, with a path that says whether it is ready. */
export function commandEngine(endpoints: Partial<EngineEndpoints>): EngineAdapter {
  const all: EngineEndpoints = { ...openaiCompatible.endpoints, ...endpoints };
  return {
    ...openaiCompatible,
    name: 'command',
    endpoints: all,
    classify: log => classifyBy(SIGNATURES, log) ?? llamaCpp.classify(log),
    async detect(ask) {
      const { status } = await ask.http(request(ask, all.health));
      return status > 0 && status < 500 ? { engine: 'command', version: null } : null;
    },
    async readiness(ask) {
      const { status } = await ask.http(request(ask, all.health));
      if (status === 503) return 'loading';
      // whoever asks without a key is refused by a server that is up
      return (status >= 200 && status < 300) || isKeyRefused(status) ? 'ready' : 'failed';
    },
  };
}

/** Words that shells, the C library and most runtimes use. */
const SIGNATURES: readonly Signature[] = [
  [
    /address already in use|EADDRINUSE/i,
    'engine.port-busy',
    'Write $PORT into the start command, or choose another --port.',
  ],
  [
    /out of memory|Cannot allocate memory|MemoryError/i,
    'engine.memory',
    'Serve a smaller model, or free memory.',
  ],
  [
    /: not found$|: No such file or directory$/,
    'engine.failed',
    'The start command names something that is not on the host: send it with --bundle, and write $FILES/… for its path.',
  ],
];
