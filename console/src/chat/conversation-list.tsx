import { type JSX, useEffect } from 'react';
import { api } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { Button } from '../parts/button.tsx';
import { Fault } from '../parts/fault.tsx';
import { SearchField } from '../parts/field.tsx';
import { When } from '../parts/when.tsx';
import { plainText } from '../parts/words.ts';

const MOST = 100;

/** What was talked about before; the search looks into what was said. `changed`: counts answers, to read anew. */
export function ConversationList(props: {
  readonly open: string | null;
  readonly changed: number;
  readonly search: string;
  readonly onSearch: (text: string) => void;
  readonly onOpen: (id: string | null) => void;
}): JSX.Element {
  const { open, changed, search, onSearch, onOpen } = props;
  const list = useAnswer(`conversations ${search}`, () =>
    api.conversations({ limit: MOST, ...(search === '' ? {} : { search }) }),
  );
  const { reload } = list;
  useEffect(() => {
    if (changed > 0) reload();
  }, [changed, reload]);
  return (
    <nav
      aria-label="conversations"
      className="flex min-h-0 flex-col gap-2 border-line p-2 md:w-64 md:border-r"
    >
      <Button onClick={() => onOpen(null)}>New conversation</Button>
      <div className="flex">
        <SearchField label="search what was said" value={search} onChange={onSearch} />
      </div>
      {list.error ? <Fault error={list.error} /> : null}
      <ul className="hidden min-h-0 flex-1 overflow-auto md:block">
        {(list.value ?? []).map(({ id, title, changedAt }) => (
          <li key={id}>
            <button
              type="button"
              data-row=""
              aria-current={id === open}
              onClick={() => onOpen(id)}
              className="block w-full rounded px-2 py-1 text-left hover:bg-raised aria-[current=true]:bg-accent-ground"
            >
              <span className="block truncate">{plainText(title, 80)}</span>
              <span className="text-xs text-muted">
                <When time={changedAt} />
              </span>
            </button>
          </li>
        ))}
        {list.value?.length === 0 ? (
          <li className="px-2 text-muted">{search === '' ? 'Nothing was said yet.' : 'Nobody said that.'}</li>
        ) : null}
      </ul>
    </nav>
  );
}
