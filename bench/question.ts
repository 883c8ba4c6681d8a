/** One figure of ours beside the peer's, taken in turns in the same run. */
export interface Comparison {
  readonly title: string;
  readonly ours: Samples;
  readonly peer: Samples;
  /** Absent: shown for the picture, not judged. */
  readonly target?: Target;
}

export interface Samples {
  readonly what: string;
  /** Milliseconds, in the order they were taken. */
  readonly times: readonly number[];
}

export type Target =
  | { readonly kind: 'times-faster'; readonly atLeast: number }
  /** Milliseconds that ours may take longer than the peer. */
  | { readonly kind: 'added'; readonly atMost: number };

/** One question of the targets page: `bench/p01.ts` answers P01. */
export interface Question {
  readonly id: string;
  readonly title: string;
  /** What was verified of the timed work, one sentence. */
  readonly verified: string;
  /** Programs whose versions belong beside the figures. */
  readonly peers: readonly string[];
  run(): Promise<readonly Comparison[]>;
}

/** The middle value; NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Runs the works in turns (a b a b …), so that what else the machine does meets all of them alike. */
export async function inTurns(
  rounds: number,
  works: readonly (() => Promise<number>)[],
): Promise<readonly (readonly number[])[]> {
  const times: number[][] = works.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, work] of works.entries()) times[index]?.push(await work());
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
export function judge(comparison: Comparison): {
  readonly lines: readonly string[];
  readonly met: boolean | null;
} {
  const { title, ours, peer, target } = comparison;
  const [mine, theirs] = [median(ours.times), median(peer.times)];
  const verdict = verdictOf(mine, theirs, target);
  const row = (label: string, samples: Samples): string =>
    `    ${label}  ${show(median(samples.times)).padStart(9)}  ${samples.what} (n=${samples.times.length}, ${spread(samples.times)})`;
  return {
    lines: [`  ${title}`, row('ours', ours), row('peer', peer), `    ${verdict.text}`],
    met: verdict.met,
  };
}

function verdictOf(
  mine: number,
  theirs: number,
  target: Target | undefined,
): { text: string; met: boolean | null } {
  const ratio = `${(theirs / mine).toFixed(2)} × as fast`;
  if (!target) return { text: `→ ${ratio} (not judged)`, met: null };
  if (target.kind === 'times-faster') {
    const met = theirs / mine >= target.atLeast;
    return { text: `→ ${ratio}, target ≥ ${target.atLeast} ×: ${met ? 'met' : 'MISSED'}`, met };
  }
  const met = mine - theirs <= target.atMost;
  return {
    text: `→ ${show(mine - theirs)} added, target ≤ ${target.atMost} ms: ${met ? 'met' : 'MISSED'}`,
    met,
  };
}

function spread(times: readonly number[]): string {
  return `${show(Math.min(...times))} to ${show(Math.max(...times))}`;
}

function show(milliseconds: number): string {
  return Math.abs(milliseconds) >= 1000
    ? `${(milliseconds / 1000).toFixed(2)} s`
    : `${milliseconds.toFixed(milliseconds < 100 ? 2 : 0)} ms`;
}
