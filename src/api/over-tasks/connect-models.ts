import { isAbsolute, posix } from 'node:path';
import type { AttachedModel, ConnectParams } from '../../core/attached-model.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ConnectModelRequest, ModelHostResult, Selector } from '../contract.ts';
import type { TaskApi } from '../task-api.ts';
import type { SubmissionBase } from './submissions.ts';

/** Where servers listen when nobody said otherwise: Ollama, others and llama.cpp, older llama.cpp, vLLM, SGLang, LM Studio. */
const USUAL_PORTS = [11_434, 8_080, 9_931, 8_000, 30_000, 1_234];

/** What is to be asked from where; `local` is this machine. Throws `input.invalid`. */
export function connectSubmission(
  request: ConnectModelRequest,
  { surroundings }: SubmissionBase,
): { readonly hosts: Selector; readonly params: ConnectParams } {
  const { place, name, keyFile } = request;
  const about = {
    ...(name === undefined ? {} : { name }),
    ...(keyFile === undefined ? {} : { keyFile: posix.resolve(surroundings.folder, keyFile) }),
  };
  if (/^https?:\/\//i.test(place)) {
    if (request.port !== undefined || request.socket !== undefined)
      throw new DeckhandError(
        'input.invalid',
        'An address names its port itself: leave --port and --socket out.',
      );
    return { hosts: 'local', params: { ...about, ...addressed(place) } };
  }
  return { hosts: place, params: { ...about, listen: listening(request), tls: false, base: '' } };
}

function addressed(text: string): Pick<ConnectParams, 'listen' | 'tls' | 'base'> {
  const url = URL.parse(text);
  if (!url || url.hostname === '') throw new DeckhandError('input.invalid', `'${text}' is no address.`);
  if (url.username !== '' || url.password !== '' || url.search !== '')
    throw new DeckhandError(
      'input.invalid',
      'The address of a model server may hold no password and no query.',
      {
        hint: 'Pass the key with --key-file, or --ask-key.',
      },
    );
  const tls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const listen = [{ host, port: Number(url.port) || (tls ? 443 : 80) }];
  return { listen, tls, base: url.pathname.replace(/\/(?:v1\/?)?$/, '') };
}

function listening({ port, socket }: ConnectModelRequest): ConnectParams['listen'] {
  if (socket !== undefined && port !== undefined)
    throw new DeckhandError('input.invalid', 'Either --port or --socket: a server listens at one of them.');
  if (socket === undefined)
    return (port === undefined ? USUAL_PORTS : [port]).map(each => ({ host: '127.0.0.1', port: each }));
  if (isAbsolute(socket)) return [{ path: socket }];
  throw new DeckhandError('input.invalid', `--socket: '${socket}' is no absolute path.`);
}

/** A server under the name of a deployment is not kept: the deployment is. */
export async function onlyKept(
  tasks: TaskApi,
  results: readonly ModelHostResult<AttachedModel>[],
): Promise<readonly ModelHostResult<AttachedModel>[]> {
  const kept = new Set((await tasks.attachedModels()).map(({ host, name }) => `${host}/${name}`));
  return results.map(each => {
    const { result } = each;
    if (!result || kept.has(`${result.host}/${result.name}`)) return each;
    const text = `${result.host}/${result.name} was deployed from here and stays as it is.`;
    const error = new DeckhandError('input.invalid', text, { hint: 'Connect it under another --name.' });
    return { ...each, result: null, error: error.toJSON() };
  });
}

/** Throws `model.unknown-deployment`. */
export async function attachedOf(tasks: TaskApi, hosts: Selector, name: string): Promise<AttachedModel> {
  const found = await knownAttached(tasks, hosts, name);
  if (found) return found;
  throw new DeckhandError('model.unknown-deployment', `No model server was connected as ${hosts}/${name}.`);
}

export async function knownAttached(
  tasks: TaskApi,
  hosts: Selector,
  name: string,
): Promise<AttachedModel | undefined> {
  return (await tasks.attachedModels()).find(each => each.host === hosts && each.name === name);
}
