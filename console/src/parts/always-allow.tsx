import { type JSX, useState } from 'react';
import { type DeckhandError, type PolicyVerdict, toDeckhandError } from 'deckhand/client';
import { api, HERE, whyNot } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { Button } from './button.tsx';
import { Fault } from './fault.tsx';
import { Choices, TextField } from './field.tsx';
import { groupsOver, outcomeText, rulesOf, typedRules, whyNone } from './lasting-rules.ts';
import { namesIn, plainText } from './words.ts';

/**
 * `Always …`: rules that let a command run unasked from now on, as narrow as the command until the person widens them.
 * It is no answer to what is asked now. It stands inside other forms, so it is none itself.
 */
export function AlwaysAllow({
  command,
  hosts,
  namesIt = false,
}: {
  readonly command: string;
  readonly hosts: readonly string[];
  /** True: there are several beside each other. */
  readonly namesIt?: boolean;
}): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const [barred] = useState(() => whyNot('administer'));
  const of = namesIt ? `: ${plainText(command, 60)}` : '';
  return (
    <section aria-label={`always${of}`} data-always="" className="mt-2">
      {isOpen ? (
        <Offer command={command} hosts={hosts} onClose={() => setOpen(false)} />
      ) : (
        <Button look="bare" disabled={barred !== null} title={barred ?? ''} onClick={() => setOpen(true)}>
          Always allow …{of}
        </Button>
      )}
    </section>
  );
}

interface OfferParts {
  readonly command: string;
  readonly hosts: readonly string[];
  readonly onClose: () => void;
}

function Offer({ command, hosts, onClose }: OfferParts): JSX.Element | null {
  const { value, error } = useAnswer(`always ${command} ${hosts.join()}`, async () => {
    const [verdict, known] = await Promise.all([
      api.explainPolicy(HERE, command, hosts[0] ?? 'any'),
      api.listHosts(HERE, null),
    ]);
    return { verdict, groups: groupsOver(hosts, known) };
  });
  if (error) return <Fault error={error} />;
  if (!value) return null;
  const none = whyNone(value.verdict);
  if (none !== null) return <p className="text-xs text-muted">No lasting rule: {plainText(none, 300)}</p>;
  return <RuleForm {...value} command={command} hosts={hosts} onClose={onClose} />;
}

function RuleForm({
  verdict,
  groups,
  command,
  hosts,
  onClose,
}: OfferParts & {
  readonly verdict: PolicyVerdict;
  readonly groups: ReadonlyMap<string, readonly string[]>;
}): JSX.Element {
  const [typed, setTyped] = useState(() => typedRules(verdict, hosts));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  const [saved, setSaved] = useState<string | null>(null);
  const save = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      const { names, file } = await api.addAllowRules(HERE, rulesOf(typed, verdict));
      const [host = 'any'] = namesIn(typed.hosts);
      const after = await api.explainPolicy(HERE, command, hosts.includes(host) ? host : (hosts[0] ?? host));
      setSaved(`${names.join(', ')} is in ${file}. ${outcomeText(after)}`);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
    setBusy(false);
  };
  if (saved !== null)
    return (
      <p data-saved-rule="" role="status" className="text-good">
        <span aria-hidden="true">✓ </span>
        {plainText(saved, 600)}
      </p>
    );
  return (
    <fieldset
      className="space-y-2 rounded border border-line p-2"
      onKeyDown={event => {
        // Enter in a field would be the form's around it
        if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
        event.preventDefault();
        void save();
      }}
    >
      <legend className="px-1 text-xs text-muted">from now on run unasked</legend>
      {typed.commands.map((text, place) => (
        <TextField
          // the places stay as they are
          key={verdict.always[place]?.command}
          label="command; * stands for any part of a word, ... at the end for more words"
          spellCheck={false}
          autoFocus={place === 0}
          value={text}
          onChange={event => setTyped({ ...typed, commands: typed.commands.with(place, event.target.value) })}
        />
      ))}
      <div className="flex flex-wrap items-end gap-2">
        <TextField
          label="on servers, with commas; * as above"
          className="min-w-40 flex-1"
          spellCheck={false}
          value={typed.hosts}
          onChange={event => setTyped({ ...typed, hosts: event.target.value })}
        />
        {groups.size === 0 ? null : (
          <Choices
            label="all servers of a group"
            value=""
            options={[['', 'of a group …'], ...[...groups.keys()].map(name => [name, `@${name}`] as const)]}
            onChange={event => {
              const members = groups.get(event.target.value);
              if (members) setTyped({ ...typed, hosts: members.join(', ') });
            }}
          />
        )}
      </div>
      <TextField
        label="why, for whoever reads the rules"
        value={typed.why}
        onChange={event => setTyped({ ...typed, why: event.target.value })}
      />
      {error ? <Fault error={error} /> : null}
      <div className="flex flex-wrap items-center gap-2">
        <Button busy={busy} onClick={() => void save()}>
          Save the rule
        </Button>
        <Button look="bare" onClick={onClose}>
          Leave it
        </Button>
        <span className="text-xs text-muted">What is asked above still waits for your answer.</span>
      </div>
    </fieldset>
  );
}
