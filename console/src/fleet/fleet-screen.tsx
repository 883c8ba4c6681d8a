import { type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import { toDeckhandError } from 'deckhand/client';
import { useAddress } from '../engine/address.ts';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Fault } from '../parts/fault.tsx';
import { Choices, SearchField } from '../parts/field.tsx';
import { notice } from '../parts/notice.ts';
import { ScreenFrame } from '../parts/screen.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { countText, plainText } from '../parts/words.ts';
import { AddServer } from './add-server.tsx';
import { HostDrawer } from './host-drawer.tsx';
import { fitsHost, HOST_LOOKS, type HostRow } from './host-rows.ts';
import { RunDialog } from './run-dialog.tsx';
import { SyncDialog } from './sync-dialog.tsx';
import { UsageBar } from './usage-bar.tsx';
import { askHosts, useFleet } from './use-fleet.ts';
import { WorkCell } from './work-cell.tsx';

const STATES = [
  ['', 'every state'],
  ...Object.entries(HOST_LOOKS).map(([state, { word }]) => [state, word] as const),
] as const;

const COLUMNS: readonly Column<HostRow>[] = [
  { title: 'name', render: row => <span className="font-medium">{plainText(row.name, 60)}</span> },
  { title: 'state', render: row => <StateCell row={row} /> },
  { title: 'address', wide: true, render: row => plainText(row.address ?? '', 60) },
  {
    title: 'groups',
    wide: true,
    render: row => row.groups.map(group => `@${plainText(group, 30)}`).join(' '),
  },
  { title: 'system', wide: true, grows: true, render: row => plainText(row.facts?.system ?? '', 80) },
  { title: 'disk', wide: true, render: row => <UsageBar what="disk" usage={row.facts?.disk ?? null} /> },
  {
    title: 'memory',
    wide: true,
    render: row => <UsageBar what="memory" usage={row.facts?.memory ?? null} />,
  },
  { title: 'goes on', wide: true, render: row => <WorkCell row={row} /> },
  { title: 'last seen', render: row => <When time={row.seenAt} /> },
];

/** All servers that are known, and how they were last seen. */
export default function FleetScreen(): JSX.Element {
  const [address, change] = useAddress();
  const [, navigate] = useLocation();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [dialog, setDialog] = useState<'run' | 'sync' | null>(null);
  const { rows, answer } = useFleet();
  const filter = {
    text: address.get('text') ?? '',
    state: address.get('state') ?? '',
    group: address.get('group') ?? '',
  };
  const shown = rows.filter(row => fitsHost(row, filter));
  const groups = [...new Set(rows.flatMap(row => row.groups))].toSorted();
  const open = rows.find(row => row.name === address.get('host'));
  const names = shown.filter(row => chosen.has(row.name)).map(row => row.name);
  const check = (hosts: readonly string[]): void => {
    askHosts('ssh.connect', hosts)
      .then(async () => await askHosts('host.facts', hosts))
      .then(
        () => notice.say(`${countText(hosts.length, 'server')} asked.`),
        (error: unknown) => notice.say(toDeckhandError(error).message),
      );
  };
  return (
    <ScreenFrame
      title="Fleet"
      actions={
        <>
          <SearchField label="filter" value={filter.text} onChange={text => change({ text })} />
          <Choices
            label="state"
            value={filter.state}
            options={STATES}
            onChange={event => change({ state: event.target.value })}
          />
          {groups.length === 0 ? null : (
            <Choices
              label="group"
              value={filter.group}
              options={[['', 'every group'], ...groups.map(group => [group, `@${group}`] as const)]}
              onChange={event => change({ group: event.target.value })}
            />
          )}
          <Button
            disabled={shown.length === 0}
            onClick={() => check(names.length > 0 ? names : shown.map(row => row.name))}
          >
            Check {names.length > 0 ? 'chosen' : 'all'}
          </Button>
          <CopyButton label="copy as CLI" text="deckhand hosts list" />
          <Button look="main" onClick={() => change({ add: '1' })}>
            Add server
          </Button>
        </>
      }
    >
      {answer.error ? <Fault error={answer.error} /> : null}
      {names.length === 0 ? null : (
        <div className="sticky top-0 z-10 flex flex-wrap items-center gap-2 border-b border-line bg-accent-ground px-4 py-1.5">
          {countText(names.length, 'server')} chosen
          <Button onClick={() => setDialog('run')}>Run a command</Button>
          <Button onClick={() => setDialog('sync')}>Sync a folder</Button>
          <Button
            onClick={() =>
              navigate(`/models?${new URLSearchParams({ deploy: '1', servers: names.join(',') }).toString()}`)
            }
          >
            Deploy a model
          </Button>
          <CopyButton label="copy as CLI" text={`deckhand exec ${names.join(',')} -- `} />
        </div>
      )}
      {shown.length > 0 ? (
        <Table
          label="servers"
          columns={COLUMNS}
          rows={shown}
          keyOf={row => row.name}
          nameOf={row => row.name}
          onOpen={row => change({ host: row.name })}
          choice={{ chosen, onChange: setChosen }}
        />
      ) : answer.value === null ? (
        <Skeleton error={answer.error} />
      ) : (
        <NoServers
          isFiltered={rows.length > 0}
          onClear={() => change({ text: null, state: null, group: null })}
          onAdd={() => change({ add: '1' })}
        />
      )}
      {open ? (
        <HostDrawer
          row={open}
          onRemoved={() => {
            answer.reload();
            change({ host: null });
          }}
          onClose={() => change({ host: null })}
        />
      ) : null}
      {address.get('add') === null ? null : (
        <AddServer
          groups={groups}
          onAdded={name => {
            answer.reload();
            change({ add: null, host: name });
          }}
          onClose={() => change({ add: null })}
        />
      )}
      {dialog === 'run' ? <RunDialog hosts={names} onClose={() => setDialog(null)} /> : null}
      {dialog === 'sync' ? <SyncDialog hosts={names} onClose={() => setDialog(null)} /> : null}
    </ScreenFrame>
  );
}

function StateCell({ row }: { readonly row: HostRow }): JSX.Element {
  return (
    <span title={row.reason ?? ''} data-host-state={row.state}>
      <Badge look={HOST_LOOKS[row.state]} />
      {row.running > 0 ? (
        <span className="block text-xs text-muted">{countText(row.running, 'task')} running</span>
      ) : null}
    </span>
  );
}

function NoServers({
  isFiltered,
  onClear,
  onAdd,
}: {
  readonly isFiltered: boolean;
  readonly onClear: () => void;
  readonly onAdd: () => void;
}): JSX.Element {
  if (isFiltered)
    return (
      <EmptyState title="No server is like that.">
        <Button onClick={onClear}>Clear the filters</Button>
      </EmptyState>
    );
  return (
    <EmptyState title="No servers yet.">
      <p>
        Every <code className="font-mono text-text">Host</code> of your{' '}
        <code className="font-mono text-text">~/.ssh/config</code> appears here by itself. Or paste{' '}
        <code className="font-mono text-text">user@host</code>, or an ssh command:
      </p>
      <Button look="main" onClick={onAdd}>
        Add server
      </Button>
      <p>
        <code className="font-mono text-text">deckhand hosts add web-1 --address 10.0.0.1</code>
      </p>
    </EmptyState>
  );
}
