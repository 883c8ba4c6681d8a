import { z } from '../core/schema.ts';

const text = z.string().max(300);
const bytes = z.number().int().nonnegative();

export const diskSchema = z.strictObject({
  mount: z.string().max(1000),
  /** `ext4`, `xfs`, `overlay` …; `unknown` where the kernel does not say. */
  type: text,
  /** Bytes. */
  total: bytes,
  /** Bytes an unprivileged account may still write. */
  available: bytes,
});
export type Disk = z.infer<typeof diskSchema>;

export const listenerSchema = z.strictObject({
  /** `0.0.0.0`, `::`, `127.0.0.1` …; without brackets and interface. */
  address: text,
  port: z.number().int().min(1).max(65_535),
});
export type Listener = z.infer<typeof listenerSchema>;

export const gpuSchema = z.strictObject({
  name: text,
  /** Bytes; null where only the bus was asked. */
  memory: bytes.nullable(),
  driver: text.nullable(),
  source: z.enum(['nvidia-smi', 'lspci', 'sys']),
});
export type Gpu = z.infer<typeof gpuSchema>;

/** What is known of a host. All text is sanitised; all sizes are bytes, all times milliseconds. */
export const factsSchema = z.strictObject({
  version: z.literal(1),
  /** Milliseconds since the epoch, by this machine's clock. */
  collectedAt: z.number().int(),
  os: z.strictObject({
    /** `debian`, `ubuntu`, `alpine` …; `unknown` without an os-release file. */
    id: text,
    family: z.enum(['debian', 'rhel', 'suse', 'alpine', 'arch', 'openwrt', 'unknown']),
    version: text,
    prettyName: text,
    kernelName: text,
    kernel: text,
    /** As `uname -m` says it: `x86_64`, `aarch64` … */
    architecture: text,
  }),
  hostname: text,
  account: z.strictObject({
    user: text,
    userId: z.number().int().nonnegative(),
    group: text,
    home: z.string().max(1000),
  }),
  processor: z.strictObject({ count: z.number().int().min(1), model: text.nullable() }),
  memory: z.strictObject({ total: bytes, available: bytes }).nullable(),
  disks: z.array(diskSchema).max(500),
  /** Where Deckhand keeps its run directories on this host. */
  state: z.strictObject({
    path: z.string().max(1000),
    writable: z.boolean(),
    /** Bytes; null where `df` did not answer. */
    available: bytes.nullable(),
  }),
  init: z.enum(['systemd', 'openrc', 'runit', 'busybox', 'sysv', 'none']),
  packageManager: z.enum(['apt', 'dnf', 'yum', 'zypper', 'apk', 'pacman', 'opkg']).nullable(),
  /** `password-or-none`: sudo is there, but without a password it refused. */
  sudo: z.enum(['root', 'passwordless', 'password-or-none', 'absent']),
  python: text.nullable(),
  gpus: z.array(gpuSchema).max(64),
  listeners: z.array(listenerSchema).max(1000),
  virtualization: z.strictObject({
    kind: z.enum(['container', 'machine', 'none', 'unknown']),
    name: text.nullable(),
  }),
  /** Milliseconds since boot; null where /proc is missing. */
  uptime: z.number().nonnegative().nullable(),
  bootId: text.nullable(),
  timeZone: text.nullable(),
  /** The host's clock minus ours, milliseconds; 0 where nothing but a second and the asking's own time lies between. */
  clockSkew: z.number(),
});
export type Facts = z.infer<typeof factsSchema>;
