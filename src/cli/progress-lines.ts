import { showDuration } from '../core/duration.ts';
import type { RunEvent } from '../core/run-event.ts';
import { oneLine } from './layout.ts';

/** An event as one line for a log, or null where a log needs none. */
export function describeEvent(event: RunEvent): string | null {
  if (!('host' in event)) return null;
  const told = describeHostEvent(event);
  return told === null ? null : `${oneLine(event.host)}: ${told}`;
}

function describeHostEvent(event: Extract<RunEvent, { host: string }>): string | null {
  switch (event.kind) {
    case 'host-phase':
      return event.phase;
    case 'step-started':
      return `step ${event.index}/${event.total} ${oneLine(event.title)}`;
    case 'state-applying':
      return `applying ${oneLine(event.state)}`;
    case 'correction':
      return `correcting ${oneLine(event.title)}`;
    case 'decision':
      return `${oneLine(event.action)} after ${oneLine(event.stepId)}: ${oneLine(event.reason)}`;
    case 'step-completed':
      return `${event.outcome} ${oneLine(event.report.title)} (${showDuration(event.report.duration)})`;
    case 'proof':
      return `${event.proof.holds ? 'holds' : 'does not hold'}: ${oneLine(event.proof.title)}`;
    case 'host-completed':
      return event.error
        ? `${event.outcome} ${event.error.code}: ${oneLine(event.error.message)}`
        : event.outcome;
    case 'output':
    default:
      return null;
  }
}
