import { type FormEvent, type JSX, useState } from 'react';
import { type DeckhandError, type SettingText, type SettingView, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { Choices, TextField } from '../parts/field.tsx';
import { notice } from '../parts/notice.ts';
import { Overlay } from '../parts/overlay.tsx';
import { plainText } from '../parts/words.ts';
import { commandOf, givenValue, layerText, overruledBy, shownValue, typedValue } from './setting-text.ts';

/** One setting: what it means, where its value came from, and another value for the own file. */
export function SettingDialog({
  setting,
  file,
  onChanged,
  onClose,
}: {
  readonly setting: SettingView;
  readonly file: string;
  readonly onChanged: (setting: SettingView) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { name, form, own, value } = setting;
  const [typed, setTyped] = useState(() => typedValue(own ?? value));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  const save = async (wanted: SettingText | null): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const changed = await api.changeSetting(HERE, name, wanted);
      const over = overruledBy(changed);
      notice.say(
        over === null
          ? `${name} is ${shownValue(changed.value)} now.`
          : `${name} was written, but ${over} decides.`,
      );
      if (wanted === null) setTyped(typedValue(changed.value));
      onChanged(changed);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
    setBusy(false);
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void save(givenValue(typed, form));
  };
  const over = overruledBy(setting);
  return (
    <Overlay shape="dialog" title={name} onClose={onClose}>
      <form className="space-y-3" onSubmit={onSubmit}>
        <p>{setting.meaning}</p>
        <p className="text-muted">
          is <span className="font-mono text-text">{plainText(shownValue(value), 300)}</span>, from{' '}
          {layerText(setting.layer)} <span className="font-mono">{plainText(setting.source, 300)}</span>;
          default <span className="font-mono">{plainText(shownValue(setting.default), 300)}</span>
        </p>
        {over === null ? null : (
          <p className="text-warn">Your file says something else, but {plainText(over, 300)} decides.</p>
        )}
        <Field setting={setting} typed={typed} onType={setTyped} />
        {error ? <Fault error={error} /> : null}
        <div className="flex flex-wrap items-center gap-2">
          <Button type="submit" look="main" busy={busy}>
            Save to your file
          </Button>
          <Button busy={busy} disabled={own === null} onClick={() => void save(null)}>
            Take it out
          </Button>
          <CopyButton label="copy as CLI" text={commandOf(name, givenValue(typed, form))} />
        </div>
        <p className="text-xs text-muted">
          {plainText(file, 300)}, or {setting.environment}
        </p>
      </form>
    </Overlay>
  );
}

function Field({
  setting: { name, form },
  typed,
  onType,
}: {
  readonly setting: SettingView;
  readonly typed: string;
  readonly onType: (typed: string) => void;
}): JSX.Element {
  if (form.form === 'choice')
    return (
      <Choices
        label="value"
        value={typed}
        options={form.choices.map(choice => [choice, choice] as const)}
        onChange={event => onType(event.target.value)}
      />
    );
  if (form.form === 'list')
    return (
      <label className="block">
        <span className="text-xs text-muted">value, one to a line</span>
        <textarea
          rows={4}
          spellCheck={false}
          value={typed}
          onChange={event => onType(event.target.value)}
          className="w-full rounded border border-line bg-ground px-2 py-1 font-mono"
        />
      </label>
    );
  const hint = { duration: ' (30s, 5m, 1h)', size: ' (64KiB, 10MB)', number: '', text: '' }[form.form];
  return (
    <TextField
      label={`value${hint}`}
      name={name}
      spellCheck={false}
      value={typed}
      onChange={event => onType(event.target.value)}
    />
  );
}
