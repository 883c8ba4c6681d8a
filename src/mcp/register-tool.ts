import type { McpServer } from '@modelcontextprotocol/server';
import type { TaskApi } from '../api/task-api.ts';
import { z } from '../core/schema.ts';
import type { Surroundings } from '../core/task.ts';
import { answered, type ToolAnswer } from './tool-answer.ts';

/** What every tool works with. */
export interface ToolParts {
  readonly server: McpServer;
  readonly api: TaskApi;
  /** Where hosts and settings are looked for. */
  readonly surroundings: Surroundings;
  /** Aborted when the program leaves. */
  readonly signal: AbortSignal;
}

export const hostsField = z
  .string()
  .min(1)
  .max(2000)
  .describe('Names, patterns (web-*), @group, !host, separated by commas; `all`');
export const hostField = z.string().min(1).max(300).describe('Name of one host');

/** One tool. Faults become answers that a model can read. */
export function tool<Shape extends z.ZodRawShape>(
  { server }: ToolParts,
  about: {
    readonly name: string;
    readonly description: string;
    readonly input: Shape;
    readonly readOnly: boolean;
  },
  work: (input: z.output<z.ZodObject<Shape>>) => Promise<ToolAnswer>,
): void {
  const { name, description, input, readOnly } = about;
  server.registerTool(
    name,
    {
      description,
      inputSchema: z.strictObject(input),
      annotations: { readOnlyHint: readOnly, destructiveHint: !readOnly, openWorldHint: true },
    },
    async given => await answered(async () => await work(given)),
  );
}
