import { type DragEvent, type JSX, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { ListedEntry } from 'deckhand/client';
import { useAddress } from '../engine/address.ts';
import { api, HERE } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Fault } from '../parts/fault.tsx';
import { Choices, SearchField, Tick } from '../parts/field.tsx';
import { ScreenFrame } from '../parts/screen.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { countText, plainText, shellWord } from '../parts/words.ts';
import { ChangeDialog } from './change-dialog.tsx';
import type { FolderWish } from './change-command.ts';
import { Crumbs } from './crumbs.tsx';
import { shownEntries, sortedEntries } from './entries.ts';
import { EntryDrawer } from './entry-drawer.tsx';
import { EntryList } from './entry-list.tsx';
import { FileEditor } from './file-editor.tsx';
import { HERE_NAME, joined, nameOf, parentOf } from './paths.ts';
import { SearchPanel } from './search-panel.tsx';
import { TransferList } from './transfer-list.tsx';
import { useFolder } from './use-folder.ts';
import { useTransfers } from './use-transfers.ts';

/** Folders of servers, and of the machine that the daemon runs on: walked, searched, watched, changed. */
export default function FilesScreen(): JSX.Element {
  const [address, change] = useAddress();
  const [, navigate] = useLocation();
  const picker = useRef<HTMLInputElement>(null);
  const [wish, setWish] = useState<FolderWish | null>(null);
  const [searches, setSearches] = useState(false);
  const host = address.get('host') ?? '';
  const { answer, watch } = useFolder({ host, path: address.get('path') ?? '' });
  const folder = answer.value?.path ?? '/';
  const transfers = useTransfers(answer.reload);
  const hosts = useAnswer('hosts', async () => await api.listHosts(HERE, null));
  const sorted = useMemo(() => sortedEntries(answer.value?.entries ?? []), [answer.value]);
  const hidden = address.get('hidden') === '1';
  const text = address.get('text') ?? '';
  const shown = useMemo(() => shownEntries(sorted, { text, hidden }), [sorted, text, hidden]);
  const isServer = host !== '' && host !== HERE_NAME;
  const open = address.get('open');
  const edited = address.get('edit');
  const entry = sorted.find(({ name }) => open !== null && name === nameOf(open));

  /** Forward and back walk over folders. */
  const go = (path: string, name: string | null = null): void => {
    const next = new URLSearchParams({
      host,
      path,
      ...(hidden && { hidden: '1' }),
      ...(name !== null && { open: name }),
    });
    navigate(`/files?${next.toString()}`);
  };
  const onOpen = ({ name, type }: ListedEntry): void =>
    type === 'directory' ? go(joined(folder, name)) : change({ open: joined(folder, name) });
  const upload = (files: FileList | null): void => {
    if (isServer && files && files.length > 0) transfers.upload(host, folder, [...files]);
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    upload(event.dataTransfer.files);
  };
  const place = `${host}:${folder}`;
  return (
    <ScreenFrame
      title="Files"
      actions={
        <>
          <Choices
            label="server"
            value={host}
            options={[
              ['', 'choose a server'],
              [HERE_NAME, 'this machine (of the daemon)'],
              ...(hosts.value ?? []).map(({ name }) => [name, plainText(name, 60)] as const),
            ]}
            onChange={event =>
              navigate(`/files?${new URLSearchParams({ host: event.target.value }).toString()}`)
            }
          />
          <SearchField label="filter" value={text} onChange={value => change({ text: value })} />
          <Tick
            label="hidden"
            checked={hidden}
            onChange={checked => change({ hidden: checked ? '1' : null })}
            className="min-h-8"
          />
          <Button
            disabled={answer.value === null}
            aria-pressed={searches}
            onClick={() => setSearches(!searches)}
          >
            Search below
          </Button>
          {isServer ? (
            <>
              <Button disabled={answer.value === null} onClick={() => setWish({ wish: 'folder', folder })}>
                New folder
              </Button>
              <Button look="main" disabled={answer.value === null} onClick={() => picker.current?.click()}>
                Upload
              </Button>
              <input
                ref={picker}
                type="file"
                multiple
                aria-label="files to upload"
                className="sr-only"
                tabIndex={-1}
                onChange={event => {
                  upload(event.target.files);
                  event.target.value = '';
                }}
              />
            </>
          ) : null}
          {host === '' ? null : (
            <CopyButton
              label="copy as CLI"
              text={
                isServer ? `deckhand ls ${shellWord(place)}` : `deckhand put ${shellWord(folder)} HOST:/srv`
              }
            />
          )}
        </>
      }
    >
      {host === '' ? (
        <EmptyState title="Which server's files?">
          <p>
            Choose one above, or in a terminal:{' '}
            <code className="font-mono text-text">deckhand ls HOST:/etc</code>
          </p>
        </EmptyState>
      ) : (
        <div className="flex h-full flex-col" onDragOver={event => event.preventDefault()} onDrop={onDrop}>
          <Crumbs path={folder} onGo={go} />
          {answer.error ? (
            <div className="px-4">
              <Fault error={answer.error} />
            </div>
          ) : null}
          {searches ? <SearchPanel place={{ host, path: folder }} onGo={go} /> : null}
          <div
            className="flex flex-wrap items-center gap-3 px-4 py-0.5 text-xs text-muted"
            data-watched={watch === null}
          >
            <span data-shown={shown.length}>
              {countText(shown.length, 'entry', 'entries')}
              {shown.length < sorted.length ? ` of ${sorted.length.toLocaleString('en')}` : ''}
              {answer.value?.truncated === true ? '; the folder has more than are shown' : ''}
            </span>
            <span title={watch ?? ''}>
              {watch === null ? '● watched: changes appear by themselves' : '○ not watched'}
            </span>
            {isServer && folder !== '/' && answer.value !== null ? (
              <>
                <Button
                  look="bare"
                  className="ml-auto"
                  onClick={() => setWish({ wish: 'rename', path: folder })}
                >
                  Rename this folder
                </Button>
                <Button look="bare" onClick={() => setWish({ wish: 'delete', path: folder, isFolder: true })}>
                  Delete this folder
                </Button>
              </>
            ) : null}
          </div>
          <EntryList entries={shown} chosen={entry?.name ?? null} onOpen={onOpen} />
          {answer.value === null ? (
            <Skeleton key={folder} error={answer.error} />
          ) : sorted.length === 0 ? (
            <EmptyState title="Nothing is in this folder.">
              {isServer ? <p>Drop files here, or press Upload.</p> : null}
            </EmptyState>
          ) : null}
          <TransferList transfers={transfers} />
        </div>
      )}
      {entry && edited === null ? (
        <EntryDrawer
          host={host}
          path={joined(folder, entry.name)}
          entry={entry}
          isServer={isServer}
          onGo={() => go(joined(folder, entry.name))}
          onEdit={() => change({ edit: '1' })}
          onDownload={() => transfers.download(host, joined(folder, entry.name), entry.name)}
          onWish={setWish}
          onClose={() => change({ open: null })}
        />
      ) : null}
      {open !== null && edited !== null && isServer ? (
        <FileEditor
          host={host}
          path={open}
          onDownload={() => transfers.download(host, open, nameOf(open))}
          onClose={() => change({ edit: null, open: null })}
        />
      ) : null}
      {wish ? (
        <ChangeDialog
          host={host}
          wish={wish}
          onDone={() => {
            setWish(null);
            // the open folder itself is gone, or called otherwise
            if (wish.wish !== 'folder' && wish.path === folder) go(parentOf(folder));
            else change({ open: null });
            answer.reload();
          }}
          onClose={() => setWish(null)}
        />
      ) : null}
    </ScreenFrame>
  );
}
