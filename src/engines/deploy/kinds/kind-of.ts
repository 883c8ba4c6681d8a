import type { DeployedEngine } from '../../../core/model-params.ts';
import { commandKind } from './command.ts';
import type { EngineKind } from './engine-kind.ts';
import { llamaCppKind } from './llama-cpp.ts';
import { ollamaKind } from './ollama.ts';

const KINDS: Readonly<Record<DeployedEngine, EngineKind>> = {
  'llama.cpp': llamaCppKind,
  ollama: ollamaKind,
  command: commandKind,
};

/** Absent: llama.cpp. */
export function kindOf(name: DeployedEngine | undefined): EngineKind {
  return KINDS[name ?? 'llama.cpp'];
}
