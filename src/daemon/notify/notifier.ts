import { createHash } from 'node:crypto';
import type { NotificationTest } from '../../api/oversight-contract.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { newId } from '../../core/ids.ts';
import { isFinal, TASK_STATES } from '../../core/task-state.ts';
import type { TaskEvent } from '../../core/task-event.ts';
import type { TaskRecord } from '../../core/task.ts';
import type { NotifyRule } from '../../settings/notify-schema.ts';
import type { Store } from '../../store/store.ts';
import { type Channel, deliver, nameOf } from './deliver.ts';
import { eventsToTell, mayBeTold, type Message, messageOf } from './message.ts';
import { addDeliveries, type Delivery, EMPTY, type Outbox, settleDelivery } from './outbox.ts';

export interface NotifierOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** 0 … 1. */
  readonly chance: () => number;
  /** Who is to be told of what, as it is now. May throw `settings.invalid`. */
  readonly rules: () => Promise<readonly NotifyRule[]>;
  readonly onTrouble: (error: DeckhandError) => void;
  /** Milliseconds that a receiver may take. */
  readonly limit?: number;
  /** Milliseconds before the second try. */
  readonly firstPause?: number;
  /** Milliseconds that a person at the terminal has to answer before others are told; default 3 seconds. */
  readonly grace?: number;
}

const SETTING = 'notify';
/** Milliseconds that events are collected. */
const COLLECT = 50;
const GRACE = 3000;
/** Longest sleep of the sender, milliseconds: a clock that was set must not stop it. */
const LONGEST_SLEEP = 60_000;
const MOST_PENDING = 10_000;
const PAGE = 1000;
const OPEN_STATES = TASK_STATES.filter(state => !isFinal(state));

/**
 * Tells people: looks at what was committed, never in its way; keeps what is to be told before it tries; tries again
 * with longer and longer pauses. After a crash it looks again at what happened since it last looked.
 */
