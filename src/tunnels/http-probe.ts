import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Endpoint } from '../core/endpoint.ts';
import { sanitiseText } from '../core/untrusted.ts';
import type { HealthReading } from './judge-health.ts';

/** Opens a connection to the target, without being held. */
export type OpenTarget = (signal: AbortSignal) => Promise<Duplex>;
/** Looks at the target once. Throws when nothing answers; aborts with the signal. */
export type HealthProbe = (open: OpenTarget, signal: AbortSignal) => Promise<HealthReading>;

/** Bytes of an answer that are read. */
const ENOUGH = 8 * 1024;

/** A look that only connects. */
export const connectProbe: HealthProbe = async (open, signal) => {
  (await open(signal)).destroy();
  return { answer: 'healthy', text: 'it accepts connections' };
};

/** GET of a path: 2xx and 3xx are well, 503 that says so is loading, all else is wrong. */
export function httpProbe(path: string, target: Endpoint): HealthProbe {
  const host = 'path' in target ? 'localhost' : target.host;
  return async (open, signal) => {
    const stream = await open(signal);
    try {
      return await ask(stream, { path, host }, signal);
    } finally {
      stream.destroy();
    }
  };
}

function ask(
  stream: Duplex,
  { path, host }: { readonly path: string; readonly host: string },
  signal: AbortSignal,
): Promise<HealthReading> {
  return new Promise((resolve, reject) => {
    const call = request({
      path,
      signal,
      headers: { host, connection: 'close' },
      createConnection: () => stream,
    });
    call.once('error', reject);
    call.once('response', response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        body = (body + piece).slice(0, ENOUGH);
      });
      response.once('error', reject);
      response.once('end', () => resolve(readingOf(response.statusCode ?? 0, body)));
    });
    call.end();
  });
}

/** What an answer says; pure. */
export function readingOf(status: number, body: string): HealthReading {
  const text = `HTTP ${status}`;
  if (status >= 200 && status < 400) return { answer: 'healthy', text };
  if (status === 503 && /loading/i.test(body)) return { answer: 'loading', text: `${text}, loading` };
  return { answer: 'wrong', text: `${text} ${sanitiseText(body).slice(0, 200)}`.trim() };
}
