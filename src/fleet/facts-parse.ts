import { DeckhandError } from '../core/deckhand-error.ts';
import { z } from '../core/schema.ts';
import { parseDiskRow, parseDisks } from './facts-disks.ts';
import { parseListeners } from './facts-listeners.ts';
import { type Facts, type Gpu, factsSchema } from './facts-schema.ts';
import { type Sections, splitSections } from './facts-sections.ts';

export interface FactsAnswer {
  readonly host: string;
  readonly output: string;
  readonly marker: string;
  /** Milliseconds since the epoch on this machine, just before the request and just after the answer. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

/**
 * The script's answer as facts. Pure.
 * @throws DeckhandError `ssh.no-shell`, `host.unsupported` (cut short, or no such facts).
 */
export function parseFacts(answer: FactsAnswer): Facts {
  const sections = splitSections(answer.output, answer.marker, answer.host);
  const result = factsSchema.safeParse(readSections(sections, answer));
  if (result.success) return result.data;
  throw new DeckhandError(
    'host.unsupported',
    `${answer.host} answered facts that cannot be true: ${z.prettifyError(result.error)}`,
    { details: { host: answer.host } },
  );
}

type Lines = readonly string[];

/** Rows that are looked at: more of them are not facts but a flood. */
const MOST_DISKS = 500;
const MOST_SOCKETS = 1000;

/** What the sections say, not yet judged by the schema. */
function readSections(sections: Sections, answer: FactsAnswer): unknown {
  const lines = (name: string): Lines => sections.get(name) ?? [];
  const release = readRelease(lines('release'));
  const [kernelName, kernel, architecture, hostname] = lines('kernel');
  const [user, userId, group, home] = lines('account');
  const [uptime, bootId] = lines('boot');
  const id = release.get('ID') ?? 'unknown';
  return {
    version: 1,
    collectedAt: answer.answeredAt,
    os: {
      id,
      family: familyOf(id, release.get('ID_LIKE') ?? ''),
      version: release.get('VERSION_ID') ?? '',
      prettyName: release.get('PRETTY_NAME') ?? release.get('NAME') ?? kernelName ?? 'unknown',
      kernelName: kernelName ?? 'unknown',
      kernel: kernel ?? 'unknown',
      architecture: architecture ?? 'unknown',
    },
    hostname: hostname ?? 'unknown',
    account: { user: user ?? 'unknown', userId: Number(userId), group: group ?? '', home: home ?? '/' },
    processor: {
      count: Math.max(1, Number(lines('processors')[0] ?? 1)),
      model: cut(lines('model')[0]?.replace(/^[^:]*:\s*/, '')),
    },
    memory: readMemory(lines('memory')),
    disks: parseDisks(lines('disks').slice(0, MOST_DISKS), lines('mounts')),
    state: readState(lines('state')),
    init: readInit(lines('init')),
    packageManager: lines('managers')[0]?.replace('apt-get', 'apt') ?? null,
    sudo: lines('sudo')[0],
    python: /Python (\d\S*)/.exec(lines('python')[0] ?? '')?.[1] ?? null,
    gpus: readGpus(lines('nvidia'), lines('lspci'), lines('pci')),
    listeners: parseListeners(lines('sockets').slice(0, MOST_SOCKETS)),
    virtualization: readVirtualization(lines('virtualization')),
    uptime: uptime === undefined ? null : Math.round(Number.parseFloat(uptime) * 1000),
    bootId: bootId ?? null,
    timeZone: cut(lines('zone')[0]),
    clockSkew: readSkew(lines('time')[0], answer),
  };
}

function cut(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text.slice(0, 300);
}

/** os-release is shell syntax; only plain and quoted values occur in it. */
function readRelease(lines: Lines): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of lines) {
    const match = /^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line);
    const value = match?.[2] ?? match?.[3] ?? match?.[4];
    if (match?.[1] && value !== undefined) values.set(match[1], value.replaceAll(/\\(["$`\\])/g, '$1'));
  }
  return values;
}

const FAMILIES: Readonly<Record<string, Facts['os']['family']>> = {
  debian: 'debian',
  ubuntu: 'debian',
  raspbian: 'debian',
  rhel: 'rhel',
  fedora: 'rhel',
  centos: 'rhel',
  rocky: 'rhel',
  almalinux: 'rhel',
  amzn: 'rhel',
  suse: 'suse',
  opensuse: 'suse',
  sles: 'suse',
  alpine: 'alpine',
  arch: 'arch',
  openwrt: 'openwrt',
};

function familyOf(id: string, like: string): Facts['os']['family'] {
  for (const name of [id, ...like.split(/\s+/)]) {
    const family = Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
    if (family) return family;
    if (name.startsWith('opensuse')) return 'suse';
  }
  return 'unknown';
}

function readMemory(lines: Lines): Facts['memory'] {
  const sizes = new Map<string, number>();
  for (const line of lines) {
    const match = /^(\w+):\s+(\d+) kB/.exec(line);
    if (match?.[1]) sizes.set(match[1], Number(match[2]) * 1024);
  }
  const total = sizes.get('MemTotal');
  if (total === undefined) return null;
  // Kernels before 3.14 do not estimate it.
  const estimate = (sizes.get('MemFree') ?? 0) + (sizes.get('Buffers') ?? 0) + (sizes.get('Cached') ?? 0);
  return { total, available: sizes.get('MemAvailable') ?? estimate };
}

function readState(lines: Lines): Facts['state'] {
  const row = parseDiskRow(lines.at(-1) ?? '');
  return { path: lines[0] ?? '', writable: lines[1] === 'writable', available: row?.available ?? null };
}

function readInit(lines: Lines): Facts['init'] {
  const says = (pattern: RegExp): boolean => lines.some(line => pattern.test(line));
  if (says(/^systemd$/)) return 'systemd';
  if (says(/^openrc$/)) return 'openrc';
  if (says(/^runit/)) return 'runit';
  if (says(/\/busybox[^/]*$/)) return 'busybox';
  if (says(/^init$/) && says(/^sysv-scripts$/)) return 'sysv';
  return 'none';
}

function readGpus(nvidia: Lines, bus: Lines, devices: Lines): Gpu[] {
  const cards = nvidia.flatMap(line => {
    const [name, memory, driver] = line.split(',').map(part => part.trim());
    const mebibytes = Number(memory);
    if (!name || driver === undefined) return [];
    const size = Number.isFinite(mebibytes) ? mebibytes * 1024 * 1024 : null;
    return [{ name, memory: size, driver, source: 'nvidia-smi' as const }];
  });
  if (cards.length > 0) return cards;
  const onBus = bus.length > 0 ? bus : devices;
  const source = bus.length > 0 ? ('lspci' as const) : ('sys' as const);
  return onBus.slice(0, 64).map(line => ({
    name: (source === 'lspci' ? line.replace(/^\S+\s+[^:]*:\s*/, '') : `PCI ${line}`).slice(0, 300),
    memory: null,
    driver: null,
    source,
  }));
}

const CONTAINERS = /^(docker|podman|lxc|lxc-libvirt|systemd-nspawn|openvz|rkt|wsl|proot|pouch|container.*)$/;

function readVirtualization(lines: Lines): Facts['virtualization'] {
  const detected = after(lines, 'detected ');
  const container = after(lines, 'container ');
  if (container) return { kind: 'container', name: container };
  if (detected === 'none') return { kind: 'none', name: null };
  if (detected) return { kind: CONTAINERS.test(detected) ? 'container' : 'machine', name: detected };
  if (lines.includes('flag hypervisor')) return { kind: 'machine', name: after(lines, 'vendor ') };
  return { kind: 'unknown', name: null };
}

function after(lines: Lines, prefix: string): string | null {
  return cut(lines.find(line => line.startsWith(prefix))?.slice(prefix.length));
}

/** The middle of what it can be: `date +%s` cuts off the fraction, and was read at some moment of the request. */
function readSkew(seconds: string | undefined, { askedAt, answeredAt }: FactsAnswer): number {
  const second = Number(seconds) * 1000;
  const [least, most] = [second - answeredAt, second + 1000 - askedAt];
  // a host that took its time is not one whose clock is wrong
  return least <= 0 && most >= 0 ? 0 : Math.round((least + most) / 2);
}
