import { type FormEvent, type JSX, useState } from 'react';
import { type DeckhandError, RIGHTS_OF, type Role, toDeckhandError, type TokenView } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { Choices, TextField } from '../parts/field.tsx';
import { notice } from '../parts/notice.ts';
import { When } from '../parts/when.tsx';
import { plainText, shellWord } from '../parts/words.ts';

const DAY = 86_400_000;
const ROLES = Object.keys(RIGHTS_OF).map(role => [role, role] as const);
const LIVES = [
  ['', 'does not expire'],
  ['1', 'for a day'],
  ['30', 'for 30 days'],
  ['365', 'for a year'],
] as const;

/** Tokens with which others may ask the daemon. A new one is shown once, here, and kept nowhere. */
export function TokenList(): JSX.Element {
  const tokens = useAnswer('tokens', async () => await api.tokens());
  const [fresh, setFresh] = useState<string | null>(null);
  const [error, setError] = useState<DeckhandError | null>(null);
  const remove = async (name: string): Promise<void> => {
    try {
      await api.removeToken(name);
      notice.say(`The token ${name} is worthless now.`);
      tokens.reload();
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
  };
  return (
    <section aria-label="tokens" className="px-4 py-3">
      <h2 className="font-semibold">Tokens</h2>
      {tokens.error ? <Fault error={tokens.error} /> : null}
      {error ? <Fault error={error} /> : null}
      {fresh === null ? null : (
        <p role="status" data-fresh-token="" className="my-2 rounded border border-warn px-3 py-2">
          Shown once: <span className="font-mono break-all">{fresh}</span>{' '}
          <CopyButton label="copy" text={fresh} />
          <Button look="bare" onClick={() => setFresh(null)}>
            I have it
          </Button>
        </p>
      )}
      <ul className="divide-y divide-line">
        {(tokens.value ?? []).map(token => (
          <TokenRow key={token.name} token={token} onRemove={() => void remove(token.name)} />
        ))}
      </ul>
      {tokens.value?.length === 0 ? <p className="text-muted">Nobody else may ask this daemon.</p> : null}
      <NewTokenForm
        onMade={token => {
          setFresh(token);
          tokens.reload();
        }}
      />
    </section>
  );
}

function TokenRow({
  token,
  onRemove,
}: {
  readonly token: TokenView;
  readonly onRemove: () => void;
}): JSX.Element {
  const [isSure, setIsSure] = useState(false);
  const { name, role, kinds, hosts, expiresAt, lastUsedAt } = token;
  const limits = [kinds && `kinds ${kinds.join(', ')}`, hosts && `hosts ${hosts}`].filter(Boolean).join('; ');
  return (
    <li data-token={name} className="flex flex-wrap items-center gap-3 py-1">
      <span className="font-mono font-medium">{name}</span>
      <span>{role}</span>
      <span className="min-w-0 text-muted">{plainText(limits, 300) || 'no limits'}</span>
      <span className="text-muted">
        {expiresAt === null ? 'does not expire' : <When time={expiresAt} />}, used <When time={lastUsedAt} />
      </span>
      <Button look={isSure ? 'grave' : 'bare'} onClick={() => (isSure ? onRemove() : setIsSure(true))}>
        {isSure ? 'Yes, remove it' : 'Remove'}
      </Button>
    </li>
  );
}

function NewTokenForm({ onMade }: { readonly onMade: (token: string) => void }): JSX.Element {
  const [form, setForm] = useState({ name: '', role: 'viewer', hosts: '', days: '30' });
  const [error, setError] = useState<DeckhandError | null>(null);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setError(null);
    const { name, role, hosts, days } = form;
    try {
      const { token } = await api.addToken(HERE, {
        name,
        role: role as Role,
        ...(hosts.trim() !== '' && { hosts: hosts.trim() }),
        ...(days !== '' && { expiresIn: Number(days) * DAY }),
      });
      setForm({ ...form, name: '' });
      onMade(token);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
  };
  const set = (part: Partial<typeof form>): void => setForm({ ...form, ...part });
  return (
    <form className="mt-2 flex flex-wrap items-end gap-2" onSubmit={event => void submit(event)}>
      <TextField
        label="name of a new token"
        required
        value={form.name}
        onChange={event => set({ name: event.target.value })}
      />
      <Choices
        label="role"
        value={form.role}
        options={ROLES}
        onChange={event => set({ role: event.target.value })}
      />
      <TextField
        label="only these hosts (empty: all)"
        placeholder="@web"
        value={form.hosts}
        onChange={event => set({ hosts: event.target.value })}
      />
      <Choices
        label="expires"
        value={form.days}
        options={LIVES}
        onChange={event => set({ days: event.target.value })}
      />
      <Button type="submit">Make it</Button>
      <CopyButton
        label="copy as CLI"
        text={`deckhand token add ${shellWord(form.name || 'NAME')} --role ${form.role}${form.hosts === '' ? '' : ` --hosts ${shellWord(form.hosts)}`}`}
      />
      {error ? <Fault error={error} /> : null}
    </form>
  );
}
