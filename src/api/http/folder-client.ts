import type { FolderApi, FolderChange, FoundItem } from '../folder-contract.ts';
import type { StagingApi } from '../staging-contract.ts';
import { toBase64 } from './base64.ts';
import type { Ask } from './client.ts';
import { streamedItems } from './item-stream.ts';
import type { Transport } from './transport.ts';

/** Milliseconds until a stream must have begun: a host may have to be connected first. */
const OPEN_LIMIT = 90_000;
const LIST_LIMIT = 90_000;

/** The calls about folders and files on their way, over HTTP. */
export function folderCalls(ask: Ask, transport: Transport, closing: AbortSignal): FolderApi & StagingApi {
  const part = encodeURIComponent;
  const stream = <Item>(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<Item> =>
    streamedItems<Item>(transport, { method: 'POST', path, body, limit: OPEN_LIMIT }, { signal, closing });
  return {
    listFolder: (surroundings, place) =>
      ask('POST', '/v1/folders/list', { surroundings, ...place }, LIST_LIMIT),
    searchFolder: (surroundings, search, { signal }) =>
      stream<FoundItem>('/v1/folders/search', { surroundings, ...search }, signal),
    watchFolder: (surroundings, place, { signal }) =>
      stream<FolderChange>('/v1/folders/watch', { surroundings, ...place }, signal),
    beginUpload: file => ask('POST', '/v1/uploads', file),
    addToUpload: (id, at, bytes) =>
      ask('POST', `/v1/uploads/${part(id)}/piece`, { at, bytes: toBase64(bytes) }),
    sendUpload: (surroundings, id, target) =>
      ask('POST', `/v1/uploads/${part(id)}/send`, { surroundings, ...target }),
    fetchFile: (surroundings, host, path) =>
      ask('POST', `/v1/hosts/${part(host)}/file/fetch`, { surroundings, path }),
    async *fetched(id, { signal }) {
      const open = AbortSignal.any([signal, closing]);
      const path = `/v1/fetched/${part(id)}`;
      const body = await transport.open({ method: 'GET', path, signal: open, limit: OPEN_LIMIT });
      const leave = (): void => void body.destroy();
      open.addEventListener('abort', leave, { once: true });
      try {
        // plain bytes, whatever the transport reads them into
        for await (const piece of body) yield new Uint8Array(piece);
      } finally {
        open.removeEventListener('abort', leave);
        leave();
      }
    },
  };
}
