import type { JSX, KeyboardEvent } from 'react';
import type { LineQuery } from 'deckhand/client';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Choices, SearchField } from '../parts/field.tsx';
import { notice } from '../parts/notice.ts';
import { countText } from '../parts/words.ts';
import { downloadLog } from './download.ts';
import type { TimeLook } from './log-row.tsx';
import type { Hits } from './use-search.ts';

export interface LogLook {
  readonly stream: LineQuery['stream'];
  readonly times: TimeLook;
  readonly search: string;
}

const STREAMS = [
  ['', 'both streams'],
  ['stdout', 'stdout'],
  ['stderr', 'stderr'],
] as const;
const TIMES = [
  ['none', 'no times'],
  ['clock', 'times'],
  ['since', 'since the start'],
] as const;

/** What steers a log: search, streams, times, the way back to its end. */
export function LogBar(props: {
  readonly task: string;
  readonly look: LogLook;
  readonly hits: Hits;
  readonly total: number;
  readonly follows: boolean;
  readonly fresh: number;
  /** The line that is open; 0 = none. */
  readonly at: number;
  readonly onLook: (look: LogLook) => void;
  readonly onHit: (line: number) => void;
  readonly onEnd: () => void;
}): JSX.Element {
  const { task, look, hits, total, follows, fresh, at, onLook, onHit, onEnd } = props;
  const step = (forward: boolean): void => {
    const next = forward
      ? (hits.numbers.find(number => number > at) ?? hits.numbers[0])
      : (hits.numbers.findLast(number => number < at) ?? hits.numbers.at(-1));
    if (next !== undefined) onHit(next);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') step(!event.shiftKey);
  };
  return (
    <div className="flex flex-wrap items-center gap-2 border-y border-line px-3 py-1.5" onKeyDown={onKey}>
      <SearchField
        label="search the log"
        value={look.search}
        onChange={search => onLook({ ...look, search })}
      />
      {look.search === '' ? null : (
        <>
          <span data-hits={hits.complete ? hits.numbers.length : ''} className="text-xs text-muted">
            {countText(hits.numbers.length, 'hit')}
            {hits.complete ? '' : ' so far'}
          </span>
          <Button onClick={() => step(false)} title="previous hit">
            <span aria-hidden="true">↑</span>
            <span className="sr-only">previous hit</span>
          </Button>
          <Button onClick={() => step(true)} title="next hit">
            <span aria-hidden="true">↓</span>
            <span className="sr-only">next hit</span>
          </Button>
        </>
      )}
      <Choices
        label="streams"
        options={STREAMS}
        value={look.stream ?? ''}
        onChange={event =>
          onLook({
            ...look,
            stream: event.target.value === '' ? null : (event.target.value as 'stdout' | 'stderr'),
          })
        }
      />
      <Choices
        label="times"
        options={TIMES}
        value={look.times}
        onChange={event => onLook({ ...look, times: event.target.value as TimeLook })}
      />
      <span className="text-xs text-muted" data-total={total}>
        {countText(total, 'line')}
      </span>
      <span className="ml-auto" />
      {follows ? (
        <span className="text-xs text-muted">following</span>
      ) : (
        <Button onClick={onEnd}>↓ {fresh > 0 ? `${fresh.toLocaleString('en')} new` : 'follow'}</Button>
      )}
      <Button
        look="bare"
        className="text-muted"
        onClick={() => void downloadLog(task).catch(() => notice.say('The download broke off.'))}
      >
        download
      </Button>
      <CopyButton label="copy as CLI" text={`deckhand task logs -f ${task}`} />
    </div>
  );
}
