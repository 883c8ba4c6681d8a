import { type Argument, type Call, note, type Stream } from '../call.ts';
import { isKnown } from './shape.ts';
import { placesOf } from './touch.ts';

const SCRIPTS =
  /^\/etc\/(cron\.(hourly|daily|weekly|monthly)|init\.d|profile\.d)\/|\/\.git\/hooks\/|\/(profile|\.bashrc|\.profile|rc\.local)$/;
const TABLES = /^\/etc\/(crontab|cron\.d\/.+)$/;
const OWN_TABLES = /^\/var\/spool\/cron\//;
const UNITS = /^(\/etc|\/usr\/lib|\/lib)\/systemd\/.*\.(service|timer|socket)$|^\/etc\/systemd\/.*\.conf$/;

/** What a text makes run later when it stands in this file: scripts of the shell. Pure. */
export function runsLater(path: string, text: string): readonly string[] {
  if (!isKnown(path)) return [];
  if (SCRIPTS.test(path)) return [text];
  const lines = text.split('\n').map(line => line.trim());
  if (UNITS.test(path)) return lines.flatMap(line => /^Exec\w+=[-@:+!]*(.+)$/.exec(line)?.[1] ?? []);
  const fields = TABLES.test(path) ? 6 : OWN_TABLES.test(path) ? 5 : null;
  if (fields === null) return [];
  return lines.flatMap(line => {
    const named = /^@\w+\s+/.exec(line)?.[0];
    const skip = named === undefined ? fields : fields - 5;
    const rest = line.slice(named?.length ?? 0);
    return new RegExp(`^(?:[^\\s#=]\\S*\\s+){${skip}}(.+)$`).exec(rest)?.[1] ?? [];
  });
}

/** A file gets what a stream brings: what is known of it and will run is judged now. */
export function keepsStream(call: Call, target: Pick<Argument, 'shape' | 'source'>, stream: Stream): void {
  const { text, endless } = stream;
  if (endless) note(call, 'destructive', 'writes without end', 'exhaustion', target.source);
  if (text === null) return;
  for (const place of placesOf(call, target)) {
    if (place === null) continue;
    for (const script of runsLater(place, text)) {
      const { reasons } = call.verdictOf(script);
      // a program of one's own is what such a file is for
      for (const reason of reasons.filter(one => one.class === 'destructive' || one.class === 'forbidden'))
        note(call, reason.class, `later: ${reason.text}`, reason.risk, script);
    }
  }
}
