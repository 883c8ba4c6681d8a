import type { EngineAdapter, EngineEndpoints } from '../engine.ts';
import { openaiCompatible, request } from './openai-compatible.ts';

/** A server that somebody starts by a command of their own, with a path that says whether it is ready. */
export function commandEngine(endpoints: Partial<EngineEndpoints>): EngineAdapter {
  const all: EngineEndpoints = { ...openaiCompatible.endpoints, ...endpoints };
  return {
    ...openaiCompatible,
    name: 'command',
    endpoints: all,
    async detect(ask) {
      const { status } = await ask.http(request(ask, all.health));
      return status > 0 && status < 500 ? { engine: 'command', version: null } : null;
    },
    async readiness(ask) {
      const { status } = await ask.http(request(ask, all.health));
      if (status === 503) return 'loading';
      return status >= 200 && status < 300 ? 'ready' : 'failed';
    },
  };
}
