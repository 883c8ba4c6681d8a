import type { JSX } from 'react';
import type { PolicyRuleView } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { plainText, shellWord } from '../parts/words.ts';

const GLYPHS: Readonly<Record<PolicyRuleView['decision'], string>> = { deny: '✗', ask: '!', allow: '✓' };

/** What the policy lets run, asks about and refuses by rules, the strictest first: that is how they count. */
export function RuleList(): JSX.Element {
  const { value, error } = useAnswer('rules', async () => await api.policyRules(HERE));
  const rules = (['deny', 'ask', 'allow'] as const).flatMap(
    decision => value?.rules.filter(rule => rule.decision === decision) ?? [],
  );
  return (
    <section aria-label="rules of the policy" className="border-t border-line px-4 py-3">
      <h2 className="flex items-center font-semibold">
        Rules of the policy
        <span className="ml-auto" />
        {value?.file ? (
          <CopyButton label="copy as CLI" text={`deckhand policy test ${shellWord(value.file)}`} />
        ) : null}
      </h2>
      <p className="text-muted">
        {value?.file ? (
          <>
            The strictest that matches counts. They are written in{' '}
            <span className="font-mono break-all">{plainText(value.file, 300)}</span>, and taken out there.
          </>
        ) : value ? (
          'None yet. Where the policy asks, “Always allow …” makes one.'
        ) : null}
      </p>
      {error ? <Fault error={error} /> : null}
      {typeof value?.broken === 'string' ? (
        <p role="alert" className="text-bad">
          <span aria-hidden="true">✗ </span>They cannot be read, so everything is refused:{' '}
          {plainText(value.broken, 600)}
        </p>
      ) : null}
      <ul className="mt-1 space-y-1">
        {rules.map(rule => (
          <Rule key={rule.name} rule={rule} />
        ))}
      </ul>
    </section>
  );
}

function Rule({
  rule: { name, decision, command, risk, hosts, why, upTo },
}: {
  readonly rule: PolicyRuleView;
}): JSX.Element {
  return (
    <li data-rule={name} className="flex flex-wrap items-baseline gap-x-3">
      <span className="w-14">
        <span aria-hidden="true">{GLYPHS[decision]} </span>
        {decision}
      </span>
      <span className="font-mono break-all">{plainText(command ?? `risk ${risk}`, 300)}</span>
      <span>on {hosts === null ? 'every server' : plainText(hosts.join(', '), 300)}</span>
      {decision === 'allow' && upTo !== 'change' ? <span className="text-warn">up to {upTo}</span> : null}
      <span className="text-xs text-muted">
        {name}: {plainText(why, 300)}
      </span>
    </li>
  );
}
