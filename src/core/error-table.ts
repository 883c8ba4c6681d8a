import { accessErrors } from './errors/access-errors.ts';
import { chatErrors } from './errors/chat-errors.ts';
import { commandErrors } from './errors/command-errors.ts';
import { connectionErrors } from './errors/connection-errors.ts';
import { fileErrors } from './errors/file-errors.ts';
import { inputErrors } from './errors/input-errors.ts';
import { modelErrors } from './errors/model-errors.ts';
import { planErrors } from './errors/plan-errors.ts';
import { plannerErrors } from './errors/planner-errors.ts';
import { policyErrors } from './errors/policy-errors.ts';
import type { ErrorTraits } from './errors/row.ts';
import { taskErrors } from './errors/task-errors.ts';
import { terminalErrors } from './errors/terminal-errors.ts';
import { transferErrors } from './errors/transfer-errors.ts';
import { tunnelErrors } from './errors/tunnel-errors.ts';

export { type ErrorTraits, EXIT } from './errors/row.ts';

/**
 * The closed list of everything that can go wrong, in one table.
 * `docs/errors.md` is generated from it (`npm run docs`), and a test keeps the two equal.
 */
export const ERROR_TABLE = {
  ...inputErrors,
  ...connectionErrors,
  ...commandErrors,
  ...planErrors,
  ...plannerErrors,
  ...policyErrors,
  ...modelErrors,
  ...chatErrors,
  ...taskErrors,
  ...transferErrors,
  ...tunnelErrors,
  ...fileErrors,
  ...accessErrors,
  ...terminalErrors,
} as const satisfies Record<string, ErrorTraits>;

export type ErrorCode = keyof typeof ERROR_TABLE;
