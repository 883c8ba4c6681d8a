import { connectClient } from '../../src/api/http/connect.ts';
import type { TaskApi } from '../../src/api/task-api.ts';
import type { ChatEvent, ChatParameters } from '../../src/core/chat.ts';
import { systemClock } from '../../src/core/clock.ts';
import { toDeckhandError } from '../../src/core/deckhand-error.ts';
import { placesOf } from '../../src/daemon/places.ts';
import { EngineEyes } from '../e2e/engine-eyes.ts';
import { openModelLab, tinyModel } from '../e2e/model-lab.ts';
import { type Fault, until } from './fault.ts';

const NAME = 'slow';
const ENDLESS = { temperature: 0, seed: 7, extra: { ignore_eos: true } };
/** Milliseconds of darkness that an answer lives through, and after which a cancelled one must be gone. */
const HOLES = [8_000, 25_000, 60_000];
const IDLE = 1_000;

/** Long darkness in the middle of long answers, and answers that nobody wants any more. */
export const fault: Fault = {
  id: 'B08',
  title: 'answers of 3,000 tokens through 8, 25 and 60 s without a network; cancelling, also in the dark',
  async run({ short, say, check }) {
    await using lab = await openModelLab([121]);
    const [host] = lab.hosts;
    if (!host) throw new Error('no host');
    const shape = { dimension: 128, feedForward: 512, layers: 3, heads: 4, context: 16_384 };
    const model = await tinyModel(lab.folder, `${NAME}.gguf`, shape);
    const deployed = await lab.deckhand(
      'model',
      'deploy',
      ...lab.asGuest,
      host.name,
      model,
      '--threads',
      '1',
    );
    if (deployed.code !== 0) throw new Error(deployed.stderr);
    await using eyes = new EngineEyes(host, lab.folder);
    const state = { HOME: lab.folder, XDG_STATE_HOME: `${lab.folder}/state` };
    await using api = connectClient({ socketPath: placesOf(state).socket });
    const surroundings = { folder: lab.folder, sshConfigFile: lab.asGuest[1] ?? '', overrides: {} };
    const chat: Chat = (parameters, signal) =>
      api.chat(
        surroundings,
        {
          model: NAME,
          messages: [{ role: 'user', content: 'hi' }],
          parameters: { ...ENDLESS, ...parameters },
        },
        { signal },
      );

    const calm = await answer(chat, () => Promise.resolve());
    check(calm.tokens >= 3_000, `undisturbed: ${calm.tokens} tokens`);
    for (const hole of short ? HOLES.slice(0, 1) : HOLES) {
      const dark = await answer(chat, async () => {
        await host.net('blackhole');
        await systemClock.sleep(hole);
        await host.net('ok');
      });
      const about = `${hole / 1000} s: ${dark.resumed} times taken up again, notes: ${dark.notes.join(', ')}`;
      check(dark.text === calm.text, `${about}; every character is the same`);
    }

    const times: number[] = [];
    for (let round = 0; round < (short ? 10 : 50); round += 1) times.push(await cancelled(chat, eyes));
    say(`cancelled ${times.length} times: idle after ${shown(times)} ms`);
    check(Math.max(...times) <= IDLE, `idle within ${IDLE} ms each time`);

    const stop = new AbortController();
    const reading = drained(chat({}, stop.signal));
    await eyes.untilBusy(NAME);
    await eyes.forget();
    await host.net('blackhole');
    stop.abort();
    await reading;
    await systemClock.sleep(2_000);
    await host.net('ok');
    const back = performance.now();
    await until(
      'the engine is idle',
      60_000,
      async () => ((await eyes.busy(NAME)) === 0 ? true : undefined),
      20,
    );
    say(`cancelled in the dark: idle ${Math.round(performance.now() - back)} ms after the network was back`);
  },
};

type Chat = (parameters: ChatParameters, signal: AbortSignal) => ReturnType<TaskApi['chat']>;

interface Answered {
  readonly text: string;
  readonly tokens: number;
  readonly resumed: number;
  readonly notes: readonly string[];
}

/** 3,000 tokens, disturbed when the first fifth of them is there. */
async function answer(chat: Chat, disturb: () => Promise<void>): Promise<Answered> {
  let text = '';
  let pieces = 0;
  const notes: string[] = [];
  let usage: Extract<ChatEvent, { event: 'done' }>['usage'] | null = null;
  for await (const event of chat({ maxTokens: 3_000 }, new AbortController().signal)) {
    if (event.event === 'note') notes.push(JSON.stringify(event));
    if (event.event === 'done') usage = event.usage;
    if (event.event !== 'text') continue;
    text += event.text;
    pieces += 1;
    if (pieces === 600) await disturb();
  }
  return { text, notes, tokens: usage?.completionTokens ?? 0, resumed: usage?.resumed ?? 0 };
}

/** Milliseconds from cancelling an endless answer until the server is idle. */
async function cancelled(chat: Chat, eyes: EngineEyes): Promise<number> {
  const stop = new AbortController();
  const reading = drained(chat({}, stop.signal));
  await eyes.untilBusy(NAME);
  const begun = performance.now();
  stop.abort();
  await eyes.untilIdle(NAME);
  const time = performance.now() - begun;
  await reading;
  return time;
}

async function drained(events: AsyncIterable<ChatEvent>): Promise<void> {
  try {
    for await (const _event of events);
  } catch (error) {
    if (toDeckhandError(error).code !== 'command.cancelled' && !(error instanceof DOMException)) throw error;
  }
}

function shown(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `${sorted[Math.floor(sorted.length / 2)]?.toFixed(0)} (at most ${sorted.at(-1)?.toFixed(0)})`;
}
