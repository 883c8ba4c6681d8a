import { createHmac } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { NotifyRule } from '../../settings/notify-schema.ts';
import type { Message } from './message.ts';
import { readSecretFile } from './secret-file.ts';
import { sendMail } from './send-mail.ts';

/** Where a message goes. */
export type Channel = Pick<NotifyRule, 'webhook' | 'email' | 'log'>;

export interface DeliverOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
  /** Milliseconds that a receiver may take; default 10 seconds. */
  readonly limit?: number;
}

const LIMIT = 10_000;
const SHORTEST_SECRET = 16;

/**
 * Hands a message over; resolves when the receiver has taken it. Throws `notify.failed`, which says nothing of
 * secrets or of what the receiver answered but its status.
 */
export async function deliver(message: Message, channel: Channel, options: DeliverOptions): Promise<void> {
  try {
    if (channel.webhook) await post(message, channel.webhook, options);
    else if (channel.email) await sendMail(message, channel.email, options.limit ?? LIMIT);
    else if (channel.log !== undefined)
      await appendFile(channel.log, `${JSON.stringify(message)}\n`, { mode: 0o600 });
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    throw failed(channel, reasonOf(error));
  }
}

/** A channel for people: without user, query and secret. */
export function nameOf({ webhook, email, log }: Channel): string {
  if (webhook) return `webhook ${new URL(webhook.url).origin}`;
  if (email) return `e-mail to ${email.to.join(', ')}`;
  return `log ${log ?? ''}`;
}

async function post(
  message: Message,
  { url, secretFile }: NonNullable<Channel['webhook']>,
  { now, signal, limit = LIMIT }: DeliverOptions,
): Promise<void> {
  const body = JSON.stringify(message);
  const headers = signed(message.id, body, await readSecret(secretFile), now);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'deckhand', ...headers },
    body,
    // an address elsewhere was not chosen by the person
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]),
  });
  await response.body?.cancel();
  if (!response.ok) throw failed({ webhook: { url, secretFile } }, `it answered ${response.status}`);
}

/**
 * The headers of the Standard Webhooks specification: an id that is the same for every try, the time of this try, and
 * HMAC-SHA256 over `id.time.body`. A receiver refuses old times and ids it has seen.
 */
export function signed(
  id: string,
  body: string,
  secret: Buffer,
  now: number,
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

async function readSecret(file: string): Promise<Buffer> {
  const secret = await readSecretFile(file);
  if (secret.length >= SHORTEST_SECRET) return Buffer.from(secret);
  throw new DeckhandError('notify.failed', `${file}: the key has ${secret.length} characters.`, {
    hint: `Give it at least ${SHORTEST_SECRET}: openssl rand -hex 32 > ${file}`,
  });
}

function failed(channel: Channel, reason: string): DeckhandError {
  return new DeckhandError('notify.failed', `${nameOf(channel)}: ${reason}.`);
}

function reasonOf(thrown: unknown): string {
  const error = thrown as NodeJS.ErrnoException & { readonly responseCode?: number };
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  return cause?.code ?? error.code ?? (error.message.split('\n')[0] ?? 'unknown').slice(0, 200);
}
