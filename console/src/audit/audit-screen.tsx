import { type JSX, useState } from 'react';
import { type AuditEntryView, toDeckhandError } from 'deckhand/client';
import { useAddress } from '../engine/address.ts';
import { api } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Fault } from '../parts/fault.tsx';
import { Choices, SearchField } from '../parts/field.tsx';
import { notice } from '../parts/notice.ts';
import { ScreenFrame } from '../parts/screen.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { countText, plainText } from '../parts/words.ts';
import { AuditDrawer } from './audit-drawer.tsx';
import { fitsAudit, joinPages } from './audit-filter.ts';

const PAGE = 200;

const COLUMNS: readonly Column<AuditEntryView>[] = [
  { title: 'number', render: ({ number }) => number },
  { title: 'when', render: ({ time }) => <When time={time} /> },
  { title: 'who', wide: true, render: ({ who }) => plainText(who, 60) },
  { title: 'what', render: ({ action }) => plainText(action, 40) },
  { title: 'servers', wide: true, render: ({ hosts }) => plainText(hosts.join(', '), 60) },
  {
    title: 'command or call',
    grows: true,
    render: ({ command }) => <span className="font-mono">{plainText(command, 200)}</span>,
  },
];

/** Who did what and who was not let, each entry bound to the one before. */
export default function AuditScreen(): JSX.Element {
  const [address, change] = useAddress();
  const [older, setOlder] = useState<readonly (readonly AuditEntryView[])[]>([]);
  const [busy, setBusy] = useState(false);
  // the daemon checks the whole chain for every answer, and answers with `audit.broken` when it does not hold
  const newest = useAnswer('audit', async () => await api.auditTrail({ limit: PAGE }));
  const entries = joinPages([newest.value?.entries ?? [], ...older]);
  const filter = {
    text: address.get('text') ?? '',
    who: address.get('who') ?? '',
    action: address.get('action') ?? '',
  };
  const shown = entries.filter(entry => fitsAudit(entry, filter));
  const open = entries.find(entry => String(entry.number) === address.get('entry'));
  const showOlder = async (): Promise<void> => {
    const before = entries.at(-1)?.number;
    if (before === undefined) return;
    setBusy(true);
    try {
      const page = await api.auditTrail({ before, limit: PAGE });
      setOlder(pages => [...pages, page.entries]);
    } catch (thrown) {
      notice.say(toDeckhandError(thrown).message);
    }
    setBusy(false);
  };
  return (
    <ScreenFrame
      title="Audit"
      actions={
        <>
          <SearchField label="filter" value={filter.text} onChange={text => change({ text })} />
          <Choices
            label="who"
            value={filter.who}
            options={[['', 'everybody'], ...wordsOf(entries.map(({ who }) => who))]}
            onChange={event => change({ who: event.target.value })}
          />
          <Choices
            label="what"
            value={filter.action}
            options={[['', 'everything'], ...wordsOf(entries.map(({ action }) => action))]}
            onChange={event => change({ action: event.target.value })}
          />
          <Button busy={newest.asking} onClick={newest.reload}>
            Verify
          </Button>
          <CopyButton label="copy as CLI" text="deckhand audit verify" />
        </>
      }
    >
      {newest.error ? <Fault error={newest.error} /> : null}
      <ChainLine total={newest.error ? null : (newest.value?.total ?? null)} asking={newest.asking} />
      {shown.length > 0 ? (
        <Table
          label="audit log"
          columns={COLUMNS}
          rows={shown}
          keyOf={({ number }) => String(number)}
          nameOf={({ number }) => `entry ${number}`}
          onOpen={({ number }) => change({ entry: String(number) })}
        />
      ) : newest.value === null ? (
        <Skeleton error={newest.error} />
      ) : (
        <EmptyState title={entries.length > 0 ? 'No entry is like that.' : 'Nothing is in the log yet.'}>
          {entries.length > 0 ? (
            <Button onClick={() => change({ text: null, who: null, action: null })}>Clear the filters</Button>
          ) : (
            <p>What changes something, and what the policy refuses, is written here.</p>
          )}
        </EmptyState>
      )}
      {entries.length < (newest.value?.total ?? 0) ? (
        <p className="p-4 text-center">
          <Button busy={busy} onClick={() => void showOlder()}>
            Show older entries
          </Button>
        </p>
      ) : null}
      {open ? <AuditDrawer entry={open} onClose={() => change({ entry: null })} /> : null}
    </ScreenFrame>
  );
}

/** Whether every entry still is what was written. */
function ChainLine({
  total,
  asking,
}: {
  readonly total: number | null;
  readonly asking: boolean;
}): JSX.Element {
  return (
    <p role="status" className="border-b border-line px-4 py-1.5">
      {asking ? (
        <span className="text-muted">The chain is being checked …</span>
      ) : total === null ? null : (
        <span className="text-good" data-chain="sound">
          <span aria-hidden="true">✓ </span>
          The chain holds: {countText(total, 'entry', 'entries')}, none changed, none missing.
        </span>
      )}
    </p>
  );
}

function wordsOf(words: readonly string[]): readonly (readonly [string, string])[] {
  return [...new Set(words)].toSorted().map(word => [word, plainText(word, 60)] as const);
}
