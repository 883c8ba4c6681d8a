import type { JSX, ReactNode } from 'react';

export interface Column<Row> {
  readonly title: string;
  readonly render: (row: Row) => ReactNode;
  /** Left out on a phone. */
  readonly wide?: boolean;
  /** Takes what is left of the width. */
  readonly grows?: boolean;
}

/** Which rows are chosen; null = they cannot be. */
export interface Choice {
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
}

/**
 * A table whose rows open by click or Enter. Each row has one button, in its first column: `j` and `k` walk
 * over these.
 */
export function Table<Row>(props: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly nameOf: (row: Row) => string;
  readonly onOpen: (row: Row) => void;
  readonly choice?: Choice;
}): JSX.Element {
  const { label, columns, rows, keyOf, nameOf, onOpen, choice } = props;
  const [first, ...rest] = columns;
  return (
    <table className="w-full border-collapse text-left" aria-label={label}>
      <thead>
        <tr className="border-b border-line text-xs text-muted">
          {choice ? (
            <th className="w-8 px-2 py-1">
              <ChooseAll choice={choice} keys={rows.map(keyOf)} />
            </th>
          ) : null}
          {columns.map(({ title, wide, grows }) => (
            <th
              key={title}
              className={`px-2 py-1 font-medium whitespace-nowrap ${hidden(wide)} ${grows === true ? 'w-full' : ''}`}
            >
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(row => {
          const key = keyOf(row);
          return (
            <tr
              key={key}
              onClick={() => onOpen(row)}
              className="cursor-pointer border-b border-line align-middle hover:bg-raised has-[[data-row]:focus-visible]:bg-accent-ground"
            >
              {choice ? (
                <td className="px-2" onClick={event => event.stopPropagation()}>
                  <input
                    type="checkbox"
                    className="block size-4"
                    aria-label={`choose ${nameOf(row)}`}
                    checked={choice.chosen.has(key)}
                    onChange={() => choice.onChange(toggled(choice.chosen, key))}
                  />
                </td>
              ) : null}
              <td className={`px-2 py-1.5 ${first?.grows === true ? 'w-full max-w-0' : ''}`}>
                <button
                  type="button"
                  data-row={key}
                  className="block max-w-full truncate text-left"
                  onClick={event => {
                    event.stopPropagation();
                    onOpen(row);
                  }}
                >
                  {first?.render(row)}
                </button>
              </td>
              {rest.map(({ title, render, wide, grows }) => (
                <td
                  key={title}
                  className={`px-2 py-1.5 ${hidden(wide)} ${grows === true ? 'w-full max-w-0 truncate' : 'whitespace-nowrap'}`}
                >
                  {render(row)}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function hidden(wide: boolean | undefined): string {
  return wide === true ? 'hidden md:table-cell' : '';
}

function toggled(chosen: ReadonlySet<string>, key: string): ReadonlySet<string> {
  return chosen.has(key) ? new Set([...chosen].filter(each => each !== key)) : new Set([...chosen, key]);
}

function ChooseAll({
  choice,
  keys,
}: {
  readonly choice: Choice;
  readonly keys: readonly string[];
}): JSX.Element {
  const all = keys.length > 0 && keys.every(key => choice.chosen.has(key));
  return (
    <input
      type="checkbox"
      className="block size-4"
      aria-label="choose all that are shown"
      checked={all}
      onChange={() => choice.onChange(new Set(all ? [] : keys))}
    />
  );
}
