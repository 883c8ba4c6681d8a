import type { JSX } from 'react';
import type { ListedEntry } from 'deckhand/client';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { bytesText, plainText, shellWord } from '../parts/words.ts';
import type { FolderWish } from './change-command.ts';

/** One thing in a folder: all that is known of it, and what can be done with it. */
export function EntryDrawer({
  host,
  path,
  entry,
  isServer,
  onGo,
  onEdit,
  onDownload,
  onWish,
  onClose,
}: {
  readonly host: string;
  readonly path: string;
  readonly entry: ListedEntry;
  readonly isServer: boolean;
  /** Goes to where it leads, as a folder. */
  readonly onGo: () => void;
  readonly onEdit: () => void;
  readonly onDownload: () => void;
  readonly onWish: (wish: FolderWish) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { name, raw, type, size, mode, owner, group, modifiedAt, link } = entry;
  const canOpen = isServer && raw === undefined && (type === 'file' || type === 'symlink');
  const lines = [
    ['path', path],
    ['is a', type],
    ['size', `${bytesText(size)} (${size.toLocaleString('en')} bytes)`],
    ['mode', mode],
    ['owner', `${owner}:${group}`],
    ['changed', new Date(modifiedAt).toLocaleString()],
    ...(link === undefined ? [] : [['leads to', link]]),
  ] as const;
  return (
    <Overlay shape="drawer" title={plainText(name, 120)} onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {lines.map(([title = '', text = '']) => (
          <div key={title} className="contents">
            <dt className="text-muted">{title}</dt>
            <dd className="break-all">{plainText(text, 1000)}</dd>
          </div>
        ))}
      </dl>
      {raw === undefined ? null : (
        <p className="mt-2 text-warn">Its name is no UTF-8: work with its folder on the command line.</p>
      )}
      <div className="mt-4 flex flex-wrap gap-2">
        {type === 'symlink' ? <Button onClick={onGo}>Open as a folder</Button> : null}
        {canOpen ? (
          <>
            <Button look="main" onClick={onEdit}>
              Edit
            </Button>
            <Button onClick={onDownload}>Download</Button>
          </>
        ) : null}
        {isServer && raw === undefined ? (
          <>
            <Button onClick={() => onWish({ wish: 'rename', path })}>Rename</Button>
            <Button
              look="grave"
              onClick={() => onWish({ wish: 'delete', path, isFolder: type === 'directory' })}
            >
              Delete
            </Button>
          </>
        ) : null}
        <CopyButton
          label="copy as CLI"
          text={
            isServer
              ? `deckhand get ${shellWord(`${host}:${path}`)} .`
              : `deckhand put ${shellWord(path)} HOST:/srv`
          }
        />
      </div>
    </Overlay>
  );
}
