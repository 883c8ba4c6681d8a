import { DeckhandError } from '../core/deckhand-error.ts';
import { llamaCpp } from './adapters/llama-cpp.ts';
import { ollama } from './adapters/ollama.ts';
import { openaiCompatible } from './adapters/openai-compatible.ts';
import type { AskEngine, EngineAbilities, EngineAdapter, FoundEngine, Readiness } from './engine.ts';

/** In this order: what looks like several is taken for the most special of them. */
const ADAPTERS: readonly EngineAdapter[] = [ollama, llamaCpp, openaiCompatible];

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
  for (const adapter of adapters) {
    const found = await adapter.detect(ask);
    if (!found) continue;
    const readiness = await adapter.readiness(ask);
    const isUp = readiness === 'ready' || readiness === 'sleeping';
    const models = isUp ? await adapter.models(ask) : [];
    return { ...found, adapter, readiness, models, abilities: await adapter.abilities(ask) };
  }
  throw new DeckhandError('engine.failed', 'What answers there is no model server that is known.');
}
