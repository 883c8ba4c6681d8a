import { type JSX, useState } from 'react';
import type { NamedEntry, SettingView } from 'deckhand/client';
import { useAddress } from '../engine/address.ts';
import { api, HERE } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { chooseTheme, chosenTheme, type Theme } from '../frame/theme.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Fault } from '../parts/fault.tsx';
import { Choices, SearchField } from '../parts/field.tsx';
import { ScreenFrame } from '../parts/screen.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { countText, plainText } from '../parts/words.ts';
import { RuleList } from './rule-list.tsx';
import { SessionList } from './session-list.tsx';
import { SettingDialog } from './setting-form.tsx';
import { fitsSetting, layerText, shownValue } from './setting-text.ts';
import { TokenList } from './token-list.tsx';

const THEMES = [
  ['system', 'as the system'],
  ['light', 'light'],
  ['dark', 'dark'],
] as const;

const COLUMNS: readonly Column<SettingView>[] = [
  { title: 'setting', render: ({ name }) => <span className="font-mono">{name}</span> },
  {
    title: 'value',
    render: ({ value }) => (
      <span className="inline-block max-w-60 truncate align-bottom font-mono">
        {plainText(shownValue(value), 60)}
      </span>
    ),
  },
  {
    title: 'from',
    render: ({ layer, source }) => (
      <span
        title={plainText(source, 300)}
        data-layer={layer}
        className={layer === 'default' ? 'text-muted' : ''}
      >
        {layerText(layer)}
      </span>
    ),
  },
  { title: 'meaning', wide: true, grows: true, render: ({ meaning }) => meaning },
];

/** Every setting with its source; who else may come in; how the console looks. */
export default function SettingsScreen(): JSX.Element {
  const [address, change] = useAddress();
  const [theme, setTheme] = useState(chosenTheme);
  const answer = useAnswer('settings', async () => await api.settings(HERE));
  const text = address.get('text') ?? '';
  const shown = (answer.value?.settings ?? []).filter(setting => fitsSetting(setting, text));
  const open = answer.value?.settings.find(({ name }) => name === address.get('setting'));
  return (
    <ScreenFrame
      title="Settings"
      actions={
        <>
          <SearchField label="filter" value={text} onChange={value => change({ text: value })} />
          <Choices
            label="theme of the console"
            value={theme}
            options={THEMES}
            onChange={event => {
              chooseTheme(event.target.value as Theme);
              setTheme(event.target.value as Theme);
            }}
          />
          <CopyButton label="copy as CLI" text="deckhand settings list" />
        </>
      }
    >
      {answer.error ? <Fault error={answer.error} /> : null}
      {answer.value ? (
        <p className="px-4 py-1.5 text-xs text-muted">
          Nearest wins: flag, environment, project file, your file, default. Changed here:{' '}
          <span className="font-mono">{plainText(answer.value.file, 300)}</span>
        </p>
      ) : null}
      {shown.length > 0 ? (
        <Table
          label="settings"
          columns={COLUMNS}
          rows={shown}
          keyOf={({ name }) => name}
          nameOf={({ name }) => name}
          onOpen={({ name }) => change({ setting: name })}
        />
      ) : answer.value === null ? (
        <Skeleton error={answer.error} />
      ) : (
        <EmptyState title="No setting is like that." />
      )}
      <Entries entries={answer.value?.entries ?? []} />
      <RuleList />
      <SessionList />
      <TokenList />
      {open && answer.value ? (
        <SettingDialog
          setting={open}
          file={answer.value.file}
          onChanged={changed =>
            answer.update(view => ({
              ...view,
              settings: view.settings.map(each => (each.name === changed.name ? changed : each)),
            }))
          }
          onClose={() => change({ setting: null })}
        />
      ) : null}
    </ScreenFrame>
  );
}

/** What else the files have, by name: what is in it may be a secret. */
function Entries({ entries }: { readonly entries: readonly NamedEntry[] }): JSX.Element | null {
  if (entries.length === 0) return null;
  return (
    <details className="px-4 py-3">
      <summary>{countText(entries.length, 'more entry', 'more entries')} of the files</summary>
      <ul className="mt-1">
        {entries.map(({ kind, name, source }) => (
          <li key={`${kind} ${name}`} className="flex flex-wrap gap-3">
            <span className="w-28 text-muted">{kind}</span>
            <span className="font-mono">{plainText(name, 100)}</span>
            <span className="font-mono text-xs text-muted">{plainText(source, 300)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
