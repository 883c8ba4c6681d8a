import type { JSX } from 'react';
import type { PlannedStep } from 'deckhand/client';
import { TONES } from '../parts/badge.tsx';
import { plainText } from '../parts/words.ts';
import { layOut, type Placed } from './graph-layout.ts';
import type { StepState } from './run-story.ts';
import { STEP_LOOKS } from './step-looks.ts';
import type { StepOutcomeView } from './step-outcome.ts';

const WIDTH = 220;
const HEIGHT = 52;
const GAP = 34;

/** The plan as a picture: each step a box that leads to its card, arrows from what it waits for. */
export function PlanGraph({
  steps,
  states,
  outcomes,
}: {
  readonly steps: readonly PlannedStep[];
  readonly states: ReadonlyMap<string, StepState>;
  readonly outcomes: ReadonlyMap<string, StepOutcomeView>;
}): JSX.Element {
  const graph = layOut(steps);
  const width = graph.columns * (WIDTH + GAP);
  const height = graph.rows * (HEIGHT + 14) + 4;
  return (
    <div className="overflow-x-auto" tabIndex={0} aria-label="picture of the plan" role="group">
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 0 L8 4 L0 8 z" className="fill-muted" />
          </marker>
        </defs>
        {graph.edges.map(({ from, to }) => (
          <path
            key={`${from.id} ${to.id}`}
            d={arrow(from, to)}
            className="fill-none stroke-muted"
            markerEnd="url(#arrow)"
          />
        ))}
        {graph.places.map(place => {
          const step = steps.find(({ id }) => id === place.id);
          const look = STEP_LOOKS[states.get(place.id) ?? 'waits'];
          const { x, y } = corner(place);
          return (
            <a key={place.id} href={`#step-${place.id}`}>
              <rect x={x} y={y} width={WIDTH} height={HEIGHT} rx={6} className="fill-raised stroke-line" />
              <text x={x + 10} y={y + 21} className="fill-text text-[12px]">
                {plainText(step?.title ?? place.id, 28)}
              </text>
              <text x={x + 10} y={y + 40} className={`text-[11px] ${TONES[look.tone]}`} fill="currentColor">
                {look.glyph} {look.word}
              </text>
              <Mark x={x + WIDTH - 10} y={y + 40} step={step} outcome={outcomes.get(place.id)} />
            </a>
          );
        })}
      </svg>
    </div>
  );
}

/** The one thing that a person should see of a step before its card: what it lost, or whether there is a way back. */
function Mark({
  x,
  y,
  step,
  outcome,
}: {
  readonly x: number;
  readonly y: number;
  readonly step: PlannedStep | undefined;
  readonly outcome: StepOutcomeView | undefined;
}): JSX.Element | null {
  const [word, tone] = markOf(step, outcome);
  return word === '' ? null : (
    <text x={x} y={y} textAnchor="end" className={`text-[11px] ${tone}`} fill="currentColor">
      {word}
    </text>
  );
}

function markOf(
  step: PlannedStep | undefined,
  outcome: StepOutcomeView | undefined,
): readonly [word: string, tone: string] {
  if (outcome && outcome.undone.length > 0) return ['↶ taken back', TONES.warn];
  if (outcome && outcome.lost.length > 0) return [`✗ lost ${outcome.lost.length}`, TONES.bad];
  if ((step?.irreversible ?? []).length > 0) return ['! no way back', TONES.warn];
  if (outcome && outcome.keptOn.length > 0) return ['↶ can be undone', TONES.quiet];
  const expected = step?.expects?.length ?? 0;
  return expected > 0 ? [`expects ${expected}`, TONES.quiet] : ['', ''];
}

function corner({ column, row }: Placed): { readonly x: number; readonly y: number } {
  return { x: column * (WIDTH + GAP) + 2, y: row * (HEIGHT + 14) + 2 };
}

function arrow(from: Placed, to: Placed): string {
  const start = corner(from);
  const end = corner(to);
  const [x, y] = [start.x + WIDTH, start.y + HEIGHT / 2];
  const [toX, toY] = [end.x, end.y + HEIGHT / 2];
  const middle = (x + toX) / 2;
  return `M${x} ${y} C${middle} ${y} ${middle} ${toY} ${toX} ${toY}`;
}
