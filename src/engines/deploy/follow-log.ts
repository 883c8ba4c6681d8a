import { DeckhandError } from '../../core/deckhand-error.ts';
import { quote } from '../../shell/quote.ts';
import { layoutOf } from './layout.ts';
import { probe } from './probe.ts';
import { type DeploymentRequest, NOTHING, unknownDeployment } from './rollback.ts';
import type { Site } from './site.ts';

/** How far a log was read. */
export interface LogPlace {
  /** Whose log; an upgrade brings another one. */
  readonly release: string;
  /** Bytes. */
  readonly offset: number;
}

export interface FollowRequest extends Pick<DeploymentRequest, 'site' | 'name' | 'signal'> {
  /** Lines from the end to begin with. */
  readonly lines: number;
  /** Go on from here instead. */
  readonly from: LogPlace | null;
  /** What came, in order. */
  readonly onText: (text: string) => void | Promise<void>;
  /** Told after `onText` had what comes before. */
  readonly onPlace: (place: LogPlace) => void;
}

/** Bytes of log in one answer. */
const MOST = 256 * 1024;
/** Looks at the log on the host before it answers that nothing came, and seconds between them. */
const LOOKS = 40;
const PAUSE = '0.25';

/**
 * The log of a deployment as it grows, over restarts and upgrades, until the signal. The host is asked and answers when
 * there is more, so that a quiet log costs one question in ten seconds. Throws `model.unknown-deployment`, `ssh.*`.
 */
export async function followLog(request: FollowRequest): Promise<never> {
  const { site, name, signal, onText, onPlace } = request;
  const facts = await probe(site, { name, ...NOTHING }, signal);
  if (facts.current === null) throw unknownDeployment(site, name);
  const { home } = layoutOf(facts.base, name);
  let place = request.from;
  for (;;) {
    signal.throwIfAborted();
    const script = place === null ? beginScript(home, request.lines) : moreScript(home, place);
    const { text, ...next } = await asked(site, name, script, signal);
    if (text !== '') await onText(text);
    place = next;
    onPlace(place);
  }
}

async function asked(
  site: Site,
  name: string,
  script: string,
  signal: AbortSignal,
): Promise<LogPlace & { readonly text: string }> {
  const { exitCode, output } = await site.run(script, { signal });
  // it was removed while it was followed
  if (exitCode === 92) throw unknownDeployment(site, name);
  const head = /^([0-9a-f]{8,64}) (\d{1,15})\n/.exec(output);
  if (exitCode !== 0 || !head)
    throw new DeckhandError('engine.failed', `${site.name}: the log of ${name} could not be read.`);
  return { release: head[1] ?? '', offset: Number(head[2]), text: output.slice(head[0].length) };
}

const CURRENT =
  'r=$(readlink current) || exit 92; r=${r##*/}; s=$(wc -c < "releases/$r/log" 2>/dev/null); s=$((s+0))';

/** The last lines, and how long the log was: what is written meanwhile comes with the next question. */
function beginScript(home: string, lines: number): string {
  return `cd ${quote(home)} 2>/dev/null || exit 92; ${CURRENT}
echo "$r $s"; head -c "$s" "releases/$r/log" 2>/dev/null | tail -n ${lines}; :`;
}

/** What came after a place; of another release, or of a log that was begun anew, all of it. */
function moreScript(home: string, { release, offset }: LogPlace): string {
  return `cd ${quote(home)} 2>/dev/null || exit 92; n=0
while :; do ${CURRENT}
[ "$r" = ${release} ] && [ "$s" -eq ${offset} ] && [ $n -lt ${LOOKS} ] || break; n=$((n+1)); sleep ${PAUSE}; done
o=${offset}; [ "$r" = ${release} ] && [ "$s" -ge "$o" ] || o=0
l=$((s-o)); [ "$l" -le ${MOST} ] || l=${MOST}
echo "$r $((o+l))"; [ "$l" -eq 0 ] || tail -c +$((o+1)) "releases/$r/log" | head -c "$l"; :`;
}
