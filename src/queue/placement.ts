/**
 * Hosts that one executor gets before the next is started: a process costs half a second of processor time and 40 MiB of
 * its own, and one carries out this many commands at once without being what they wait for.
 */
const HOSTS_EACH = 32;

/** Which executor a task goes to: all tasks of one host to the same, so that they share its connection. */
export class Placement {
  /** Hosts of each executor. */
  readonly #hosts: readonly Set<string>[];

  /** `size`: executors at most. */
  constructor(size: number) {
    this.#hosts = Array.from({ length: size }, () => new Set<string>());
  }

  /** The number of the executor, from 0. */
  slotOf({ host, id }: { readonly host: string | null; readonly id: string }): number {
    if (host === null) return hash(id) % Math.max(1, this.#hosts.filter(({ size }) => size > 0).length);
    const known = this.#hosts.findIndex(hosts => hosts.has(host));
    if (known >= 0) return known;
    const slot = this.#roomiest();
    this.#hosts[slot]?.add(host);
    return slot;
  }

  /** An executor is gone, and its connections with it: its hosts may go anywhere. */
  forget(slot: number): void {
    this.#hosts[slot]?.clear();
  }

  /** The first that has room; when none has, the one with the fewest hosts. */
  #roomiest(): number {
    const first = this.#hosts.findIndex(({ size }) => size < HOSTS_EACH);
    if (first >= 0) return first;
    const fewest = Math.min(...this.#hosts.map(({ size }) => size));
    return this.#hosts.findIndex(({ size }) => size === fewest);
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value ^= text.charCodeAt(index);
    value = Math.imul(value, 0x01000193);
  }
  return value >>> 0;
}
