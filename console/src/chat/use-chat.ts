import { useCallback, useEffect, useRef, useState } from 'react';
import {
  type ChatMessage,
  type ChatUsage,
  type DeckhandError,
  type KeptMessage,
  toDeckhandError,
} from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { useChanges } from '../engine/use-live.ts';

/** One message on the screen; an answer grows while it is streamed. */
export interface ShownMessage extends ChatMessage {
  readonly thinking?: string;
  readonly model?: string;
  readonly usage?: ChatUsage;
  readonly finishReason?: string | null;
}

export interface ChatView {
  readonly conversation: string | null;
  readonly messages: readonly ShownMessage[];
  /** `reading`: what was said before is not here yet; `asking`: no word of the answer has come yet. */
  readonly state: 'reading' | 'idle' | 'asking' | 'answering';
  /** Of the way there: held up, taken up again. */
  readonly note: string | null;
  readonly error: DeckhandError | null;
  /** Asks with these messages; what is kept of the conversation after them is replaced. */
  readonly ask: (messages: readonly ShownMessage[]) => void;
  /** Ends the answer here and on the server. */
  readonly stop: () => void;
}

interface Held {
  readonly conversation: string | null;
  readonly messages: readonly ShownMessage[];
  readonly state: ChatView['state'];
  readonly note: string | null;
  readonly error: DeckhandError | null;
}

const EMPTY: Held = { conversation: null, messages: [], state: 'idle', note: null, error: null };

/** The conversation of an id, or a new one; `onBegun` is told the id of one that was begun. */
export function useChat(
  id: string | null,
  { model, onBegun }: { readonly model: string; readonly onBegun: (id: string) => void },
): ChatView {
  const [held, setHeld] = useState<Held>(EMPTY);
  const shown = useRef<string | null>(null);
  const running = useRef<AbortController | null>(null);
  /** The conversation that is being read, or could not be. */
  const missing = useRef<string | null>(null);
  const change = useCallback(
    (part: (old: Held) => Partial<Held>) => setHeld(old => ({ ...old, ...part(old) })),
    [],
  );

  /** What was said before. Until it is here nothing is asked: a question replaces what comes after it. */
  const read = useCallback((wanted: string): void => {
    missing.current = wanted;
    const settle = (part: Partial<Held>): void => {
      if (shown.current !== wanted || missing.current !== wanted) return;
      if (part.state !== 'reading') missing.current = null;
      setHeld({ ...EMPTY, conversation: wanted, ...part });
    };
    settle({ state: 'reading' });
    api.conversation(wanted).then(
      ({ messages }) => settle({ messages: messages.map(plain) }),
      (thrown: unknown) => settle({ state: 'reading', error: toDeckhandError(thrown) }),
    );
  }, []);
  useEffect(() => {
    // a conversation that was begun here is on the screen already
    if (id === shown.current) return;
    shown.current = id;
    running.current?.abort();
    // its last word is not for the conversation that is shown next
    running.current = null;
    if (id === null) setHeld(EMPTY);
    else read(id);
  }, [id, read]);
  useChanges(change => {
    if (change.item === 'hello' && id !== null && id === shown.current && missing.current === id) read(id);
  });
  // who leaves the screen leaves the answer too: it would go on with nobody to stop it
  useEffect(() => () => running.current?.abort(), []);

  const ask = useCallback(
    (messages: readonly ShownMessage[]) => {
      if (missing.current !== null && missing.current === shown.current) return;
      running.current?.abort();
      const mine = new AbortController();
      running.current = mine;
      const conversation = shown.current;
      setHeld({
        ...EMPTY,
        conversation,
        messages: [...messages, { role: 'assistant', content: '' }],
        state: 'asking',
      });
      const isMine = (): boolean => running.current === mine;
      const onWord = (part: (answer: ShownMessage) => Partial<ShownMessage>): void =>
        change(old => ({
          state: 'answering',
          note: null,
          messages: old.messages.map((message, place) =>
            place === old.messages.length - 1 ? { ...message, ...part(message) } : message,
          ),
        }));
      const answer = async (): Promise<void> => {
        const request = {
          messages: messages.map(({ role, content }) => ({ role, content })),
          parameters: {},
          conversation: conversation ?? 'new',
          ...(model === '' ? {} : { model }),
        };
        for await (const event of api.chat(HERE, request, { signal: mine.signal })) {
          if (!isMine()) return;
          if (event.event === 'began') {
            change(() => ({ conversation: event.conversation }));
            shown.current = event.conversation;
            if (event.conversation !== null && conversation === null) onBegun(event.conversation);
            onWord(() => ({ model: event.model }));
            change(() => ({ state: 'asking' }));
          } else if (event.event === 'text') onWord(({ content }) => ({ content: content + event.text }));
          else if (event.event === 'thinking')
            onWord(({ thinking = '' }) => ({ thinking: thinking + event.text }));
          else if (event.event === 'note') change(() => ({ note: event.text }));
          else onWord(() => ({ usage: event.usage, finishReason: event.finishReason }));
        }
      };
      answer()
        .catch((thrown: unknown) => {
          if (!isMine()) return;
          if (mine.signal.aborted) onWord(() => ({ finishReason: 'cancelled' }));
          else change(() => ({ error: toDeckhandError(thrown) }));
        })
        .finally(() => isMine() && change(() => ({ state: 'idle', note: null })));
    },
    [change, model, onBegun],
  );
  const stop = useCallback(() => running.current?.abort(), []);
  return { ...held, ask, stop };
}

function plain({ number: _number, time: _time, ...message }: KeptMessage): ShownMessage {
  return message;
}
