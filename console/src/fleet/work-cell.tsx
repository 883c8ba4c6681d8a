import type { JSX } from 'react';
import { Link } from 'wouter';
import { TONES } from '../parts/badge.tsx';
import { type StateLook, TASK_LOOKS, TUNNEL_LOOKS } from '../parts/states.ts';
import { plainText } from '../parts/words.ts';
import type { HostRow } from './host-rows.ts';

/** What goes on on a host: the newest task that runs, and the tunnels that lead through it. */
export function WorkCell({ row: { current, others, tunnels } }: { readonly row: HostRow }): JSX.Element {
  return (
    // a link is not the row that it stands in
    <div className="max-w-48 text-xs" onClick={event => event.stopPropagation()}>
      {current ? (
        <Line
          look={TASK_LOOKS.running}
          to={`/runs/${current.id}`}
          text={plainText(current.title, 80)}
          after={others > 0 ? `and ${others} more` : ''}
        />
      ) : null}
      {tunnels.map(({ name, state, task }) => (
        <Line
          key={name}
          look={TUNNEL_LOOKS[state]}
          to={`/runs/${task}`}
          text={`tunnel ${plainText(name, 64)}`}
          after={TUNNEL_LOOKS[state].word}
        />
      ))}
    </div>
  );
}

function Line({
  look,
  to,
  text,
  after,
}: {
  readonly look: StateLook;
  readonly to: string;
  readonly text: string;
  readonly after: string;
}): JSX.Element {
  return (
    <div className="flex items-baseline gap-1" data-work="">
      <span aria-hidden="true" className={TONES[look.tone]}>
        {look.glyph}
      </span>
      <Link href={to} title={text} className="truncate underline">
        {text}
      </Link>
      {after === '' ? null : <span className="shrink-0 text-muted">{after}</span>}
    </div>
  );
}
