import { type ChatEvent, type ChatMessage, type ChatRequest, chatRequestSchema } from '../../core/chat.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { z } from '../../core/schema.ts';
import type { Surroundings } from '../../core/task.ts';
import { type AnswerEvent, chat } from '../../models/chat.ts';
import { ModelPool } from '../../models/model-pool.ts';
import type { PresetEntry } from '../../settings/schema.ts';
import type { Store } from '../../store/store.ts';
import type { FleetAccess, Fleets } from '../fleet-access.ts';
import { KeptConversation } from './kept-conversation.ts';
import type { ModelSources } from './model-sources.ts';

export interface ChatGatewayParts {
  readonly store: Store;
  readonly fleets: Fleets;
  readonly clock: Clock;
  readonly sources: ModelSources;
}

type Answer = { text: string; finishReason: string; usage?: Extract<ChatEvent, { event: 'done' }>['usage'] };

/** Questions to all models that are known, and what is kept of them. */
export class ChatGateway {
  readonly pool: ModelPool;
  readonly #parts: ChatGatewayParts;

  constructor(parts: ChatGatewayParts) {
    this.#parts = parts;
    this.pool = new ModelPool(parts.clock);
  }

  async *chat(
    surroundings: Surroundings,
    given: ChatRequest,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<ChatEvent> {
    const { clock, fleets, sources } = this.#parts;
    const fleet = await fleets.at(surroundings);
    const checked = checkedRequest(given);
    const preset = await presetOf(checked, fleet);
    const request = {
      ...checked,
      ...(preset?.model && checked.model === undefined ? { model: preset.model } : {}),
    };
    const servers = await sources.servers(surroundings);
    const kept = await KeptConversation.begin(this.#parts, request);
    const answer: Answer = { text: '', finishReason: 'cancelled' };
    let began: ChatEvent | null = null;
    let served: string | null = null;
    try {
      const events = this.pool.route<AnswerEvent>({
        servers,
        again: async () => await sources.servers(surroundings),
        model: request.model,
        client: kept?.id ?? 'chat',
        signal,
        commits: ({ event }) => event !== 'note',
        onServer(server, model) {
          served = model;
          began = { event: 'began', model, server: server.name, conversation: kept?.id ?? null };
        },
        open: (door, model) =>
          chat(door, {
            model,
            messages: withSystem(request.messages, preset?.system),
            parameters: { ...parametersOf(preset), ...request.parameters },
            signal,
            clock,
          }),
      });
      for await (const event of events) {
        if (began) yield began;
        began = null;
        if (event.event === 'text') answer.text += event.text;
        if (event.event === 'done') {
          answer.finishReason = event.finishReason ?? 'stop';
          answer.usage = event.usage;
        }
        yield event;
      }
    } catch (thrown) {
      answer.finishReason = signal.aborted ? 'cancelled' : toDeckhandError(thrown).code;
      // what nobody was asked is no conversation
      if (served === null) await kept?.discard();
      throw thrown;
    } finally {
      const { text, finishReason, usage } = answer;
      if (text !== '' || usage)
        await kept?.answered(served, {
          role: 'assistant',
          content: text,
          finishReason,
          ...(served === null ? {} : { model: served }),
          ...(usage ? { usage } : {}),
        });
    }
  }
}

/** Throws `input.invalid` naming the field. */
function checkedRequest(request: ChatRequest): ChatRequest {
  const parsed = z.safeParse(chatRequestSchema, request);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...(issue?.path ?? []), ...unknown].map(String).join('.');
  throw new DeckhandError(
    'input.invalid',
    `${field}: ${unknown.length > 0 ? 'is unknown' : issue?.message}.`,
    {
      details: { field },
    },
  );
}

/** A name that is missing is believed only of files that were read just now. */
async function presetOf(
  { preset }: ChatRequest,
  fleet: Pick<FleetAccess, 'settings' | 'refresh'>,
): Promise<PresetEntry | undefined> {
  if (preset === undefined) return undefined;
  const find = (): PresetEntry | undefined => fleet.settings.presets.get(preset)?.value;
  if (!find()) await fleet.refresh(true);
  const found = find();
  if (found) return found;
  throw new DeckhandError('input.invalid', `preset: the settings have none of the name '${preset}'.`, {
    details: { field: 'preset' },
    hint: 'Presets stand in deckhand.yaml under `presets`.',
  });
}

function parametersOf(preset: PresetEntry | undefined): ChatRequest['parameters'] {
  const { model: _model, system: _system, ...parameters } = preset ?? {};
  return parameters;
}

/** The empty text is a prompt too: it says that there is none. */
function withSystem(messages: readonly ChatMessage[], system: string | undefined): readonly ChatMessage[] {
  if (system === undefined || system === '' || messages[0]?.role === 'system') return messages;
  return [{ role: 'system', content: system }, ...messages];
}
