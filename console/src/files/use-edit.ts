import { useCallback, useEffect, useRef, useState } from 'react';
import { type DeckhandError, type FileView, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { approvalOf } from '../parts/approval-of.ts';
import { notice } from '../parts/notice.ts';
import { type EditedText, readText, writeText } from './edit-text.ts';

export interface Edit {
  /** Null until it was read. */
  readonly file: FileView | null;
  /** As it is on the host; null: it is no text. */
  readonly before: EditedText | null;
  /** As it is here. */
  readonly text: string;
  readonly isChanged: boolean;
  readonly busy: boolean;
  readonly error: DeckhandError | null;
  /** Somebody else wrote it since it was read. */
  readonly isStale: boolean;
  readonly type: (text: string) => void;
  readonly save: (root: boolean) => Promise<boolean>;
  /** Reads it anew; what was typed stays. */
  readonly readAgain: () => Promise<void>;
}

/** One file of a host, from reading to writing: it is written only if it is still what was read. */
export function useEdit(host: string, path: string): Edit {
  const [file, setFile] = useState<FileView | null>(null);
  const [before, setBefore] = useState<EditedText | null>(null);
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(true);
  const [error, setError] = useState<DeckhandError | null>(null);

  const newest = useRef(0);
  const read = useCallback(
    async (keepText: boolean): Promise<void> => {
      const mine = (newest.current += 1);
      setBusy(true);
      setError(null);
      try {
        const found = await api.readFile(HERE, host, path);
        // another file is shown by now
        if (mine !== newest.current) return;
        const known = readText(found.content);
        setFile(found);
        setBefore(known);
        if (!keepText) setText(known?.text ?? '');
      } catch (thrown) {
        if (mine !== newest.current) return;
        setError(toDeckhandError(thrown));
      }
      setBusy(false);
    },
    [host, path],
  );
  useEffect(() => void read(false), [read]);

  const save = async (root: boolean): Promise<boolean> => {
    if (!file || !before) return false;
    setBusy(true);
    // saved once more under the question: that is the yes to it
    const approval = approvalOf(error);
    setError(null);
    try {
      const content = writeText(text, before);
      const written = await api.writeFile(HERE, host, {
        path,
        content,
        expected: file.hash,
        root,
        ...approval,
      });
      setFile({ ...file, ...written, content });
      setBefore(readText(content));
      notice.say(`Saved; mode ${written.mode} and owner ${written.owner} as before.`);
      return true;
    } catch (thrown) {
      setError(toDeckhandError(thrown));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return {
    file,
    before,
    text,
    isChanged: before !== null && text !== before.text,
    busy,
    error,
    isStale: error?.code === 'file.changed',
    type: changed => {
      setText(changed);
      setError(null);
    },
    save,
    readAgain: async () => await read(true),
  };
}
