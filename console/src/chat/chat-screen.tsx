import { type JSX, type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import type { ServedModelView } from 'deckhand/client';
import { useAddress } from '../engine/address.ts';
import { useServed } from '../models/use-served.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Fault } from '../parts/fault.tsx';
import { Choices } from '../parts/field.tsx';
import { ScreenFrame } from '../parts/screen.tsx';
import { plainText, shellWord } from '../parts/words.ts';
import { Composer } from './composer.tsx';
import { ConversationList } from './conversation-list.tsx';
import { downloadConversation } from './export-conversation.ts';
import { MessageView } from './message-view.tsx';
import { type ShownMessage, useChat } from './use-chat.ts';

/** Characters of a model's name that are shown where it is chosen. */
const LONGEST_NAME = 120;

/** Talking with the models that run on one's own servers. */
export default function ChatScreen(): JSX.Element {
  const [address, change] = useAddress();
  const open = address.get('conversation');
  const model = address.get('model') ?? '';
  const [answers, setAnswers] = useState(0);
  const models = useServed();
  const onBegun = useCallback((id: string) => change({ conversation: id }), [change]);
  const chat = useChat(open, { model, onBegun });
  const { state, messages, ask } = chat;
  const isBusy = state === 'asking' || state === 'answering';
  useEffect(() => {
    if (state === 'idle') setAnswers(count => count + 1);
  }, [state]);
  const known = modelWords(models.value ?? []);
  const lastAnswer = messages.at(-1)?.role === 'assistant' ? messages.length - 1 : -1;
  return (
    <ScreenFrame
      title="Chat"
      actions={
        <>
          <Choices
            label="model"
            value={model}
            options={[
              ['', 'the only model there is'],
              ...[...known].map(([name, word]) => [name, word] as const),
            ]}
            onChange={event => change({ model: event.target.value })}
          />
          <Button disabled={messages.length === 0} onClick={() => downloadConversation(messages)}>
            Export
          </Button>
          <CopyButton
            label="copy as CLI"
            text={`deckhand chat ask${model === '' ? '' : ` --model ${shellWord(model)}`} ${shellWord(lastQuestion(messages))}`}
          />
        </>
      }
    >
      <div className="flex h-full flex-col md:flex-row">
        <ConversationList
          open={open}
          changed={answers}
          search={address.get('search') ?? ''}
          onSearch={search => change({ search })}
          onOpen={conversation => change({ conversation })}
        />
        <section aria-label="conversation" className="flex min-h-0 min-w-0 flex-1 flex-col">
          <Transcript messages={messages} isBusy={isBusy}>
            {messages.map((message, place) => (
              <MessageView
                // a message has no other name than its place
                // eslint-disable-next-line react/no-array-index-key
                key={place}
                message={message}
                streaming={isBusy && place === messages.length - 1}
                onRetry={!isBusy && place === lastAnswer ? () => ask(messages.slice(0, place)) : null}
                onEdit={
                  isBusy || message.role !== 'user'
                    ? null
                    : content => ask([...messages.slice(0, place), { role: 'user', content }])
                }
              />
            ))}
            {messages.length === 0 && !chat.error && state !== 'reading' ? (
              <NoWords served={known.size} asked={models.value !== null} />
            ) : null}
            {chat.note === null ? null : <p className="text-warn">{plainText(chat.note)}</p>}
            {state === 'asking' ? <p className="text-muted">waiting for the first word …</p> : null}
            {chat.error ? <Fault error={chat.error} /> : null}
            {models.error ? <Fault error={models.error} /> : null}
          </Transcript>
          <p role="status" className="sr-only">
            {isBusy ? 'The model answers.' : lastAnswer < 0 ? '' : 'The answer is complete.'}
          </p>
          <Composer
            answering={isBusy}
            disabled={state === 'reading'}
            onStop={chat.stop}
            onAsk={content => ask([...messages, { role: 'user', content }])}
          />
        </section>
      </div>
    </ScreenFrame>
  );
}

/** Each model that is served, with what keeps it from answering now. */
function modelWords(served: readonly ServedModelView[]): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const { model, server, kind, error } of served) {
    // a deployment is asked for by its name, also while it says nothing
    const name = model ?? (kind === 'deployment' ? (server.split('/').at(-1) ?? '') : '');
    // one that answers hides another of its name that does not
    if (name === '' || (words.has(name) && error)) continue;
    words.set(
      name,
      error ? `✗ ${plainText(name, LONGEST_NAME)} (${error.code})` : plainText(name, LONGEST_NAME),
    );
  }
  return words;
}

function lastQuestion(messages: readonly ShownMessage[]): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? 'Hello';
}

/** Follows the answer down until the reader scrolls up. */
function Transcript({
  messages,
  isBusy,
  children,
}: {
  readonly messages: readonly ShownMessage[];
  readonly isBusy: boolean;
  readonly children: ReactNode;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [messages, isBusy]);
  return (
    <div
      ref={box}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        follows.current = scrollTop + clientHeight > scrollHeight - 40;
      }}
      className="min-h-0 flex-1 overflow-auto px-4 py-3"
    >
      {children}
    </div>
  );
}

function NoWords({ served, asked }: { readonly served: number; readonly asked: boolean }): JSX.Element {
  if (!asked || served > 0)
    return (
      <EmptyState title="Ask your own model.">
        <p>What you write stays between this browser, this machine and your server.</p>
      </EmptyState>
    );
  return (
    <EmptyState title="No model is served yet.">
      <p>Put one on a server: it needs nothing there but SSH and a folder.</p>
      <p>
        <code className="font-mono text-text">deckhand model deploy HOST --model FILE.gguf</code>
      </p>
    </EmptyState>
  );
}
