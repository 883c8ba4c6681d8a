import { type JSX, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { type DoctorFinding, type TaskView, toDeckhandError } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { useChanges } from '../engine/use-live.ts';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { notice } from '../parts/notice.ts';
import { Overlay } from '../parts/overlay.tsx';
import { type StateLook, TASK_LOOKS } from '../parts/states.ts';
import { When } from '../parts/when.tsx';
import { plainText, shellWord } from '../parts/words.ts';
import { factLines } from './fact-lines.ts';
import { HOST_LOOKS, type HostRow } from './host-rows.ts';
import { RemoveServer } from './remove-server.tsx';
import { RunDialog } from './run-dialog.tsx';
import { askHosts } from './use-fleet.ts';

const FINDINGS: Readonly<Record<DoctorFinding['status'], StateLook>> = {
  ok: { word: 'ok', glyph: '✓', tone: 'good' },
  warn: { word: 'note', glyph: '!', tone: 'warn' },
  fail: { word: 'failed', glyph: '✗', tone: 'bad' },
};
const RECENT = 8;

/** One server: how it is, what it is, what is wrong and how to mend it, what was done there. */
export function HostDrawer({
  row,
  onRemoved,
  onClose,
}: {
  readonly row: HostRow;
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { name } = row;
  const [, navigate] = useLocation();
  const [runs, setRuns] = useState(false);
  const known = useAnswer(`host ${name}`, async () => {
    const newest = async (kind: string): Promise<TaskView | undefined> =>
      (await api.tasks({ host: name, kind, limit: 1 })).tasks[0];
    const [recent, facts, doctor, connect] = await Promise.all([
      api.tasks({ host: name, limit: RECENT }),
      newest('host.facts'),
      newest('host.doctor'),
      newest('ssh.connect'),
    ]);
    return { recent: recent.tasks, facts, doctor, connect };
  });
  useChanges(change => {
    const isHere = change.item === 'tasks' && change.tasks.some(task => task.host === name);
    if (isHere || change.item === 'many') known.reload();
  });
  const ask = (kind: 'ssh.connect' | 'host.facts' | 'host.doctor'): void => {
    askHosts(kind, [name]).catch((error: unknown) => notice.say(toDeckhandError(error).message));
  };
  const { facts, doctor, connect, recent = [] } = known.value ?? {};
  return (
    <Overlay shape="drawer" title={plainText(name, 80)} onClose={onClose}>
      <div className="flex flex-wrap items-center gap-2">
        <Badge look={HOST_LOOKS[row.state]} />
        <span className="text-muted">{plainText(row.source, 200)}</span>
        <CopyButton label="copy ssh command" text={`ssh ${shellWord(name)}`} />
      </div>
      <div className="my-3 flex flex-wrap gap-2">
        <Button onClick={() => ask('ssh.connect')}>Test the connection</Button>
        <Button onClick={() => ask('host.facts')}>Read facts</Button>
        <Button onClick={() => ask('host.doctor')}>Examine</Button>
        <Button onClick={() => setRuns(true)}>Run a command</Button>
        <Link
          href={`/files?host=${encodeURIComponent(name)}`}
          className="rounded border border-line px-2.5 py-1"
        >
          Files
        </Link>
        <RemoveServer row={row} onRemoved={onRemoved} />
        <Button onClick={() => navigate(`/terminal/${encodeURIComponent(name)}`)}>Open a terminal</Button>
      </div>
      {connect?.error ? <Fault error={connect.error} /> : null}
      <Stages task={connect} />
      <h3 className="mt-4 mb-1 font-semibold">Facts</h3>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5">
        {factLines(facts?.result ?? null).map(([title, text]) => (
          <div key={title} className="contents">
            <dt className="text-muted">{title}</dt>
            <dd className="break-words">{plainText(text)}</dd>
          </div>
        ))}
      </dl>
      {facts ? (
        <p className="text-xs text-muted">
          read <When time={facts.finishedAt} />
        </p>
      ) : (
        <p className="text-muted">Not read yet.</p>
      )}
      <h3 className="mt-4 mb-1 font-semibold">Examination</h3>
      <Findings task={doctor} />
      <h3 className="mt-4 mb-1 font-semibold">Newest tasks</h3>
      <Recent tasks={recent} />
      {runs ? <RunDialog hosts={[name]} onClose={() => setRuns(false)} /> : null}
    </Overlay>
  );
}

function Stages({ task }: { readonly task: TaskView | undefined }): JSX.Element | null {
  const stages = task?.result?.['stages'];
  if (!Array.isArray(stages)) return null;
  return (
    <ul aria-label="stages of the connection" className="text-sm">
      {(stages as readonly { name: string; ok: boolean; text: string }[]).map(({ name, ok, text }) => (
        <li key={name} className="flex gap-2">
          <Badge look={FINDINGS[ok ? 'ok' : 'fail']} /> {name}
          <span className="min-w-0 break-all text-muted">{plainText(text, 200)}</span>
        </li>
      ))}
    </ul>
  );
}

function Findings({ task }: { readonly task: TaskView | undefined }): JSX.Element {
  const findings = task?.result?.['findings'];
  if (!Array.isArray(findings)) return <p className="text-muted">Not examined yet.</p>;
  return (
    <ul aria-label="findings" className="space-y-1">
      {(findings as readonly DoctorFinding[]).map(({ id, status, message, fix }) => (
        <li key={id} className="flex gap-2">
          <Badge look={FINDINGS[status]} />
          <span>
            {plainText(message)}
            {fix === null ? null : <span className="block text-muted">→ {plainText(fix)}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Recent({ tasks }: { readonly tasks: readonly TaskView[] }): JSX.Element {
  const [, navigate] = useLocation();
  if (tasks.length === 0) return <p className="text-muted">None.</p>;
  return (
    <ul>
      {tasks.map(task => (
        <li key={task.id}>
          <button
            type="button"
            className="flex w-full gap-2 py-0.5 text-left hover:bg-raised"
            onClick={() => navigate(`/runs/${task.group}?task=${task.id}`)}
          >
            <Badge look={TASK_LOOKS[task.state]} />
            <span className="truncate">{plainText(task.title, 120)}</span>
            <span className="ml-auto text-muted">
              <When time={task.createdAt} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
