import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../core/run-record.ts';
import type { TaskEvent } from '../core/task-event.ts';
import { buildDocument } from './build-document.ts';
import type { Block, ListItem } from './document.ts';
import { renderCsv } from './render-csv.ts';
import { renderHtml } from './render-html.ts';
import { renderMarkdown } from './render-markdown.ts';
import { renderText } from './render-text.ts';
import { provedReport, samplePreview, sampleReport } from './sample-run.ts';
import { filterTimeline, timelineOf } from './timeline.ts';

const TASK = 'task-1';
const envelope = { task: TASK, attempt: 1, requestId: 'req-1' };
const [proved] = provedReport.hosts;
const events: readonly TaskEvent[] = [
  { kind: 'plan-ready', preview: samplePreview, seq: 1, time: '2026-01-01T00:00:00.000Z', ...envelope },
  {
    kind: 'host-phase',
    host: 'web-1',
    phase: 'running',
    seq: 2,
    time: '2026-01-01T00:00:01.000Z',
    ...envelope,
  },
  {
    kind: 'step-completed',
    host: 'web-1',
    stepId: 'nginx',
    outcome: 'changed',
    report: proved!.steps[0]!,
    seq: 3,
    time: '2026-01-01T00:00:03.000Z',
    ...envelope,
  },
  {
    kind: 'host-phase',
    host: 'web-1',
    phase: 'proving',
    seq: 4,
    time: '2026-01-01T00:00:03.500Z',
    ...envelope,
  },
  {
    kind: 'host-completed',
    host: 'web-2',
    outcome: 'failed',
    error: sampleReport.hosts[1]!.error!,
    seq: 5,
    time: '2026-01-01T00:00:04.000Z',
    ...envelope,
  },
];
const record: RunRecord = {
  task: {
    id: TASK,
    kind: 'agent.run',
    title: 'serve hello',
    state: 'failed',
    hosts: ['web-1', 'web-2', 'web-3'],
    approve: 'ask',
    createdAt: 0,
    startedAt: 0,
    finishedAt: 3200,
    requestId: 'req-1',
    error: null,
  },
  report: sampleReport,
  events,
  approvals: [
    {
      id: 'approval-1',
      task: TASK,
      hash: '3f9a1c2e41d7aabbccdd',
      title: 'hello on web-1',
      state: 'approved',
      askedAt: 0,
      expiresAt: 10,
      decidedBy: 'alice',
      decidedAt: 5,
      kind: 'plan',
      about: {},
      choice: null,
      note: null,
      uses: 1,
      validUntil: 10,
    },
  ],
};

/** A record in which every text of a host, a person or a model is `text`. */
function hostile(text: string): RunRecord {
  const replace = (value: unknown, name = ''): unknown => {
    if (typeof value === 'string') return KEPT.has(name) ? value : text;
    if (Array.isArray(value)) return value.map(one => replace(one, name));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replace(one, key)]));
  };
  return replace(record) as RunRecord;
}
const KEPT = new Set([
  'kind',
  'outcome',
  'verdict',
  'state',
  'startedAt',
  'time',
  'risk',
  'ensure',
  'approve',
]);

const ATTACKS = [
  '<script>document.title="owned"</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</pre></style></title><svg onload=alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '<!--><script>alert(1)</script>-->',
  '&lt;script&gt;alert(1)&#x3c;/script>',
  ']]><![CDATA[<script>',
  '<iframe srcdoc="<script>alert(1)</script>">',
  '<meta http-equiv="refresh" content="0;url=https://x">',
  '<base href="https://x/"><form action=//x><input autofocus onfocus=alert(1)>',
  '\u001b]8;;https://x\u0007link\u001b]8;;\u0007\u202e<b>',
  '`code` **b** [x](javascript:alert(1)) ```\n# head\n<b>',
];

