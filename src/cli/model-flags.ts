import type { BundleRequest, DeployRequest, ModelHostResult } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { deployParams } from '../core/model-params.ts';
import { z } from '../core/schema.ts';
import { parseYaml } from '../core/yaml.ts';
import type { EngineSession } from './engine-session.ts';
import { exitCodeOfHosts } from './exit-code.ts';
import { list, value } from './flags.ts';
import { renderModelProblems } from './render-models.ts';

/** What says how a model is served. */
export interface ModelFlags {
  readonly name: string | undefined;
  readonly from: string | undefined;
  readonly engine: string | undefined;
  readonly start: string | undefined;
  readonly probe: string | undefined;
  readonly pull: string | undefined;
  readonly bundle: string | undefined;
  readonly context: string | undefined;
  readonly threads: string | undefined;
  readonly slots: string | undefined;
  readonly listen: string | undefined;
  readonly port: string | undefined;
  readonly service: string | undefined;
}

export const modelFlags = {
  name: value('Name it is asked for by; default made from the file', 'NAME'),
  from: value('Read settings (name, context, threads …) from a YAML file; flags win', 'FILE'),
  engine: value('What serves it. Default llama.cpp', 'llama.cpp|ollama|command'),
  start: value('Start command of the engine command, for a POSIX shell of the host', 'TEXT'),
  probe: value('Path that a started command answers with 200 when it is ready. Default /v1/models', 'PATH'),
  pull: value("Model of Ollama's library that the host fetches itself", 'NAME'),
  bundle: value('Engine to send; default the bundle in the cache, made when it is not there', 'FILE'),
  context: value('Tokens of context; default as trained, at most 8192', 'N'),
  threads: value('Processors to use', 'N'),
  slots: value('Requests worked on at once', 'N'),
  listen: value('A socket file, or a port on 127.0.0.1 of the host. Default socket', 'auto|socket|port'),
  port: value('This port on 127.0.0.1 of the host', 'N'),
  service: value('What keeps it running; default the best the account may have', 'auto|system|user|detached'),
} as const;

/** Settings that a file or flags may give. */
const settingsSchema = deployParams.omit({ model: true, approval: true }).partial();
type ModelSettings = Omit<Partial<DeployRequest>, 'hosts' | 'model'>;

/** Of the file, then of the flags. Throws `input.invalid` naming the field, `local.file-missing`. */
export async function modelSettings(flags: ModelFlags, folder: string): Promise<ModelSettings> {
  const { from, ...words } = flags;
  const inFile = from === undefined ? {} : await settingsOf(resolve(folder, from), from);
  const given = Object.entries(words).flatMap(([name, text]) =>
    text === undefined
      ? []
      : [[name, ['context', 'threads', 'slots', 'port'].includes(name) ? modelNumber(name, text) : text]],
  );
  return checked('', Object.fromEntries(given) as object, inFile);
}

async function settingsOf(path: string, shown: string): Promise<object> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new DeckhandError('local.file-missing', `--from: '${shown}' cannot be read.`, { cause: error });
  });
  return checked(`${shown}: `, parseYaml(text, shown, 'input.invalid') ?? {}, {});
}

function checked(where: string, given: object, base: object): ModelSettings {
  const known = Object.fromEntries(Object.keys(given).map(name => [name, true]));
  const parsed = z.safeParse(settingsSchema, given);
  if (parsed.success)
    // only what was given: defaults are the task's
    return { ...base, ...Object.fromEntries(Object.entries(parsed.data).filter(([name]) => known[name])) };
  const [issue] = parsed.error.issues;
  const field = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.join('.');
  const text = issue?.code === 'unrecognized_keys' ? 'is unknown' : issue?.message;
  throw new DeckhandError('input.invalid', `${where}${where === '' ? '--' : ''}${field}: ${text}.`);
}

/** The yes to a start command that the policy asks about. */
export interface StartApprovalFlags {
  readonly approve: string | undefined;
  readonly risk: readonly string[];
}

