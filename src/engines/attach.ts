import { DeckhandError } from '../core/deckhand-error.ts';
import { knownServers } from './adapters/known-servers.ts';
import { llamaCpp } from './adapters/llama-cpp.ts';
import { ollama } from './adapters/ollama.ts';
import { openaiCompatible } from './adapters/openai-compatible.ts';
import { askedOnce } from './engine-http.ts';
import type { AskEngine, EngineAbilities, EngineAdapter, FoundEngine, Readiness } from './engine.ts';

/** In this order: what looks like several is taken for the most special of them. */
const ADAPTERS: readonly EngineAdapter[] = [ollama, llamaCpp, ...knownServers, openaiCompatible];

export interface AttachedEngine extends FoundEngine {
  readonly adapter: EngineAdapter;
  readonly readiness: Readiness;
  readonly models: readonly string[];
  readonly abilities: EngineAbilities;
}

/** Finds out what answers there, by asking. Throws `engine.down`, `engine.key-rejected`, `engine.failed`. */
export async function attachEngine(
  ask: AskEngine,
  adapters: readonly EngineAdapter[] = ADAPTERS,
): Promise<AttachedEngine> {
  // several adapters look at the same paths
  const once = { ...ask, http: askedOnce(ask.http) };
  for (const adapter of adapters) {
    const found = await adapter.detect(once);
    if (!found) continue;
    const readiness = await adapter.readiness(once);
    const isUp = readiness === 'ready' || readiness === 'sleeping';
    const models = isUp ? await adapter.models(once) : [];
    return { ...found, adapter, readiness, models, abilities: await adapter.abilities(once) };
  }
  throw new DeckhandError('engine.failed', 'What answers there is no model server that is known.');
}
