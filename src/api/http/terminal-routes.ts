import { DeckhandError } from '../../core/deckhand-error.ts';
import { z } from '../../core/schema.ts';
import { executeParams } from '../../core/task-params.ts';
import type { Surroundings } from '../../core/task.ts';
import { terminalSize } from '../terminal/client-message.ts';
import type { TerminalTicket, TerminalWish } from '../terminal-contract.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

const openBody = z.strictObject({
  surroundings: requests.surroundings,
  ...terminalSize,
  term: z
    .string()
    .regex(/^[\w.+-]{1,60}$/)
    .optional(),
  terminal: z.string().max(60).optional().describe('one of your own that is still open'),
  approval: executeParams.shape.approval,
});
const ticketView = z
  .object({
    terminal: z.string().describe('its id: with it one comes back'),
    ticket: z.string().describe('works once, for half a minute, as the second protocol of the WebSocket'),
    expiresAt: z.number().describe('milliseconds since the epoch'),
    keep: z.number().describe('milliseconds that it lives on when nobody is there'),
    idle: z.number().describe('milliseconds without input after which it is closed; 0 = never'),
    recorded: z.boolean(),
  })
  .openapi('TerminalTicket') satisfies z.ZodType<TerminalTicket>;

/** The way to a terminal; the terminal itself is a WebSocket at the same address (`serve-terminals.ts`). */
export function registerTerminalRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'openTerminal',
    method: 'post',
    path: '/v1/hosts/{host}/terminal',
    summary: 'Opens a terminal on a host, or finds one again, and gives the ticket for its WebSocket.',
    parameters: requests.hostPath,
    body: openBody,
    answer: ticketView,
    carryOut: async ({ parameters, body, api }) => {
      const { surroundings, ...wish } = body;
      const at = requests.exact<Surroundings>(surroundings);
      return await api.openTerminal(at, parameters.host, requests.exact<TerminalWish>(wish));
    },
  });
  register(parts, {
    id: 'attachTerminal',
    method: 'get',
    path: '/v1/hosts/{host}/terminal',
    summary:
      'The terminal as a WebSocket with the protocols `deckhand-terminal.1` and the ticket; `after` = bytes of output that were seen.',
    parameters: requests.hostPath,
    query: z.object({
      after: z
        .string()
        .regex(/^\d{1,15}$/)
        .optional(),
    }),
    answer: z.object({}),
    carryOut: () =>
      Promise.reject(
        new DeckhandError('input.invalid', 'A terminal is a WebSocket: ask with `upgrade: websocket`.', {
          details: { field: 'upgrade' },
        }),
      ),
  });
}