export const startApprovalFlags = {
  approve: value('Approve the start command that the policy asks about: the hash it named', 'HASH'),
  risk: list('A risk that you take with --approve; repeatable', 'NAME'),
} as const;

export function startApproval({ approve, risk }: StartApprovalFlags): Pick<DeployRequest, 'approval'> {
  return approve === undefined ? {} : { approval: { hash: approve, risks: [...risk] } };
}

/** The flags that say how a model is served, and no others. */
export function settingFlags(flags: ModelFlags): ModelFlags {
  return Object.fromEntries(
    Object.keys(modelFlags).map(name => [name, flags[name as keyof ModelFlags]]),
  ) as unknown as ModelFlags;
}

/** The name that is given, or of the file, or of what is fetched. Throws `input.invalid`. */
export function deployedName(
  { name, pull }: { readonly name?: string | undefined; readonly pull?: string | undefined },
  model: string | undefined,
): string {
  if (name !== undefined) return name;
  const word = model ?? pull;
  if (word !== undefined) return nameFromFile(word.replaceAll(':', '-'));
  throw new DeckhandError('input.invalid', 'Nothing says what the model server is to be called.', {
    hint: 'Pass --name.',
  });
}

/** A whole number of a flag. Throws `input.invalid`. */
export function modelNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new DeckhandError('input.invalid', `--${name}: '${text}' is no whole number.`);
}

/** A name from a file's: `Qwen2.5-7B-Q4_K_M.gguf` is `qwen2.5-7b-q4_k_m`. */
export function nameFromFile(path: string): string {
  const name = basename(path)
    .replace(/\.gguf$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 40);
  if (name !== '') return name;
  throw new DeckhandError('input.invalid', `No name can be made from '${path}'.`, { hint: 'Pass --name.' });
}

/** The one argument of commands about a model server; `deploymentPlace` reads it. */
export const deploymentWord = {
  kind: 'tuple',
  parameters: [{ parse: String, brief: 'Which model server', placeholder: 'HOST/NAME' }],
} as const;

/** `HOSTS/NAME`, as `model list` shows them. Throws `input.invalid`. */
export function deploymentPlace(word: string): { readonly hosts: string; readonly name: string } {
  const at = word.lastIndexOf('/');
  if (at > 0 && at < word.length - 1) return { hosts: word.slice(0, at), name: word.slice(at + 1) };
  throw new DeckhandError('input.invalid', `'${word}' is no HOST/NAME.`, {
    hint: 'Write the host and the name of the model server: web-1/tiny.',
  });
}

/** Prints what came of it; gives the exit code. */
export function showModels<Result>(
  session: EngineSession,
  results: readonly ModelHostResult<Result>[],
  render: () => string,
): number {
  session.result({ results }, render);
  const problems = renderModelProblems(results, session.talkStyle);
  if (problems !== '' && !session.flags.json && !session.flags.jsonl) session.say(problems.trimEnd());
  return exitCodeOfHosts(results);
}

/** What `model bundle` asks for. */
export function bundleRequest(flags: {
  readonly suite: string | undefined;
  readonly all: boolean;
  readonly refresh: boolean;
  readonly output: string | undefined;
  readonly archive: string | undefined;
  readonly sha256: string | undefined;
}): BundleRequest {
  const { archive, sha256 } = flags;
  if ((archive === undefined) !== (sha256 === undefined))
    throw new DeckhandError(
      'input.invalid',
      '--archive and --sha256 go together: what is sent to hosts is pinned.',
    );
  return {
    ...(flags.suite === undefined ? {} : { suite: flags.suite }),
    ...(flags.all ? { allProcessors: true } : {}),
    ...(flags.refresh ? { refresh: true } : {}),
    ...(flags.output === undefined ? {} : { output: flags.output }),
    ...(archive === undefined || sha256 === undefined ? {} : { archive: { path: archive, sha256 } }),
  };
}
