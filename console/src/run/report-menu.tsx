import { type JSX, useState } from 'react';
import { type ReportForm, toDeckhandError } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { saveText } from '../parts/save-text.ts';
import { Choices } from '../parts/field.tsx';
import { notice } from '../parts/notice.ts';

const FORMS = [
  ['', 'Report …'],
  ['markdown', 'Markdown'],
  ['html', 'HTML'],
  ['json', 'JSON'],
] as const;

/** What a run did and what proves it, as a file of the person's choice. */
export function ReportMenu({ task }: { readonly task: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const save = async (form: ReportForm): Promise<void> => {
    setBusy(true);
    try {
      const { name, type, text } = await api.report(task, form);
      saveText(name, type, text);
      notice.say(`The report is in ${name}.`);
    } catch (thrown) {
      notice.say(toDeckhandError(thrown).message);
    }
    setBusy(false);
  };
  return (
    <Choices
      label="report of this run"
      value=""
      disabled={busy}
      options={FORMS}
      onChange={event => event.target.value !== '' && void save(event.target.value as ReportForm)}
    />
  );
}
