import type { ErrorCode } from '../core/error-table.ts';
import type { EngineHttp } from './engine-http.ts';

/** What a running model server can do, as it says itself. */
export interface EngineAbilities {
  /** A stream that was cut can be read on from where it was. */
  readonly resume: boolean;
  /** A client that leaves a stream frees its slot. */
  readonly cancel: boolean;
  readonly tools: boolean;
  /** Answers can be held to a JSON schema. */
  readonly jsonSchema: boolean;
  readonly metrics: boolean;
  readonly unixSocket: boolean;
}

/** `sleeping`: it wakes by itself with the next request. */
export type Readiness = 'starting' | 'loading' | 'ready' | 'sleeping' | 'failed';

/** What answers at an endpoint. */
export interface FoundEngine {
  readonly engine: string;
  /** As it says itself; null where it does not. */
  readonly version: string | null;
}

/** Why an engine ended or does not answer, from its last words. */
export interface EngineFailure {
  readonly code: ErrorCode;
  /** The line that says so, or what is known. */
  readonly cause: string;
  readonly fix: string;
}

export interface EngineEndpoints {
  readonly health: string;
  readonly models: string;
  readonly chat: string;
  readonly metrics: string | null;
}

export interface AskEngine {
  readonly http: EngineHttp;
  readonly key: string | undefined;
  readonly signal: AbortSignal;
}

/** How one kind of model server is recognised and spoken to. Methods throw what `EngineHttp` throws. */
export interface EngineAdapter {
  readonly name:
    | 'llama.cpp'
    | 'ollama'
    | 'vllm'
    | 'sglang'
    | 'text-generation-inference'
    | 'lm-studio'
    | 'openai-compatible'
    | 'command';
  readonly endpoints: EngineEndpoints;
  /** Null: it is something else. */
  detect(ask: AskEngine): Promise<FoundEngine | null>;
  readiness(ask: AskEngine): Promise<Readiness>;
  /** Names of what it serves. Throws `engine.key-rejected`. */
  models(ask: AskEngine): Promise<readonly string[]>;
  abilities(ask: AskEngine): Promise<EngineAbilities>;
  /** Requests being worked on; null where it does not say. */
  busy(ask: AskEngine): Promise<number | null>;
  classify(log: string): EngineFailure | null;
}
