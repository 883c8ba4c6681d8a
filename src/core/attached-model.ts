import { deploymentName } from './model-params.ts';
import { z } from './schema.ts';

/** Model servers that somebody else runs: how they are named, reached and remembered. Never a secret. */

const absolutePath = z
  .string()
  .regex(/^\/[^\0\n]*$/, 'an absolute path')
  .max(4096);
const endpoint = z.union([
  z.strictObject({ path: absolutePath }),
  z.strictObject({ host: z.string().regex(/^[^\s/\0]{1,253}$/), port: z.number().int().min(1).max(65_535) }),
]);
/** Before every path, such as `/openai`; usually empty. */
const base = z
  .string()
  .max(1000)
  .regex(/^(\/[^\s?#]*[^\s/?#])?$/)
  .default('');

export const connectParams = z.strictObject({
  /** Absent: after the kind of server that answers. */
  name: deploymentName.optional(),
  /** Where it may listen, as seen from the host; the first that answers is taken. */
  listen: z.array(endpoint).min(1).max(16),
  tls: z.boolean().default(false),
  base,
  /** A file of this machine with its key alone. */
  keyFile: absolutePath.optional(),
});
export type ConnectParams = z.infer<typeof connectParams>;

const shortText = z.string().max(300);

/** One that was found, as it is remembered beside the deployments. */
export const attachedModelSchema = z.object({
  kind: z.literal('attached'),
  /** From where it is reached; `local`: from this machine. */
  host: shortText,
  name: deploymentName,
  /** `ollama`, `vllm` … as it was recognised. */
  engine: shortText,
  version: shortText.nullable(),
  listen: endpoint,
  tls: z.boolean(),
  base,
  keyFile: absolutePath.nullable(),
  /** As it was when it was connected. */
  readiness: shortText,
  models: z.array(shortText).max(10_000),
  /** Milliseconds since the epoch. */
  attachedAt: z.number().int(),
});
export type AttachedModel = z.infer<typeof attachedModelSchema>;

export const disconnectParams = z.strictObject({ name: deploymentName, keyFile: absolutePath.nullable() });
export const lookParams = z.strictObject({ name: deploymentName, attached: attachedModelSchema });