export class Notifier implements AsyncDisposable {
  readonly #options: NotifierOptions;
  readonly #closing = new AbortController();
  readonly #busy = new Set<string>();
  readonly #tries = new Set<Promise<void>>();
  readonly #unwatch: () => void;
  #pending: TaskEvent[] = [];
  #outbox: Outbox = EMPTY;
  #collecting: NodeJS.Timeout | undefined;
  #sleeping: NodeJS.Timeout | undefined;
  /** One after the other: what is kept is one value. */
  #last: Promise<void>;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#unwatch = options.store.watch(({ events }) => this.#look(events));
    this.#last = this.#guarded(async () => await this.#restore());
  }

  /** Sends a message to every receiver of the rules, now and once. Throws `settings.invalid`. */
  async test(): Promise<readonly NotificationTest[]> {
    const rules = await this.#options.rules();
    return await Promise.all(
      rules.map(async ({ on, webhook, email, log }) => {
        const channel = channelOf({ webhook, email, log });
        const about = { channel: nameOf(channel), on };
        try {
          await this.#deliver(this.#testMessage(), channel);
          return { ...about, error: null };
        } catch (error) {
          return { ...about, error: toDeckhandError(error).toJSON() };
        }
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unwatch();
    this.#closing.abort();
    clearTimeout(this.#collecting);
    clearTimeout(this.#sleeping);
    await Promise.all(this.#tries);
    await this.#last;
  }

  #look(events: readonly TaskEvent[]): void {
    const told = events.filter(mayBeTold);
    if (told.length === 0) return;
    this.#pending.push(...told.slice(0, Math.max(MOST_PENDING - this.#pending.length, 0)));
    this.#collecting ??= setTimeout(() => {
      this.#collecting = undefined;
      this.#inTurn(async () => await this.#collect());
    }, COLLECT).unref();
  }

  /** `always`: also while the engine closes. */
  #inTurn(work: () => Promise<void>, always = false): void {
    this.#last = this.#last.then(async () => await this.#guarded(work, always));
  }

  async #guarded(work: () => Promise<void>, always = false): Promise<void> {
    try {
      if (always || !this.#closing.signal.aborted) await work();
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#options.onTrouble(toDeckhandError(error));
    }
  }

  async #restore(): Promise<void> {
    const { store, rules } = this.#options;
    this.#outbox = ((await store.setting(SETTING)) as Outbox | null | undefined) ?? EMPTY;
    const { checkpoint } = this.#outbox;
    if (checkpoint !== null && (await rules()).length > 0) {
      const [open, ended] = await Promise.all([
        store.tasks({ states: OPEN_STATES }, { limit: PAGE }),
        store.tasks({ finishedAfter: checkpoint }, { limit: PAGE }),
      ]);
      for (const task of [...open.tasks, ...ended.tasks]) await this.#missed(task, checkpoint);
    }
    this.#send();
  }

  /** What happened between the last look and the end of the process. */
  async #missed(task: TaskRecord, checkpoint: number): Promise<void> {
    const events = await this.#options.store.events(task.id, Math.max(0, task.lastSeq - PAGE), PAGE);
    this.#look(events.filter(({ time }) => Date.parse(time) >= checkpoint));
  }

  async #collect(): Promise<void> {
    const events = this.#pending;
    this.#pending = [];
    const rules = await this.#options.rules();
    if (rules.length === 0 || events.length === 0) return;
    const found: Delivery[] = [];
    for (const event of events) found.push(...(await this.#deliveriesOf(event, rules)));
    const seenUntil = Math.max(...events.map(({ time }) => Date.parse(time)));
    const { outbox, dropped } = addDeliveries(this.#outbox, found, seenUntil);
    await this.#keep(outbox);
    if (dropped > 0)
      this.#trouble(`${dropped} notifications were dropped: their receivers took none for too long.`);
    this.#send();
  }

  async #deliveriesOf(event: TaskEvent, rules: readonly NotifyRule[]): Promise<readonly Delivery[]> {
    const { store, clock, grace = GRACE } = this.#options;
    const task = await store.task(event.task).catch(() => null);
    if (!task) return [];
    const wanted = eventsToTell(event, task);
    const asks = wanted.includes('approval-requested') || wanted.includes('needs-person');
    const [approval] = asks ? await store.approvals({ state: 'open', task: task.id }) : [];
    return rules.flatMap(({ on, template, webhook, email, log }) => {
      const name = wanted.find(one => on.includes(one));
      if (name === undefined) return [];
      const channel = channelOf({ webhook, email, log });
      const id = idOf([task.id, event.seq, name, channel]);
      const message = messageOf(event, task, { id, event: name, template, approval: approval?.id });
      const nextAt = clock.now() + (name === 'approval-requested' ? grace : 0);
      return [{ message, channel, attempt: 0, nextAt }];
    });
  }

  /** Begins every try that is due; one at a time for each receiver, so that one that hangs delays no other. */
  #send(): void {
    if (this.#closing.signal.aborted) return;
    const now = this.#options.clock.now();
    for (const delivery of this.#outbox.open) {
      const receiver = JSON.stringify(delivery.channel);
      if (delivery.nextAt > now || this.#busy.has(receiver)) continue;
      this.#busy.add(receiver);
      const trying = this.#try(delivery, receiver).finally(() => this.#tries.delete(trying));
      this.#tries.add(trying);
    }
    this.#sleep(now);
  }

  #sleep(now: number): void {
    clearTimeout(this.#sleeping);
    const waiting = this.#outbox.open.filter(({ nextAt }) => nextAt > now).map(({ nextAt }) => nextAt - now);
    if (waiting.length === 0) return;
    this.#sleeping = setTimeout(() => this.#send(), Math.min(...waiting, LONGEST_SLEEP)).unref();
  }

  async #try({ message, channel }: Delivery, receiver: string): Promise<void> {
    let fault: DeckhandError | null = null;
    try {
      if (await this.#stillWanted(message)) await this.#deliver(message, channel);
    } catch (error) {
      fault = toDeckhandError(error);
    }
    // what was under way when the engine closed is tried again by the next one
    if (fault !== null && this.#closing.signal.aborted) return;
    this.#inTurn(async () => {
      const { clock, chance, firstPause } = this.#options;
      // not before it is settled: nothing is told twice
      this.#busy.delete(receiver);
      const settled = settleDelivery(this.#outbox, message.id, fault === null, {
        now: clock.now(),
        chance: chance(),
        firstPause,
      });
      await this.#keep(settled.outbox);
      if (settled.givenUp)
        this.#trouble(`${message.event} of ${message.task} was not told: ${fault?.message}`);
      this.#send();
    }, true);
  }

  /** A plan that was answered in the meantime waits for nobody. */
  async #stillWanted({ event, task }: Message): Promise<boolean> {
    if (event !== 'approval-requested') return true;
    return (await this.#options.store.approvals({ state: 'open', task })).length > 0;
  }

  async #deliver(message: Message, channel: Channel): Promise<void> {
    const { clock, limit } = this.#options;
    const options = { now: clock.now(), signal: this.#closing.signal };
    await deliver(message, channel, limit === undefined ? options : { ...options, limit });
  }

  async #keep(outbox: Outbox): Promise<void> {
    this.#outbox = outbox;
    await this.#options.store.saveSetting(SETTING, outbox);
  }

  #trouble(text: string): void {
    this.#options.onTrouble(new DeckhandError('notify.failed', text));
  }

  #testMessage(): Message {
    const now = this.#options.clock.now();
    const text = 'Deckhand can tell you things here.';
    return {
      version: 1,
      id: newId('notice', now),
      event: 'test',
      time: new Date(now).toISOString(),
      task: '',
      kind: 'test',
      title: text,
      state: 'test',
      hosts: [],
      error: null,
      next: 'deckhand task list',
      text,
    };
  }
}

function channelOf({
  webhook,
  email,
  log,
}: {
  readonly webhook: NotifyRule['webhook'];
  readonly email: NotifyRule['email'];
  readonly log: NotifyRule['log'];
}): Channel {
  return { ...(webhook && { webhook }), ...(email && { email }), ...(log !== undefined && { log }) };
}

function idOf(parts: readonly unknown[]): string {
  return `notice-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;
}
