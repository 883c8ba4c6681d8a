/** One figure of ours, beside the peer's where there is one, taken in turns in the same run. */
export interface Comparison {
  readonly title: string;
  /** What the samples count; default `ms`. */
  readonly unit?: Unit;
  readonly ours: Samples;
  /** Absent: a figure that stands by itself. */
  readonly peer?: Samples;
  /** Absent: shown for the picture, not judged. */
  readonly target?: Target;
}

export type Unit = 'ms' | 'tasks/s' | 'frames/s' | 'lines' | '%' | 'MiB' | 'KiB';

export interface Samples {
  readonly what: string;
  /** In the order they were taken. */
  readonly times: readonly number[];
}

export type Target =
  | { readonly kind: 'times-faster'; readonly atLeast: number }
  /** Milliseconds that ours may take longer than the peer. */
  | { readonly kind: 'added'; readonly atMost: number }
  /** How many times ours may be of the peer's, which sets a bound. */
  | { readonly kind: 'within'; readonly atMost: number }
  | { readonly kind: 'at-most'; readonly limit: number }
  | { readonly kind: 'at-least'; readonly limit: number };

export interface RunOptions {
  /** True: as few rounds as show that it works; figures mean nothing. */
  readonly quick: boolean;
  /** True: files move to a plain sshd of this machine, where a bench moves files; else to a booted host. */
  readonly isPlain: boolean;
  /** Says what a reader must know beside the figures, such as a peer that is not installed. */
  readonly say: (line: string) => void;
}

/** One question of the targets page: `bench/p01.ts` answers P01. */
export interface Question {
  readonly id: string;
  readonly title: string;
  /** What was verified of the timed work, one sentence. */
  readonly verified: string;
  /** Hosts of the lab that it needs; booted ones need root. Default `booted`. */
  readonly hosts?: 'booted' | 'light' | 'none';
  /** Programs whose versions belong beside the figures. */
  readonly peers: readonly string[];
  /** What comes by and by is shown and recorded as it comes. */
  run(options: RunOptions): Promise<readonly Comparison[]> | AsyncIterable<Comparison>;
}

/** The middle value; NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** How many rounds there are: all of them, or what there is time for. */
export interface Pace {
  readonly rounds: number;
  /** So many in any case. */
  readonly least: number;
  /** Milliseconds after which no round begins that is not one of the least. */
  readonly budget: number;
}

/** The numbers of the rounds, from 0. */
export function* roundsOf(pace: number | Pace): Generator<number, void, void> {
  const { rounds, least, budget } =
    typeof pace === 'number' ? { rounds: pace, least: pace, budget: Number.POSITIVE_INFINITY } : pace;
  const begun = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    if (round >= least && performance.now() - begun >= budget) return;
    yield round;
  }
}

/**
 * Runs the works in turns (a b a b …), so that what else the machine does meets all of them alike. One that answers
 * null does not take its turn in this round.
 */
export async function inTurns(
  pace: number | Pace,
  works: readonly ((round: number) => Promise<number | null>)[],
): Promise<readonly (readonly number[])[]> {
  const times: number[][] = works.map(() => []);
  for (const round of roundsOf(pace)) {
    for (const [index, work] of works.entries()) {
      const time = await work(round);
      if (time !== null) times[index]?.push(time);
    }
  }
  return times;
}

/** Milliseconds that the work takes. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** The judged lines of one comparison; `met` is null where nothing is judged. */
export function judge({ title, unit = 'ms', ours, peer, target }: Comparison): {
  readonly lines: readonly string[];
  readonly met: boolean | null;
} {
  const [mine, theirs] = [median(ours.times), median(peer?.times ?? [])];
  const row = (label: string, { what, times }: Samples): string =>
    `    ${label}  ${show(median(times), unit).padStart(9)}  ${what} (n=${times.length}, ${spread(times, unit)})`;
  const verdict = verdictOf(mine, theirs, target, unit);
  const lines = [`  ${title}`, row('ours', ours)];
  if (peer) lines.push(row('peer', peer));
  if (verdict) lines.push(`    → ${verdict.text}`);
  return { lines, met: verdict?.met ?? null };
}

interface Verdict {
  readonly text: string;
  readonly met: boolean | null;
}

function verdictOf(
  mine: number,
  theirs: number,
  target: Target | undefined,
  unit: Unit,
): Verdict | undefined {
  const ratio = `${(theirs / mine).toFixed(2)} × as fast`;
  const against = (found: string, wanted: string, met: boolean): Verdict => ({
    text: `${found}target ${wanted}: ${met ? 'met' : 'MISSED'}`,
    met,
  });
  switch (target?.kind) {
    case undefined: {
      if (Number.isNaN(theirs)) return undefined;
      const shown = unit === 'ms' ? ratio : `${(mine / theirs).toFixed(2)} × as many`;
      return { text: `${shown} (not judged)`, met: null };
    }
    case 'times-faster':
      return against(`${ratio}, `, `≥ ${target.atLeast} ×`, theirs / mine >= target.atLeast);
    case 'added':
      return against(
        `${show(mine - theirs, unit)} added, `,
        `≤ ${target.atMost} ${unit}`,
        mine - theirs <= target.atMost,
      );
    case 'within':
      return against(
        `${(mine / theirs).toFixed(2)} × of it, `,
        `≤ ${target.atMost} ×`,
        mine / theirs <= target.atMost,
      );
    case 'at-most':
      return against('', `≤ ${show(target.limit, unit)}`, mine <= target.limit);
    case 'at-least':
      return against('', `≥ ${show(target.limit, unit)}`, mine >= target.limit);
  }
}

function spread(times: readonly number[], unit: Unit): string {
  return `${show(Math.min(...times), unit)} to ${show(Math.max(...times), unit)}`;
}

function show(value: number, unit: Unit): string {
  if (unit === 'ms' && Math.abs(value) >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return `${value.toFixed(Math.abs(value) < 100 && !Number.isInteger(value) ? 2 : 0)} ${unit}`;
}
