import type { Fault, FaultKit } from './fault.ts';
import { type Move, MOVES } from './file-moves.ts';
import { type Hit, HITS, PhaseHits, type Point, type Seen } from './phase-hits.ts';

const at = (phase: string, bytes = 1): Point => ({ phase, bytes });
/** In the midst of what travels in this phase. */
const within = (phase: string): Point => at(phase, phase === 'copying' ? 8e6 : 2e6);

/** The phases of each kind, as src/transfer and src/tasks name them; after the last of some nothing travels any more. */
const POINTS: Readonly<Record<Move, readonly Point[]>> = {
  put: [...before(), at('uploading'), within('uploading'), at('end')],
  get: [...before(), at('downloading'), within('downloading'), at('end')],
  push: [...before(), at('uploading'), within('uploading'), at('end')],
  pull: [...before(), at('downloading'), within('downloading'), at('end')],
  both: [...before(), at('uploading'), at('downloading'), within('downloading'), at('verifying'), at('end')],
  cp: [
    at('connecting'),
    at('connecting', 1500),
    at('validating'),
    at('copying'),
    within('copying'),
    at('verifying'),
    at('end'),
  ],
};

/** Every phase of every transfer, held open and hit: whole in the end, or as it was; nothing is left anywhere. */
export const fault: Fault = {
  id: 'PHASES',
  title: 'kill -9, a cut link and cancel in each named phase of put, get, sync and cp',
  async run(kit) {
    await using hits = await PhaseHits.start(kit, [148, 149]);
    const turns = kit.short ? 1 : Math.max(...MOVES.map(move => POINTS[move].length));
    for (const hit of HITS)
      for (let turn = 0; turn < turns; turn += 1)
        await oneTurn(kit, hits, hit, kit.short ? shortTurn(hit) : pointsOf(() => turn));
  },
};

/** Side by side each kind in another phase, and each hit in others than the one before. */
export function shortTurn(hit: Hit): ReadonlyMap<Move, Point> {
  return pointsOf(move => 2 * HITS.indexOf(hit) + move);
}

/** Every transfer at its point, hit there, and what came of it. */
export async function oneTurn(
  kit: FaultKit,
  hits: PhaseHits,
  hit: Hit,
  points: ReadonlyMap<Move, Point>,
): Promise<void> {
  const seen = await hits.turn(points, hit);
  const wrong = seen.flatMap(each => each.wrong.map(text => `${each.move}: ${text}`));
  kit.check(wrong.length === 0, [`${hit}: ${seen.map(said).join('; ')}`, ...wrong].join('\n         '));
}

function pointsOf(which: (move: number) => number): ReadonlyMap<Move, Point> {
  return new Map(
    MOVES.flatMap((move, index) => {
      const point = POINTS[move][which(index) % POINTS[move].length];
      return point ? [[move, point] as const] : [];
    }),
  );
}

function before(): readonly Point[] {
  return [at('connecting'), at('connecting', 1500), at('validating'), at('preparing')];
}

function said({ move, point: { phase, bytes }, isHeld, state, claims, again }: Seen): string {
  const where = `${move} ${phase}${bytes > 1 ? `+${bytes}` : ''}`;
  return `${where} ${state}${isHeld ? '' : ' (not held)'}${again ? ' by a retry' : ''} ${claims}`;
}
