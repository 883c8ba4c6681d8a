import { type Endpoint, isLoopback, showEndpoint } from '../../core/endpoint.ts';
import { kernelAddress } from '../../core/kernel-address.ts';
import type { EngineListen } from '../../core/model-params.ts';

/** What a release was seen to listen on. */
export interface Listeners {
  /** Addresses that are not of the loopback, `address:port`. */
  readonly beyond: readonly string[];
  /** Everything, as it is written for people. */
  readonly all: readonly string[];
  /** It listens where it is asked. */
  readonly isThere: boolean;
}

/** Judges what `listenersScript` printed; null when it could not be seen. Pure. */
export function judgeListeners(output: string, listen: EngineListen): Listeners | null {
  const lines = output.split('\n').filter(line => line !== '');
  if (lines.includes('unknown')) return null;
  const found = lines.flatMap((line): readonly Endpoint[] => {
    const tcp = /^tcp ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(line);
    if (tcp) return [{ host: kernelAddress(tcp[1] ?? ''), port: Number.parseInt(tcp[2] ?? '', 16) }];
    return line.startsWith('unix ') ? [{ path: line.slice('unix '.length) }] : [];
  });
  return {
    beyond: found.flatMap(each => (isLoopback(each) ? [] : [showEndpoint(each)])),
    all: [...new Set(found.map(each => showEndpoint(each)))],
    isThere: found.some(each => isSame(each, listen)),
  };
}

/** Whoever listens on every address listens on the loopback as well. */
function isSame(seen: Endpoint, listen: EngineListen): boolean {
  if ('path' in listen) return 'path' in seen && seen.path === listen.path;
  if (!('port' in seen) || seen.port !== listen.port) return false;
  return seen.host === listen.host || seen.host === '0.0.0.0' || seen.host === '::';
}
