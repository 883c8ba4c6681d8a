import { type JSX, useState } from 'react';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { asksForYes, FaultOrQuestion } from '../parts/policy-question.tsx';
import { Tick } from '../parts/field.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { plainText, shellWord } from '../parts/words.ts';
import { DiffView } from './diff-view.tsx';
import { endsText } from './edit-text.ts';
import { NumberedText } from './text-field.tsx';
import { type Edit, useEdit } from './use-edit.ts';

/** A file of a host: read, edited, looked at once more, written in one move. */
export function FileEditor({
  host,
  path,
  onDownload,
  onClose,
}: {
  readonly host: string;
  readonly path: string;
  readonly onDownload: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const edit = useEdit(host, path);
  const [root, setRoot] = useState(false);
  const [reviews, setReviews] = useState(false);
  const [leaves, setLeaves] = useState(false);
  const { file, before } = edit;
  const close = (): void => {
    if (edit.isChanged && !leaves) setLeaves(true);
    else onClose();
  };
  const save = async (): Promise<void> => {
    if (await edit.save(root)) setReviews(false);
  };
  return (
    <Overlay shape="sheet" title={plainText(`${host}:${path}`, 200)} onClose={close}>
      <div className="flex h-full min-h-0 flex-col gap-2">
        <Facts edit={edit} />
        {leaves ? (
          <p role="alert" className="flex flex-wrap items-center gap-2 text-warn">
            What you changed is not saved.
            <Button look="grave" onClick={onClose}>
              Leave it
            </Button>
            <Button onClick={() => setLeaves(false)}>Go on editing</Button>
          </p>
        ) : null}
        {edit.error ? (
          <FaultOrQuestion
            error={edit.error}
            word="Yes, write exactly this"
            busy={edit.busy}
            onYes={() => void save()}
          />
        ) : null}
        {edit.isStale ? (
          <p className="flex flex-wrap items-center gap-2">
            Somebody else wrote it. Read it again to see what differs from your text; nothing you typed is
            lost.
            <Button
              onClick={() => {
                setReviews(true);
                void edit.readAgain();
              }}
            >
              Read again and compare
            </Button>
          </p>
        ) : null}
        {file && before ? (
          <>
            {reviews ? (
              <DiffView before={before.text} after={edit.text} />
            ) : (
              <NumberedText text={edit.text} onChange={edit.type} />
            )}
            <div className="flex flex-wrap items-center gap-2">
              {reviews ? (
                <>
                  <Button
                    look="main"
                    busy={edit.busy}
                    disabled={!edit.isChanged || asksForYes(edit.error)}
                    onClick={() => void save()}
                  >
                    Save exactly this
                  </Button>
                  <Button onClick={() => setReviews(false)}>Edit on</Button>
                </>
              ) : (
                <Button look="main" disabled={!edit.isChanged} onClick={() => setReviews(true)}>
                  Review the change
                </Button>
              )}
              <Tick label="as root" checked={root} onChange={setRoot} />
              <span className="ml-auto" />
              <Button look="bare" onClick={onDownload}>
                Download
              </Button>
            </div>
          </>
        ) : edit.busy ? (
          <p className="text-muted">reading …</p>
        ) : (
          <NotEdited host={host} path={path} isBinary={file !== null} onDownload={onDownload} />
        )}
      </div>
    </Overlay>
  );
}

function Facts({ edit: { file, before } }: { readonly edit: Edit }): JSX.Element | null {
  if (!file) return null;
  const parts = [
    file.mode,
    `${file.owner}:${file.group}`,
    ...(before ? [before.encoding, endsText(before)] : []),
  ];
  return <p className="font-mono text-xs text-muted">{plainText(parts.join(' · '), 200)}</p>;
}

function NotEdited({
  host,
  path,
  isBinary,
  onDownload,
}: {
  readonly host: string;
  readonly path: string;
  readonly isBinary: boolean;
  readonly onDownload: () => void;
}): JSX.Element {
  return (
    <div className="space-y-2">
      {isBinary ? <p>This is no text, so it is not edited here.</p> : null}
      <p className="flex flex-wrap items-center gap-2">
        <Button onClick={onDownload}>Download it</Button>
        <CopyButton label="copy as CLI" text={`deckhand get ${shellWord(`${host}:${path}`)} .`} />
      </p>
    </div>
  );
}
