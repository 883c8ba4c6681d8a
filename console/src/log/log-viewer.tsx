import {
  type JSX,
  type KeyboardEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import type { LineQuery } from 'deckhand/client';
import { api, isAway } from '../engine/api.ts';
import { useChanges, useLogLength } from '../engine/use-live.ts';
import { notice } from '../parts/notice.ts';
import { baseFor, nextBase, ROW, windowOf } from './line-window.ts';
import { LineStore } from './line-store.ts';
import { LogBar, type LogLook } from './log-bar.tsx';
import { LogRow } from './log-row.tsx';
import { OpenLine } from './open-line.tsx';
import { useSearch } from './use-search.ts';

const TAIL_STEP = 100;
/** Lines above those that are seen. */
const SPARE_TAIL = 20;

interface Place {
  readonly base: number;
  readonly scrollTop: number;
  readonly height: number;
}

/**
 * The log of a task. Only the lines that are seen are asked for and drawn, so that its length does not matter. It
 * follows until somebody scrolls up, and again after End.
 */
export function LogViewer({
  task,
  grows,
  begun,
  line,
  onLine,
}: {
  readonly task: string;
  /** False for a task that had ended when it was opened: its log is not watched. */
  readonly grows: boolean;
  readonly begun: number;
  /** The line that the address names. */
  readonly line: number | null;
  readonly onLine: (line: number | null) => void;
}): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const [look, setLook] = useState<LogLook>({ stream: null, times: 'none', search: '' });
  const [follows, setFollows] = useState(line === null);
  const [place, setPlace] = useState<Place>({ base: 0, scrollTop: 0, height: 400 });
  /** The line that is to be seen, until it has its place. */
  const [target, setTarget] = useState<number | null>(line);
  /** Where the lines are to be scrolled to. */
  const [jump, setJump] = useState<{ readonly top: number } | null>(null);
  const [seen, setSeen] = useState(0);
  const [, setDrawn] = useState(0);
  const [round, setRound] = useState(0);
  const [watched] = useState(grows);
  const length = useLogLength(watched ? task : null);
  const lines = useLines(task, look.stream, () => setDrawn(count => count + 1));
  const hits = useSearch(
    task,
    look.stream,
    look.search,
    Math.max(lines.total, look.stream === null ? (length?.total ?? 0) : 0),
  );

  // in steps: a window that is a little higher than it was has its lines already
  const tailLength = Math.ceil((place.height / ROW + SPARE_TAIL) / TAIL_STEP) * TAIL_STEP;
  const shown = windowOf(place.base, lines.total, place.scrollTop, place.height);

  const toEnd = useCallback((): void => {
    setFollows(true);
    setTarget(null);
    onLine(null);
  }, [onLine]);

  const isMissing = useRef(false);
  const lost = useCallback((error: unknown): void => {
    isMissing.current = isAway(error);
    notice.say(error instanceof Error ? error.message : '');
  }, []);
  useChanges(change => {
    if (change.item === 'hello') lines.giveUp();
    else if (!isMissing.current) return;
    isMissing.current = false;
    setRound(count => count + 1);
  });
  // growth, which may be of the last line alone: while following, the end comes with its length in one answer, so that
  // nothing blinks
  useEffect(() => {
    if (!follows) return;
    lines.tail(tailLength).catch(lost);
  }, [follows, lines, length, round, tailLength, lost]);
  const { total } = lines;
  useEffect(() => {
    lines.grown();
    if (follows) return;
    const [from, to] = total === 0 ? [target ?? 1, target ?? 1] : [shown.from, shown.to];
    void lines.want(from, to).catch(lost);
  }, [follows, lines, target, total, shown.from, shown.to, length, round, lost]);
  useEffect(() => {
    if (follows) setSeen(lines.total);
  });

  // staying at the end, before anything is painted
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !follows) return;
    const base = baseFor(lines.total, lines.total);
    if (base !== place.base) setPlace(old => ({ ...old, base }));
    element.scrollTop = element.scrollHeight;
  });

  const showLine = useCallback((wanted: number): void => {
    setFollows(false);
    setTarget(wanted);
  }, []);
  useEffect(() => {
    if (line !== null) showLine(line);
  }, [line, showLine]);
  // once it is known how many lines there are
  useEffect(() => {
    if (target === null || total === 0) return;
    const base = baseFor(target, total);
    const scrollTop = Math.max(0, (target - base - 4) * ROW);
    setTarget(null);
    setPlace(old => ({ ...old, base, scrollTop }));
    setJump({ top: scrollTop });
  }, [target, total]);
  // not before the page is as high as the lines need
  useLayoutEffect(() => {
    if (jump) scroller.current?.scrollTo({ top: jump.top });
  }, [jump]);

  const onScroll = (): void => {
    const element = scroller.current;
    if (!element) return;
    const { scrollTop, clientHeight, scrollHeight } = element;
    const atEnd = scrollTop + clientHeight >= scrollHeight - ROW;
    const moved = { ...place, scrollTop, height: clientHeight };
    if (follows && !atEnd) setFollows(false);
    const base = follows
      ? null
      : nextBase(place.base, lines.total, windowOf(place.base, lines.total, scrollTop, clientHeight));
    if (base === null || base === place.base) {
      setPlace(moved);
      if (!follows && atEnd && lines.total >= (length?.total ?? 0)) toEnd();
      return;
    }
    const shifted = scrollTop + (place.base - base) * ROW;
    setPlace({ ...moved, base, scrollTop: shifted });
    setJump({ top: shifted });
  };
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const watcher = new ResizeObserver(() => setPlace(old => ({ ...old, height: element.clientHeight })));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);

  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'End') toEnd();
    else if (event.key === 'Home') showLine(1);
    else return;
    event.preventDefault();
  };
  const fresh = follows ? 0 : Math.max(0, (length?.total ?? 0) - Math.max(seen, 0));
  const marked = new Set(hits.numbers);
  return (
    <section aria-label="log" className="flex h-full min-h-64 flex-col">
      <LogBar
        task={task}
        look={look}
        hits={hits}
        total={lines.total}
        follows={follows}
        fresh={fresh}
        at={line ?? 0}
        onLook={setLook}
        onHit={hit => onLine(hit)}
        onEnd={toEnd}
      />
      <div
        ref={scroller}
        tabIndex={0}
        role="region"
        aria-label="lines of the log"
        data-log={task}
        data-follows={follows}
        onScroll={onScroll}
        onKeyDown={onKey}
        className="min-h-0 flex-1 overflow-auto bg-sunken font-mono text-xs leading-5"
      >
        <div style={{ height: Math.max(shown.rows, 1) * ROW }}>
          <div style={{ transform: `translateY(${(shown.from - 1 - shown.base) * ROW}px)` }}>
            {numbersOf(shown.from, shown.to).map(number => (
              <LogRow
                key={number}
                number={number}
                line={lines.get(number)}
                marked={marked.has(number) || number === line}
                times={look.times}
                begun={begun}
                onOpen={onLine}
              />
            ))}
          </div>
        </div>
        {lines.total === 0 ? (
          <p className="px-3 text-muted">{grows ? 'No output yet.' : 'No output.'}</p>
        ) : null}
      </div>
      {line === null ? null : <OpenLine line={lines.get(line)} number={line} onClose={() => onLine(null)} />}
    </section>
  );
}

/** One store for each task and stream. */
function useLines(task: string, stream: LineQuery['stream'], onLines: () => void): LineStore {
  const newest = useRef(onLines);
  newest.current = onLines;
  const make = (): LineStore =>
    new LineStore(
      query => api.lines(task, query),
      stream,
      () => newest.current(),
    );
  const [kept, setKept] = useState(() => ({ task, stream, lines: make() }));
  if (kept.task === task && kept.stream === stream) return kept.lines;
  kept.lines.close();
  const lines = make();
  setKept({ task, stream, lines });
  return lines;
}

function numbersOf(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
