import { type JSX, useState } from 'react';
import { type EndpointView, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { notice } from '../parts/notice.ts';
import { countText, plainText } from '../parts/words.ts';

const PORT = 8790;

/** The one address for programs, or the way to open it. */
export function EndpointLine({
  endpoint,
  onChanged,
}: {
  readonly endpoint: EndpointView | null;
  readonly onChanged: () => void;
}): JSX.Element {
  const [busy, setBusy] = useState(false);
  const carryOut = async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    try {
      await work();
      onChanged();
    } catch (thrown) {
      notice.say(toDeckhandError(thrown).message);
    }
    setBusy(false);
  };
  return (
    <section
      aria-label="endpoint"
      className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-1.5"
    >
      {endpoint === null ? (
        <>
          <span className="text-muted">No address for programs is open.</span>
          <Button
            busy={busy}
            onClick={() =>
              void carryOut(async () => await api.openEndpoint(HERE, { port: PORT, keep: true }))
            }
          >
            Open it
          </Button>
        </>
      ) : (
        <>
          <span>
            Base URL for programs: <code className="font-mono">{endpoint.url}</code>
          </span>
          <CopyButton label="copy URL" text={endpoint.url} />
          <span className="text-muted">
            token in <code className="font-mono">{plainText(endpoint.tokenFile)}</code> ·{' '}
            {countText(endpoint.requests, 'request')} so far
          </span>
          <Button busy={busy} onClick={() => void carryOut(async () => await api.closeEndpoint())}>
            Close it
          </Button>
        </>
      )}
    </section>
  );
}
