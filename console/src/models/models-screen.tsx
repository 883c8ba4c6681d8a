import type { JSX } from 'react';
import { useAddress } from '../engine/address.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Fault } from '../parts/fault.tsx';
import { ScreenFrame } from '../parts/screen.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { DeployForm } from './deploy-form.tsx';
import { DeployProgress } from './deploy-progress.tsx';
import { EndpointLine } from './endpoint-line.tsx';
import { ModelCard } from './model-card.tsx';
import { TunnelList } from './tunnel-list.tsx';
import { useModels } from './use-models.ts';

/** Model servers, the ways to them, and putting one on a server. */
export default function ModelsScreen(): JSX.Element {
  const [address, change] = useAddress();
  const { rows, known, isAsking, reload } = useModels();
  const deploying = address.get('deploying');
  return (
    <ScreenFrame
      title="Models"
      actions={
        <>
          <Button busy={isAsking} onClick={reload}>
            Ask them again
          </Button>
          <CopyButton label="copy as CLI" text="deckhand model list --check" />
          <Button look="main" onClick={() => change({ deploy: '1' })}>
            Deploy a model
          </Button>
        </>
      }
    >
      {known.error ? <Fault error={known.error} /> : null}
      {known.value ? <EndpointLine endpoint={known.value.endpoint} onChanged={known.reload} /> : null}
      {deploying === null ? null : (
        <DeployProgress id={deploying} onClose={() => change({ deploying: null })} />
      )}
      {rows.length > 0 ? (
        <ul aria-label="model servers" className="grid gap-3 p-4 lg:grid-cols-2">
          {rows.map(row => (
            <ModelCard key={row.id} row={row} isAsking={isAsking} />
          ))}
        </ul>
      ) : known.value === null ? (
        <Skeleton error={known.error} />
      ) : deploying !== null ? null : (
        <EmptyState title="No model server is known yet.">
          <p>A server needs nothing for it but SSH and a folder: no root, no internet, no Docker.</p>
          <p>
            One that runs already is found by{' '}
            <code className="font-mono text-text">deckhand model connect HOST</code>
          </p>
        </EmptyState>
      )}
      <TunnelList tunnels={known.value?.tunnels ?? []} onChanged={known.reload} />
      {address.get('deploy') === null ? null : (
        <DeployForm
          servers={address.get('servers') ?? ''}
          onBegun={id => change({ deploy: null, servers: null, deploying: id })}
          onClose={() => change({ deploy: null, servers: null })}
        />
      )}
    </ScreenFrame>
  );
}
