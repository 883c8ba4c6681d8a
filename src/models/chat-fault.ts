import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { numberAt, parseJson, textAt } from './json.ts';

const LONGEST_REASON = 500;

/** What a status other than 200, or an error within a stream, means. `server` and its words are for people. */
export function chatFault(server: string, status: number, text: string): DeckhandError {
  const json = parseJson(text);
  const reason = reasonOf(json, text);
  const details = { server, status, ...(textAt(json, 'error', 'type') && { type: typeOf(json) }) };
  const fault = (code: DeckhandError['code'], said: string): DeckhandError =>
    new DeckhandError(code, `${server}: ${said}`, { details });
  const overflow = overflowOf(json, reason);
  if (overflow) {
    const { needed, limit } = overflow;
    const numbers =
      needed !== null && limit !== null
        ? `the conversation has ${needed} tokens, the context of the model ${limit}.`
        : `${reason}.`;
    return new DeckhandError('chat.context-overflow', `${server}: ${numbers}`, {
      details: { ...details, needed, limit },
    });
  }
  if (status === 401 || status === 403)
    return fault('engine.key-rejected', `the key was answered with ${status}.`);
  if (status === 404 && /model/i.test(reason)) return fault('chat.unknown-model', `${reason}.`);
  if (status === 400 && /model .*not found/i.test(reason)) return fault('chat.unknown-model', `${reason}.`);
  if (status === 501 || /not supported/i.test(reason)) return fault('chat.unsupported', `${reason}.`);
  if (status === 429) return fault('chat.busy', `${reason}.`);
  if (status === 503)
    return fault(typeOf(json) === 'tunnel_down' ? 'tunnel.down' : 'engine.down', `${reason}.`);
  if (status >= 400 && status < 500 && json !== undefined) return fault('chat.refused', `${reason}.`);
  if (json === undefined && status < 500)
    return fault('chat.malformed', `answered ${status} with something that is no JSON: ${reason}`);
  return fault('engine.failed', `answered ${status}: ${reason}.`);
}

/** An answer that should have been an event stream and is something else. */
export function notAStream(server: string, type: string, text: string): DeckhandError {
  const words = sanitiseText(text).replaceAll(/\s+/g, ' ').trim().slice(0, 80);
  return new DeckhandError(
    'chat.malformed',
    `${server}: answered with '${type}' in place of an event stream: ${words === '' ? 'nothing' : words}`,
    { details: { server } },
  );
}

/** A message of the stream that is no JSON. */
export function notJson(server: string, text: string): DeckhandError {
  const words = sanitiseText(text).slice(0, 80);
  return new DeckhandError('chat.malformed', `${server}: a part of the answer is no JSON: ${words}`, {
    details: { server },
  });
}

function overflowOf(
  json: unknown,
  reason: string,
): { readonly needed: number | null; readonly limit: number | null } | null {
  const isOne =
    typeOf(json) === 'exceed_context_size_error' ||
    textAt(json, 'error', 'code') === 'context_length_exceeded' ||
    /(maximum context length|exceeds? the (available )?context)/i.test(reason);
  if (!isOne) return null;
  const said = /maximum context length is (\d+)[^\d]+(\d+) tokens/i.exec(reason);
  return {
    needed: numberAt(json, 'error', 'n_prompt_tokens') ?? (said ? Number(said[2]) : null),
    limit: numberAt(json, 'error', 'n_ctx') ?? (said ? Number(said[1]) : null),
  };
}

function typeOf(json: unknown): string | null {
  return textAt(json, 'error', 'type');
}

function reasonOf(json: unknown, text: string): string {
  const said = textAt(json, 'error', 'message') ?? textAt(json, 'error') ?? textAt(json, 'message') ?? text;
  const words = sanitiseText(said).replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  return words === '' ? 'no reason was given' : words.slice(0, LONGEST_REASON);
}
