import type { ModelHostResult } from '../api/contract.ts';
import type { AttachedModel } from '../core/attached-model.ts';
import { oneLine, table } from './layout.ts';
import type { Style } from './style.ts';

/** What was found, and what it serves. */
export function renderAttached(results: readonly ModelHostResult<AttachedModel>[], style: Style): string {
  return results
    .map(({ result }) => {
      if (!result) return '';
      const rows = [
        ['engine', `${oneLine(result.engine)} ${oneLine(result.version ?? '')}`.trimEnd()],
        ['listens', showPlace(result)],
        ['models', result.models.map(oneLine).join(', ') || '-'],
      ];
      const head = `${style.strong(`${oneLine(result.host)}/${result.name}`)} ${style.good('connected')}, ${oneLine(result.readiness)}`;
      return `${head}\n${table(rows, '  ')}\n`;
    })
    .join('');
}

/** As it is reached: an address, or the path of a socket. */
export function showPlace({ listen, tls, base }: AttachedModel): string {
  if ('path' in listen) return oneLine(listen.path);
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return oneLine(`${tls ? 'https' : 'http'}://${host}:${listen.port}${base}`);
}
