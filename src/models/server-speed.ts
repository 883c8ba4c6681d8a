import { ask, type ModelDoor, readText } from './door.ts';
import { at, parseJson } from './json.ts';

/**
 * Tokens per second of all answers that a server gave since it was started, while it worked on them: llama-server's
 * own counts. Null where it does not tell, said nothing yet, or sleeps: asked for its counts it would wake up.
 */
export async function speedOf(door: ModelDoor, signal: AbortSignal): Promise<number | null> {
  const props = await textOf(door, '/props', signal);
  if (props === null || at(parseJson(props), 'is_sleeping') === true) return null;
  const metrics = await textOf(door, '/metrics', signal);
  if (metrics === null) return null;
  const tokens = counted(metrics, 'tokens_predicted_total');
  const seconds = counted(metrics, 'tokens_predicted_seconds_total');
  return tokens > 0 && seconds > 0 ? tokens / seconds : null;
}

async function textOf(door: ModelDoor, path: string, signal: AbortSignal): Promise<string | null> {
  const response = await ask(door, { method: 'GET', path, signal });
  const text = await readText(door, response, signal);
  return response.statusCode === 200 ? text : null;
}

/** A line of Prometheus' text format; 0: there is none. */
function counted(metrics: string, name: string): number {
  const value = new RegExp(`^llamacpp:${name} (\\S+)$`, 'm').exec(metrics)?.[1];
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
}
