import { taskView } from '../api/over-tasks/scripted-task-api.ts';
import type {
  CallOptions,
  DeckhandApi,
  ListHostResult,
  PersonPrompts,
  TransferHostResult,
} from '../api/contract.ts';
import type { Answer, FollowItem, Question, Submission, TaskApi, TaskView } from '../api/task-api.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { TaskEventBody } from '../core/task-event.ts';
import type { Surroundings } from '../core/task.ts';

/** For tests only: a task api that carries tasks out by a scripted engine. `own` replaces whole methods. */
export function scriptedTasks(
  engine: (prompts: PersonPrompts) => DeckhandApi,
  own: Partial<TaskApi>,
  seen: (surroundings: Surroundings) => void,
): TaskApi {
  const script = engine({});
  const answers = new Map<string, (answer: Answer) => void>();
  const no = async (): Promise<never> =>
    await Promise.reject(new DeckhandError('internal.defect', 'This is not in the script.'));
  const unscripted = {
    submit: no,
    tasks: no,
    task: no,
    events: no,
    output: no,
    cancel: async () => await Promise.resolve([]),
    pause: no,
    resume: no,
    retry: no,
    report: no,
    remove: no,
    approvals: no,
    pauseQueue: no,
    resumeQueue: no,
    limits: no,
    setLimits: no,
    statistics: no,
    health: no,
    schedules: no,
    addSchedule: no,
    removeSchedule: no,
    deployments: async () => await Promise.resolve([]),
    attachedModels: async () => await Promise.resolve([]),
    tunnels: no,
    tunnel: no,
    startTunnel: no,
    stopTunnel: no,
    removeTunnel: no,
    backup: no,
    async *chat() {
      await no();
      yield* [];
    },
    lines: no,
    async *changes() {
      await no();
      yield* [];
    },
    servedModels: no,
    conversations: no,
    conversation: no,
    renameConversation: no,
    removeConversation: no,
    endpoint: no,
    openEndpoint: no,
    closeEndpoint: no,
    console: no,
    openConsole: no,
    closeConsole: no,
    loginLink: no,
    emergencyStop: no,
    stopAll: no,
    clearStop: no,
    testNotifications: no,
    transcript: no,
    recordRunbook: no,
    replayRun: no,
    undoOfRun: no,
    listFolder: no,
    async *searchFolder() {
      await no();
      yield* [];
    },
    async *watchFolder() {
      await no();
      yield* [];
    },
    beginUpload: no,
    addToUpload: no,
    sendUpload: no,
    fetchFile: no,
    async *fetched() {
      await no();
      yield* [];
    },
    readFile: no,
    writeFile: no,
    removeHost: no,
    settings: no,
    changeSetting: no,
    sessions: no,
    endSessions: no,
    openTerminal: no,
    attachTerminal: no,
    tokens: no,
    addToken: no,
    removeToken: no,
    auditTrail: no,
    explainPolicy: no,
    policyRules: no,
    addAllowRules: no,
  };
  return {
    ...unscripted,
    submitAndFollow(submission) {
      seen(submission.surroundings);
      const channel = new Channel();
      void carryOut(submission, engine, channel, answers).catch(error => channel.fail(error));
      return channel.items();
    },
    async *follow() {
      await no();
      yield* [];
    },
    answer: async (_, question, answer) => {
      answers.get(question)?.(answer);
      return await Promise.resolve(true);
    },
    decide: async (approval, answer) => {
      answers.get(approval)?.(answer === 'approved' ? 'approve' : 'decline');
      return await Promise.resolve(taskView());
    },
    async listHosts(surroundings, selector) {
      seen(surroundings);
      return await script.listHosts(selector);
    },
    addHost: async (_, request) => await script.addHost(request),
    listRunbooks: async () => await script.listRunbooks(),
    showRunbook: async (_, name) => await script.showRunbook(name),
    async doctor(surroundings) {
      seen(surroundings);
      return await script.doctor(null, { signal: new AbortController().signal });
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
    ...own,
  };
}

/** Items in order, given out as they come. */
class Channel {
  readonly #items: FollowItem[] = [];
  #wake = Promise.withResolvers<void>();
  #done = false;
  #fault: unknown;

  push(item: FollowItem): void {
    this.#items.push(item);
    this.#wake.resolve();
  }
  close(): void {
    this.#done = true;
    this.#wake.resolve();
  }
  fail(error: unknown): void {
    this.#fault = error;
    this.close();
  }
  async *items(): AsyncGenerator<FollowItem> {
    while (true) {
      const item = this.#items.shift();
      if (item) yield item;
      else if (this.#done) break;
      else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      }
    }
    if (this.#fault !== undefined) throw this.#fault;
  }
}

async function carryOut(
  submission: Submission,
  engine: (prompts: PersonPrompts) => DeckhandApi,
  channel: Channel,
  answers: Map<string, (answer: Answer) => void>,
): Promise<void> {
  const signal = new AbortController().signal;
  const { kind, params } = submission;
  const hosts = submission.hosts ?? '';
  const api = engine(promptsByQuestion(channel, answers));
  const finish = (tasks: readonly TaskView[]): void => {
    for (const task of tasks) channel.push({ item: 'ended', task });
    channel.close();
  };
  const begin = (tasks: readonly TaskView[]): void =>
    channel.push({ item: 'submitted', submitted: { group: 'group-1', existed: false, tasks } });
  const perHost = async (results: Promise<readonly Partial<TaskView>[]>): Promise<void> => {
    const tasks = (await results).map((part, index) => taskView({ id: `task-${index + 1}`, kind, ...part }));
    begin(tasks);
    for (const task of tasks) pushOutput(channel, task);
    finish(tasks);
  };
  const call = callOf(channel, answers, signal);
  switch (kind) {
    case 'ssh.execute': {
      const { hosts: _, surroundings: __, input, ...rest } = submission;
      const request = { hosts, ...rest.params, ...(input ? { stdin: input } : {}) };
      const report = await api.exec(request as unknown as Parameters<DeckhandApi['exec']>[0], call);
      return await perHost(
        Promise.resolve(report.results.map(({ host, error, ...result }) => ended(host, result, error))),
      );
    }
    case 'ssh.connect':
      return await perHost(
        api.testHosts(hosts, call).then(list => list.map(test => ended(test.host, { ...test }, test.error))),
      );
    case 'host.facts':
      return await perHost(
        api
          .hostFacts(hosts, params['refresh'] === true, call)
          .then(list => list.map(facts => ended(facts.host, { ...facts }, facts.error))),
      );
    case 'scp.upload':
    case 'scp.download':
    case 'scp.sync':
    case 'scp.copy':
    case 'scp.list':
      return await perHost(
        transfer(submission, api, call).then(results =>
          results.map(({ host, error, ...rest }) => ({
            ...ended(host, rest, error),
            result: ('list' in rest ? rest.list : rest.result) as TaskView['result'],
            params,
          })),
        ),
      );
    case 'host.doctor':
      begin([taskView({ kind, state: 'running' })]);
      return finish([taskView({ kind, result: { findings: await api.doctor(hosts, call) } })]);
    default:
      begin([taskView({ kind, host: null, params, state: 'running' })]);
      return finish([await agentRun(submission, api, call)]);
  }
}

/** The request a submission came from, put to the script. */
async function transfer(
  { kind, hosts = '', params }: Submission,
  api: DeckhandApi,
  call: CallOptions,
): Promise<readonly (TransferHostResult | ListHostResult)[]> {
  const request = { hosts, fromHost: hosts, ...params } as never;
  switch (kind) {
    case 'scp.upload':
      return (await api.upload(request, call)).results;
    case 'scp.download':
      return (await api.download(request, call)).results;
    case 'scp.sync':
      return (await api.sync(request, call)).results;
    case 'scp.copy':
      return (await api.copy(request, call)).results;
    default:
      return (await api.list(request, call)).results;
  }
}

function ended(host: string, result: object, error: TaskView['error'] | undefined): Partial<TaskView> {
  return {
    host,
    state: error ? 'failed' : 'succeeded',
    result: 'verdict' in result && result.verdict === 'error' ? null : { ...result },
    error: error ?? null,
  };
}

function pushOutput(channel: Channel, task: TaskView): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const bytes = task.result?.[stream];
    if (!(bytes instanceof Uint8Array) || bytes.length === 0) continue;
    const pieces = [{ stream, at: 0, bytes }];
    channel.push({ item: 'output', task: task.id, attempt: 1, pieces, cursor: `${task.id}.${stream}` });
  }
}

