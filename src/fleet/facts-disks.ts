import type { Disk } from './facts-schema.ts';

interface DiskRow {
  readonly mount: string;
  readonly total: number;
  readonly available: number;
}

const PSEUDO = /^(devtmpfs|squashfs|efivarfs|proc|sysfs|devpts|cgroup2?|ramfs|iso9660|nsfs|mqueue)$/;
const PSEUDO_MOUNT = /^\/(dev|run|sys|proc)(\/|$)/;
/** Images of containers show the disk below them once each. */
const CONTAINER_MOUNT = /^\/var\/(lib|snap)\/(docker|containers|containerd|kubelet|lxd)\//;

/** One row of `df -P -k`; null for the header or anything else. Sizes become bytes. */
export function parseDiskRow(row: string): DiskRow | null {
  const match = /\s(\d+)\s+-?\d+\s+(-?\d+)\s+(?:\d+%|-)\s+(\/.*)$/.exec(row);
  if (!match?.[1] || !match[2] || !match[3]) return null;
  return {
    mount: match[3],
    total: Number(match[1]) * 1024,
    available: Math.max(0, Number(match[2])) * 1024,
  };
}

/** File systems that hold data: rows of `df`, with their kind from /proc/mounts. */
export function parseDisks(rows: readonly string[], mounts: readonly string[]): Disk[] {
  const types = new Map<string, string>();
  for (const line of mounts) {
    const [, mount, type] = line.split(' ');
    if (mount && type) types.set(unescapeMount(mount), type);
  }
  const disks = new Map<string, Disk>();
  for (const row of rows) {
    const disk = parseDiskRow(row);
    if (!disk || disk.total === 0) continue;
    const type = types.get(disk.mount) ?? 'unknown';
    const pseudo = PSEUDO.test(type) || PSEUDO_MOUNT.test(disk.mount) || CONTAINER_MOUNT.test(disk.mount);
    if (disk.mount === '/' || !pseudo) disks.set(disk.mount, { ...disk, type });
  }
  return [...disks.values()].sort((a, b) => a.mount.localeCompare(b.mount));
}

/** /proc/mounts writes space as `\040`. */
function unescapeMount(mount: string): string {
  return mount.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}
