import { type FormEvent, type JSX, useState } from 'react';
import { type DeckhandError, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { TextField } from '../parts/field.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { shellWord } from '../parts/words.ts';
import { nameOfFile } from './deploy-steps.ts';
import { modelSubmission } from './model-submission.ts';

/** Where a model is to be served, and which. */
export function DeployForm({
  servers,
  onBegun,
  onClose,
}: {
  /** Names that stand in the form already. */
  readonly servers: string;
  /** Told the group of its tasks. */
  readonly onBegun: (group: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const known = useAnswer('hosts', async () => await api.listHosts(HERE, null));
  const [hosts, setHosts] = useState(servers);
  const [model, setModel] = useState('');
  const [typedName, setTypedName] = useState<string | null>(null);
  const [context, setContext] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  const name = typedName ?? nameOfFile(model);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const params = { name, model, ...(context === '' ? {} : { context: Number(context) }) };
      const { group } = await api.submit(modelSubmission('model.deploy', hosts, params));
      onBegun(group);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
      setBusy(false);
    }
  };
  return (
    <Overlay shape="dialog" title="Deploy a model" onClose={onClose}>
      <form className="space-y-3" onSubmit={event => void submit(event)}>
        <TextField
          autoFocus
          required
          label="on which servers"
          list="servers-for-models"
          value={hosts}
          onChange={event => setHosts(event.target.value)}
        />
        <datalist id="servers-for-models">
          {(known.value ?? []).map(host => (
            <option key={host.name} value={host.name} />
          ))}
        </datalist>
        <TextField
          required
          label="GGUF file on this machine, absolute"
          pattern="/.*"
          value={model}
          onChange={event => setModel(event.target.value)}
        />
        <TextField
          required
          label="name it is asked for by"
          value={name}
          onChange={event => setTypedName(event.target.value)}
        />
        <TextField
          type="number"
          min={64}
          label="tokens of context; empty: as trained, at most 8192"
          value={context}
          onChange={event => setContext(event.target.value)}
        />
        {error ? <Fault error={error} /> : null}
        <div className="flex items-center gap-2">
          <Button type="submit" look="main" busy={busy}>
            Deploy
          </Button>
          <CopyButton
            label="copy as CLI"
            text={`deckhand model deploy ${shellWord(hosts)} ${shellWord(model)} --name ${shellWord(name)}${context === '' ? '' : ` --context ${context}`}`}
          />
        </div>
      </form>
    </Overlay>
  );
}