describe('HTML', () => {
  const TAGS =
    /<(?:!doctype html|\/?(?:html|head|body|main|title|style|h[123]|p|ul|li|table|tr|td|th|pre|code|strong|a|span)|html lang="en"|meta [^<>]+|h3 id="[\w-]*"|a class="run" href="#[\w-]*"|span class="(?:run|add|cut)")>/g;

  test.each(ATTACKS)('no tag but ours, whatever hosts print: %s', attack => {
    const html = renderHtml(buildDocument(hostile(attack)));
    const [head = '', ...rest] = html.split('</head>');
    expect(rest).toHaveLength(1);
    expect(head.match(/<meta /g)).toHaveLength(4);
    expect(rest.join('').match(/<meta/g)).toBeNull();
    expect(html.replaceAll(TAGS, '')).not.toContain('<');
    for (const hidden of ['\u001b', '\u0007', '\u202e']) expect(html).not.toContain(hidden);
  });

  test('is whole in itself: no script, no address, a policy that allows nothing', () => {
    const html = renderHtml(buildDocument(record));
    expect(html).toContain(`content="default-src 'none'; style-src 'sha256-`);
    expect(
      html.replaceAll(/<p>[\s\S]*?<\/p>|<pre>[\s\S]*?<\/pre>|<(?:li|td|h\d)[\s\S]*?<\//g, ''),
    ).not.toMatch(/https?:|src=|script/);
    expect(html).toContain('<h3 id="run-proof">run-proof</h3>');
    expect(html).toContain('<a class="run" href="#run-proof">[run-proof]</a>');
  });
});

describe('Markdown', () => {
  const text = renderMarkdown(buildDocument(record));

  test('every change, correction and proof points to a command run', () => {
    const claims = text.split('\n').filter(line => /^\s*- (Holds|changed|dpkg|\*\*unchanged)/.test(line));
    expect(claims).toHaveLength(4);
    for (const claim of claims) expect(claim).toMatch(/\[(\[run-[a-z]+\]\(#run-[a-z]+\)|run-[a-z]+)\]/);
  });

  test('the appendix has the runs, fenced so that their output cannot end the fence', () => {
    expect(text).toContain('<a id="run-check"></a>');
    expect(text).toContain('````\na\n```\nb\n````');
    expect(text).toContain('```sh\ncurl -fsS http://127.0.0.1:8080/\n```');
  });

  test('text of a host is no markup, and long output is cut', () => {
    const [host] = provedReport.hosts;
    const runs = host!.commandRuns.map(run => ({ ...run, stdout: 'x'.repeat(10_000) }));
    const goal = '<b>x</b> | [a](b)\u001b[2J';
    const nasty = renderMarkdown(
      buildDocument({
        ...record,
        report: { ...provedReport, goal, hosts: [{ ...host!, commandRuns: runs }] },
      }),
    );
    expect(nasty.split('\n')[0]).toBe(String.raw`# \<b\>x\</b\> \| \[a\](b)`);
    expect(nasty).toContain('characters left out');
    expect(nasty).not.toContain('\u001b');
  });

  test('a value with backticks in it stays code to its end', () => {
    const value = 'a `` <img src=x> ``` [click](https://evil)';
    const blocks: Block[] = [{ kind: 'paragraph', words: [{ value }] }];
    expect(renderMarkdown({ title: 't', blocks })).toBe(`\`\`\`\` ${value} \`\`\`\`\n`);
  });
});

describe('every sentence about a host', () => {
  const claims = (blocks: readonly Block[]): readonly ListItem[] =>
    blocks.flatMap(block =>
      block.kind === 'list' ? block.items.flatMap(item => [item, ...claims(item.under ?? [])]) : [],
    );

  test('rests on a command run, an approval or the task', () => {
    const { blocks } = buildDocument(record);
    const bare = claims(blocks).filter(
      ({ words }) => !words.some(word => typeof word === 'object' && 'evidence' in word),
    );
    // parameters and assumptions are ours; a difference rests on the change above it
    expect(bare.map(({ words }) => words[0])).toEqual([
      'port: 8080',
      'nginx may be installed',
      'present: ',
      'run first: ',
    ]);
  });

  test('approvals say who, when and what hash; errors say what next', () => {
    const text = renderText(buildDocument(record));
    expect(text).toContain('approved by alice at 1970-01-01T00:00:00.005Z');
    expect(text).toContain('for exactly the plan 3f9a1c2e41d7aabbccdd. [approval-1]');
    expect(text).toMatch(/web-2: Cause host\.disk-full: .* \[task-1\] Next: /);
    expect(text).not.toContain('\u001b');
  });
});

test('secrets are hidden in every form', () => {
  const script = 'curl -H "Authorization: Bearer hunter2hunter2" --password hunter22hunter22 https://x';
  const [host] = provedReport.hosts;
  const runs = host!.commandRuns.map(run => ({ ...run, script, stdout: 'DB_PASSWORD=hunter23hunter23' }));
  const secret = { ...record, report: { ...provedReport, hosts: [{ ...host!, commandRuns: runs }] } };
  const document = buildDocument(secret);
  for (const text of [
    renderHtml(document),
    renderMarkdown(document),
    renderText(document),
    renderCsv(secret),
  ])
    expect(text).not.toMatch(/hunter2/);
});

test('CSV: one line a host, nothing that a spreadsheet would compute', () => {
  const [host] = provedReport.hosts;
  const lines = renderCsv({
    ...record,
    report: { ...sampleReport, hosts: [{ ...host!, host: '=HYPERLINK("x")' }] },
  }).split('\r\n');
  expect(lines[0]).toMatch(/^run,host,outcome,changes/);
  expect(lines[1]).toMatch(/^task-1,"'=HYPERLINK\(""x""\)",proved,1,2,0,1,1,1,2,4,,,run-proof$/);
  expect(lines.slice(2).map(line => line.split(',')[1])).toEqual(['web-1', 'web-2', 'web-3', undefined]);
});

describe('the timeline', () => {
  const entries = timelineOf(events);

  test('in order, with times from the beginning and how long phases and steps took', () => {
    expect(entries.map(({ at, duration }) => [at, duration])).toEqual([
      [0, null],
      [1000, 2500],
      [3000, 2100],
      [3500, null],
      [4000, null],
    ]);
    expect(entries[2]!.evidence).toEqual(['run-apply', 'run-again']);
    expect(entries[1]!.evidence).toEqual([TASK]);
  });

  test('filters', () => {
    const seqs = (filter: Parameters<typeof filterTimeline>[1]) =>
      filterTimeline(entries, filter).map(({ seq }) => seq);
    expect(seqs({})).toEqual([1, 2, 3, 4, 5]);
    expect(seqs({ hosts: ['web-1'] })).toEqual([2, 3, 4]);
    expect(seqs({ hosts: ['web-1'], kinds: ['host-phase'] })).toEqual([2, 4]);
    expect(seqs({ steps: ['nginx'] })).toEqual([3]);
    expect(seqs({ failed: true })).toEqual([5]);
  });
});

test('a run without a report is told from its task', () => {
  const text = renderText(buildDocument({ ...record, report: null, events: [] }));
  expect(text).toContain('no report: the task is failed');
});
