import { z } from '@hono/zod-openapi';
import type { ConsoleView, LoginLink } from '../access-contract.ts';

const consoleView = z
  .object({ url: z.string(), loopback: z.boolean(), built: z.boolean(), sessions: z.number() })
  .openapi('Console') satisfies z.ZodType<ConsoleView>;

/** Answers about who else may ask. */
export const accessAnswers = {
  console: z.object({ console: consoleView.nullable() }),
  consoleView,
  loginLink: z.object({
    url: z.string(),
    expiresAt: z.number().describe('milliseconds since the epoch'),
  }) satisfies z.ZodType<LoginLink>,
};
