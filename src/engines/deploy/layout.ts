/** Paths on the target of one deployment. `base`: Deckhand's folder of state there, absolute. */
export interface Layout {
  readonly base: string;
  readonly models: string;
  readonly engines: string;
  /** All that belongs to this deployment alone. */
  readonly home: string;
  readonly lock: string;
  readonly releases: string;
  readonly current: string;
  readonly previous: string;
  readonly key: string;
  /** Sockets; short, because a socket's path may have 107 bytes at most. */
  readonly sockets: string;
  /** Leads to the socket of the current release. */
  readonly live: string;
}

/** Bytes of a socket's path that every Linux takes. */
export const LONGEST_SOCKET = 107;

export function layoutOf(base: string, name: string): Layout {
  const home = `${base}/llm/${name}`;
  return {
    base,
    home,
    models: `${base}/models`,
    engines: `${base}/engines`,
    lock: `${base}/llm/${name}.lock`,
    releases: `${home}/releases`,
    current: `${home}/current`,
    previous: `${home}/previous`,
    key: `${home}/apikey`,
    sockets: `${home}/run`,
    live: `${home}/run/live.sock`,
  };
}

/** The name of a release's unit. */
export function unitOf(name: string, release: string): string {
  return `deckhand-llm-${name}-${release}.service`;
}
