import type { ErrorRecord } from './deckhand-error.ts';
import type { Endpoint } from './endpoint.ts';
import { z } from './schema.ts';

/** The words of tunnels: what one is told to do, and what it says of itself. Durations in milliseconds. */

/** Bytes of a unix socket's path that every system takes. */
export const LONGEST_SOCKET_PATH = 103;
const MINUTE = 60_000;

const port = z.number().int().min(0).max(65_535);
const path = z
  .string()
  .startsWith('/', 'a socket needs an absolute path')
  .refine(text => !text.includes('\0'), 'it contains a NUL byte')
  .refine(
    text => new TextEncoder().encode(text).length <= LONGEST_SOCKET_PATH,
    `the path of a socket has at most ${LONGEST_SOCKET_PATH} bytes`,
  );
const name = z.string().min(1).max(255);
const listen = z.union([z.strictObject({ host: name, port }), z.strictObject({ path })]);
const target = z.union([z.strictObject({ host: name, port: port.min(1) }), z.strictObject({ path })]);

/** `local`: listens here, leads to what the host reaches. `remote`: the other way. `dynamic`: SOCKS5, here. */
export const forwardSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('local'), listen, target }),
  z.strictObject({ kind: z.literal('remote'), listen, target }),
  z.strictObject({ kind: z.literal('dynamic'), listen }),
]);
export type Forward = z.infer<typeof forwardSchema>;

export const tunnelName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dot, dash and underscore, at most 64');

/** What the kind `ssh.tunnel` takes. */
export const tunnelParams = z.strictObject({
  name: tunnelName,
  /** One host, by its name. */
  host: z.string().min(1).max(255),
  forward: forwardSchema,
  /** True: another free port when the wanted one is taken. */
  anyPort: z.boolean().default(false),
  /** How long a connection that could not be opened yet is held; 0 = it fails at once. */
  hold: z
    .number()
    .int()
    .min(0)
    .max(10 * MINUTE)
    .default(15_000),
  /** How a connection is refused: `http` with an answer, `tcp` by a reset, `auto` as its first bytes look. */
  protocol: z.enum(['auto', 'http', 'tcp']).default('auto'),
  health: z
    .strictObject({
      /** Between two looks; 0 = none. */
      interval: z
        .number()
        .int()
        .min(0)
        .max(1440 * MINUTE)
        .default(30_000),
      /** Asked by GET of the target; absent: a connection to it is enough. */
      path: z.string().startsWith('/').max(2000).optional(),
    })
    .prefault({}),
});
export type TunnelParams = z.infer<typeof tunnelParams>;

/** `needs-attention`: it does not try again until a person says so. */
export type LinkState = 'connecting' | 'up' | 'down' | 'needs-attention' | 'closed';
/** `loading` and `sleeping` are well: the target answers, and will serve. */
export const HEALTH_STATES = ['starting', 'loading', 'healthy', 'sleeping', 'degraded', 'down'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

export interface TunnelStatistics {
  /** Bytes towards the target, and back. */
  readonly sent: number;
  readonly received: number;
  /** Connections: now, since it was opened, waiting now, waited at all, refused or cut. */
  readonly open: number;
  readonly total: number;
  readonly held: number;
  readonly heldEver: number;
  readonly failed: number;
  readonly reconnects: number;
}

/** What a tunnel says of itself; plain data. Times: milliseconds since the epoch. */
export interface TunnelStatus {
  readonly link: LinkState;
  readonly linkSince: number;
  /** Where connections are taken: here, or on the host for `remote`. Null: nowhere yet. */
  readonly listening: Endpoint | null;
  readonly health: {
    readonly state: HealthState;
    readonly since: number;
    /** Milliseconds the last look took; null when there was no answer. */
    readonly latency: number | null;
    readonly text: string;
  };
  readonly statistics: TunnelStatistics;
  readonly lastError: ErrorRecord | null;
  /** What changed, oldest first; the newest 100. */
  readonly history: readonly TunnelChange[];
  /** When this was said. */
  readonly at: number;
}

export interface TunnelChange {
  readonly time: number;
  readonly what: 'link' | 'health';
  readonly state: LinkState | HealthState;
  readonly text: string;
}
