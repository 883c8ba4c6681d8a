import { posix } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { AttachedModel } from '../../core/attached-model.ts';
import type { BundleResult, StatusResult } from '../../core/model-params.ts';
import type { PlanningCheck } from '../../core/planning-check.ts';
import type { DeployRequest, ModelApi, ModelHostResult, Selector, TransferCall } from '../contract.ts';
import type { Submission, TaskApi } from '../task-api.ts';
import { attachedOf, connectSubmission, knownAttached, onlyKept } from './connect-models.ts';
import { followed, type OverTasksOptions, type SeenTask } from './followed.ts';
import type { SubmissionBase } from './submissions.ts';

type AttachedName = Pick<AttachedModel, 'host' | 'name'>;

/** In the place of a host: this machine itself. */
const LOCAL = 'local';

/** The calls about model servers, carried out as tasks of the kinds `model.*`. */
export function modelsOverTasks(tasks: TaskApi, options: OverTasksOptions): ModelApi {
  const carry = async <Result>(
    submission: Submission,
    call: TransferCall,
  ): Promise<readonly ModelHostResult<Result>[]> =>
    (await followed(tasks, submission, call, options)).map(seen => toModelHostResult<Result>(seen));
  const onHosts =
    <Result>(kind: string) =>
    async (
      { hosts, ...params }: { readonly hosts: Selector },
      call: TransferCall,
    ): Promise<readonly ModelHostResult<Result>[]> =>
      await carry<Result>(submissionOf(kind, hosts, params, options), call);
  return {
    async makeBundle(request, call) {
      const { output, archive } = request;
      const params = {
        ...request,
        ...(output === undefined ? {} : { output: absolute(output, options) }),
        ...(archive ? { archive: { ...archive, path: absolute(archive.path, options) } } : {}),
      };
      const [made] = await carry<BundleResult>(
        submissionOf('model.bundle', undefined, params, options),
        call,
      );
      return resultOf(made);
    },
    deployModel: async (request, call) => await carry(deploySubmission(request, options), call),
    rollbackModel: onHosts('model.rollback'),
    removeModel: onHosts('model.remove'),
    async modelStatus({ hosts, name }, call) {
      const attached = await knownAttached(tasks, hosts, name);
      return attached
        ? await carry<StatusResult>(submissionOf('model.look', hosts, { name, attached }, options), call)
        : await carry<StatusResult>(submissionOf('model.status', hosts, { name }, options), call);
    },
    async connectModel(request, call) {
      const { hosts, params } = connectSubmission(request, options);
      return await onlyKept(
        tasks,
        await carry<AttachedModel>(submissionOf('model.connect', hosts, params, options), call),
      );
    },
    async disconnectModel({ hosts, name }, call) {
      const { keyFile } = await attachedOf(tasks, hosts, name);
      return await carry<AttachedName>(
        submissionOf('model.disconnect', hosts, { name, keyFile }, options),
        call,
      );
    },
    async planningModels(request, call) {
      const submission = submissionOf('model.planning', undefined, request, options);
      const [checked] = await carry<PlanningCheck>(submission, call);
      return resultOf(checked);
    },
    modelLogs: onHosts('model.logs'),
    followModelLog: onHosts('model.follow'),
  };
}

/** Of what has no host: the result, or its error is thrown. */
function resultOf<Result>(made: ModelHostResult<Result> | undefined): Result {
  if (made?.result) return made.result;
  const { code, message, hint, details } = made?.error ?? {
    code: 'internal.defect',
    message: 'nothing came of it',
    hint: '',
    details: {},
  };
  throw new DeckhandError(code, message, { hint, details });
}

/** Paths become absolute from the folder of the surroundings. */
export function deploySubmission({ hosts, ...request }: DeployRequest, base: SubmissionBase): Submission {
  const { model, bundle } = request;
  const params = {
    ...request,
    ...(model === undefined ? {} : { model: absolute(model, base) }),
    ...(bundle === undefined ? {} : { bundle: absolute(bundle, base) }),
  };
  return submissionOf('model.deploy', hosts, params, base);
}

function submissionOf(
  kind: string,
  hosts: Selector | undefined,
  params: object,
  { surroundings, extras }: SubmissionBase,
): Submission {
  // the word for this machine; hosts are reached over SSH
  if (hosts === LOCAL)
    return submissionOf(`${kind}-here`, undefined, params, { surroundings, ...(extras ? { extras } : {}) });
  const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
  return { ...extras, kind, ...(hosts === undefined ? {} : { hosts }), params: given, surroundings };
}

function absolute(path: string, { surroundings }: SubmissionBase): string {
  if (path === '') throw new DeckhandError('input.invalid', 'A local path is empty.');
  return posix.resolve(surroundings.folder, path);
}

function toModelHostResult<Result>({ task, error }: SeenTask): ModelHostResult<Result> {
  return {
    host: task.host ?? LOCAL,
    task: task.id,
    result: task.state === 'succeeded' ? (task.result as Result | null) : null,
    ...(error ? { error } : {}),
  };
}
