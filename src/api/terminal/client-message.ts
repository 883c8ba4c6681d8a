import { z } from '../../core/schema.ts';
import type { ClientMessage } from './frames.ts';

const side = z.number().int().min(1).max(1000);
/** Characters across and lines down, as anybody may say them. */
export const terminalSize = { columns: side, rows: side };

const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resize'), ...terminalSize }),
  z.strictObject({
    type: z.literal('answer'),
    question: z.string().max(100),
    answer: z.string().max(10_000).nullable(),
  }),
  z.strictObject({ type: z.literal('taken'), bytes: z.number().int().min(0) }),
  z.strictObject({ type: z.literal('close') }),
]) satisfies z.ZodType<ClientMessage>;

/** Null: it is none. */
export function readClientMessage(text: string): ClientMessage | null {
  try {
    return clientMessage.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
