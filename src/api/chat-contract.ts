import type {
  ChatEvent,
  ChatRequest,
  Conversation,
  EndpointView,
  KeptMessage,
  ServedModelView,
} from '../core/chat.ts';
import type { Surroundings } from '../core/task.ts';

export interface ConversationView {
  readonly conversation: Conversation;
  readonly messages: readonly KeptMessage[];
}

/** Talking with models, wherever they are served, and what was said. */
export interface ChatApi {
  /**
   * An answer as it comes; ends after `done`. Aborting the signal stops the model too. Throws `input.invalid`
   * with the field, `chat.*`, `engine.*`, `tunnel.*`, `ssh.*`.
   */
  chat(
    surroundings: Surroundings,
    request: ChatRequest,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<ChatEvent>;
  /** What the servers really serve, asked now. */
  servedModels(surroundings: Surroundings): Promise<readonly ServedModelView[]>;

  /** Those changed last first; with `search`, those in which it was said. */
  conversations(query: {
    readonly search?: string;
    readonly limit?: number;
  }): Promise<readonly Conversation[]>;
  /** This and what follows throw `chat.unknown-conversation`. */
  conversation(id: string): Promise<ConversationView>;
  renameConversation(id: string, title: string): Promise<Conversation>;
  removeConversation(id: string): Promise<void>;

  /** Null: it is not open. */
  endpoint(): Promise<EndpointView | null>;
  /** `keep`: it is there again after a restart. Open already: it stays. Throws `endpoint.port-busy`. */
  openEndpoint(
    surroundings: Surroundings,
    options: { readonly port: number; readonly keep: boolean },
  ): Promise<EndpointView>;
  closeEndpoint(): Promise<void>;
}
