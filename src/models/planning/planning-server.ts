import type { ModelDoor } from '../door.ts';

/** Wire forms that are spoken. */
export const PROVIDERS = ['openai-compatible', 'anthropic', 'google'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** In the currency of the settings, for a million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/** One model of one server, as it is asked for plans. */
export interface PlanningServer {
  /** For people: `gpu-1/qwen`, `anthropic/claude-…`. */
  readonly name: string;
  readonly provider: Provider;
  /** As the server knows it. */
  readonly model: string;
  /** The way to it. Throws what keeps it from being reached. */
  readonly door: (signal: AbortSignal) => Promise<ModelDoor>;
  /** What was known of it, such as its key, may be wrong. */
  readonly forget: () => void;
  /** True: on this machine, where trying again at once changes nothing. */
  readonly isLocal: boolean;
  /** Where its key is from, for people: `the key file /home/u/key`; null = it has none. */
  readonly keySource: string | null;
  /** Null: none is known. */
  readonly price: Price | null;
}

/** Milliseconds. */
export interface AnswerLimits {
  /** For one request, from its start to the end of the answer. */
  readonly total: number;
  /** Without a single byte: before the first one and between any two. */
  readonly silence: number;
}