async function agentRun(
  submission: Submission,
  api: DeckhandApi,
  call: Required<CallOptions>,
): Promise<TaskView> {
  const { mode, approve, confirm, corrections, ...request } = submission.params;
  const plan = { hosts: submission.hosts ?? '', ...request };
  const base = { kind: submission.kind, host: null } as const;
  try {
    if (mode === 'preview') return taskView({ ...base, result: { preview: await api.plan(plan, call) } });
    const full = {
      ...plan,
      confirm: confirm === 'steps' ? 'steps' : 'plan',
      ...(corrections === 'off' ? { corrections: false } : {}),
    } as const;
    const report = await api.run(approve === 'yes' ? { ...full, approved: true } : full, {
      ...call,
      approve: async question => {
        if (approve === 'ask' || question.stepId !== undefined) return await call.approve(question);
        call.onEvent({ kind: 'plan-ready', preview: question.preview, seq: 0, time: '', requestId: '' });
        if (approve === 'yes') return 'approve';
        throw new DeckhandError('approval.needed', 'Nobody approved.');
      },
    });
    return taskView({ ...base, result: { report } });
  } catch (error) {
    return taskView({ ...base, state: 'failed', error: toDeckhandError(error).toJSON() });
  }
}

/** What an engine tells and asks, as items of task-1. */
function callOf(
  channel: Channel,
  answers: Map<string, (answer: Answer) => void>,
  signal: AbortSignal,
): Required<CallOptions> {
  let seq = 0;
  const tell = (body: TaskEventBody): void => {
    seq += 1;
    const event = {
      ...body,
      task: 'task-1',
      seq,
      attempt: 1,
      time: '2026-01-01T00:00:00.000Z',
      requestId: 'r',
    };
    channel.push({ item: 'event', event, cursor: `task-1.${seq}` });
  };
  const wait = async (id: string): Promise<Answer> =>
    await new Promise(resolve => {
      answers.set(id, resolve);
    });
  return {
    signal,
    onEvent: event => {
      if (event.kind !== 'output') tell(event);
    },
    needsPerson: async () => await Promise.resolve({ choice: 'abort' }),
    async approve({ hash, title, preview, stepId, host = 'web-1', correction }) {
      const id = `ask-${(seq += 1)}`;
      const answer = wait(id);
      if (stepId === undefined) {
        tell({ kind: 'plan-ready', preview });
        tell({ kind: 'approval-requested', hash, title, approval: id });
        tell({ kind: 'task-state', state: 'waiting-approval' });
      } else {
        const about = { hash, stepId, title, ...(correction === undefined ? {} : { correction }) };
        const question: Question = { id, task: 'task-1', host, ask: 'approve-step', ...about };
        channel.push({ item: 'question', question });
      }
      return (await answer) as 'approve' | 'skip' | 'decline';
    },
  };
}

function promptsByQuestion(
  channel: Channel,
  answers: Map<string, (answer: Answer) => void>,
): Required<PersonPrompts> {
  let count = 0;
  type Ask = Question extends infer One ? (One extends Question ? Omit<One, 'id' | 'task'> : never) : never;
  const ask = async (body: Ask): Promise<Answer> => {
    count += 1;
    const id = `question-${count}`;
    const answer = new Promise<Answer>(resolve => {
      answers.set(id, resolve);
    });
    channel.push({ item: 'question', question: { ...body, id, task: 'task-1' } as Question });
    return await answer;
  };
  return {
    password: async (host, user) => await ask({ ask: 'password', host, user }),
    passphrase: async keyFile => await ask({ ask: 'passphrase', host: 'web-1', keyFile }),
    sudoPassword: async host => await ask({ ask: 'sudo-password', host }),
    acceptHostKey: async (host, { type, fingerprint }) =>
      (await ask({ ask: 'accept-host-key', host, keyType: type, fingerprint })) === 'yes',
    clarify: async (question, otherwise) => await ask({ ask: 'clarify', host: '', question, otherwise }),
  };
}
