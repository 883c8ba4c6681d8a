import type { ChatRequest, NewMessage } from '../../core/chat.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { newId } from '../../core/ids.ts';
import type { Store } from '../../store/store.ts';

/** Characters of the first question that become the title. */
const TITLE = 60;

/** Keeps a conversation: the question before it is asked, the answer as far as it came. */
export class KeptConversation {
  readonly id: string;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #messages: readonly NewMessage[];
  readonly #title: string | null;

  private constructor(
    parts: { readonly store: Store; readonly clock: Clock },
    about: { readonly id: string; readonly title: string | null; readonly messages: readonly NewMessage[] },
  ) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.id = about.id;
    this.#title = about.title;
    this.#messages = about.messages;
  }

  /** Null: nothing is to be kept. Throws `chat.unknown-conversation`. */
  static async begin(
    { store, clock }: { readonly store: Store; readonly clock: Clock },
    { conversation, messages, model }: ChatRequest,
  ): Promise<KeptConversation | null> {
    if (conversation === undefined) return null;
    const isNew = conversation === 'new';
    const kept = isNew ? null : await store.conversation(conversation);
    if (!isNew && !kept) throw unknownConversation(conversation);
    const before = kept?.messages ?? [];
    const now = clock.now();
    const self = new KeptConversation(
      { store, clock },
      {
        id: isNew ? newId('chat', now) : conversation,
        title: isNew ? titleOf(messages) : null,
        // what is known of earlier answers stays with them
        messages: messages.map((message, place) => {
          const same = before[place];
          if (same?.content !== message.content || same.role !== message.role) return message;
          const { number: _number, time: _time, ...known } = same;
          return known;
        }),
      },
    );
    await self.#save(model ?? kept?.conversation.model ?? null, []);
    return self;
  }

  /** The answer after the messages that were asked with. */
  async answered(model: string | null, answer: NewMessage): Promise<void> {
    await this.#save(model, [answer]);
  }

  /** Nobody was found to ask: a conversation that was begun for it is gone again. */
  async discard(): Promise<void> {
    if (this.#title !== null) await this.#store.removeConversation(this.id);
  }

  async #save(model: string | null, more: readonly NewMessage[]): Promise<void> {
    await this.#store.saveConversation({
      id: this.id,
      title: this.#title,
      model,
      messages: [...this.#messages, ...more],
      now: this.#clock.now(),
    });
  }
}

export function unknownConversation(id: string): DeckhandError {
  return new DeckhandError('chat.unknown-conversation', `There is no conversation '${id}'.`, {
    details: { id },
  });
}

function titleOf(messages: readonly NewMessage[]): string {
  const first = messages.find(({ role }) => role === 'user')?.content ?? '';
  const line = first.replaceAll(/\s+/g, ' ').trim();
  return line.length > TITLE ? `${line.slice(0, TITLE - 1)}…` : line;
}
