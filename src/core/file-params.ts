import { z } from './schema.ts';
import { executeParams } from './task-params.ts';

/** Bytes of a file that are read or written at once. */
export const LARGEST_FILE = 2 * 1024 * 1024;

export const filePath = z
  .string()
  .regex(/^\/[^\0]{0,4095}$/, 'an absolute path')
  .refine(path => !path.split('/').includes('..'), 'a path without ..');

/** What `file.write` takes; the content is the task's input, which is kept until it succeeded. */
export const fileWriteParams = z.strictObject({
  path: filePath,
  /** SHA-256 of what is there now, `none`: nothing may be there. */
  expected: z.union([z.literal('none'), z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')]),
  /** Of a new file. One that is there keeps its own. */
  mode: z
    .string()
    .regex(/^0[0-7]{3,4}$/)
    .default('0644'),
  root: z.boolean().default(false),
  approval: executeParams.shape.approval,
});
export type FileWriteParams = z.infer<typeof fileWriteParams>;

export interface FileWriteResult {
  readonly hash: string;
  readonly bytes: number;
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}
