import type { AttachedModel } from '../core/attached-model.ts';
import type { ErrorRecord } from '../core/deckhand-error.ts';
import type {
  BundleResult,
  DeployParams,
  DeployResult,
  RemoveResult,
  StatusResult,
} from '../core/model-params.ts';
import type { PlanningCheck } from '../core/planning-check.ts';
import type { Selector } from './contract.ts';
import type { TransferCall } from './transfer-contract.ts';

/** What came of one host. */
export interface ModelHostResult<Result> {
  readonly host: string;
  /** The task that did it. */
  readonly task: string;
  /** Null when it failed. */
  readonly result: Result | null;
  readonly error?: ErrorRecord;
}

/** A deployment as it is wished for; paths are of this machine, absolute or from the folder of the surroundings. */
export type DeployRequest = Partial<Omit<DeployParams, 'name'>> &
  Pick<DeployParams, 'name'> & { readonly hosts: Selector };

export interface BundleRequest {
  readonly suite?: string;
  readonly allProcessors?: boolean;
  readonly refresh?: boolean;
  /** Of llama.cpp's own releases, in the place of Debian's packages. */
  readonly archive?: { readonly path: string; readonly sha256: string };
  readonly output?: string;
}

/** A model server that runs already. */
export interface ConnectModelRequest {
  /** Hosts, `local`, or an address such as `http://10.0.0.7:8000`. */
  readonly place: string;
  /** Absent: after the kind of server that answers. */
  readonly name?: string;
  /** On the host itself; absent with `socket`: the usual ones are tried. */
  readonly port?: number;
  /** Absolute, on the host. */
  readonly socket?: string;
  /** Of this machine, with the key alone. */
  readonly keyFile?: string;
}

export interface LogRequest {
  readonly hosts: Selector;
  readonly name: string;
  /** From the end. */
  readonly lines?: number;
}

/** Model servers on hosts. Per-host failures are data. */
export interface ModelApi {
  makeBundle(request: BundleRequest, call: TransferCall): Promise<BundleResult>;
  deployModel(request: DeployRequest, call: TransferCall): Promise<readonly ModelHostResult<DeployResult>[]>;
  rollbackModel(
    request: { readonly hosts: Selector; readonly name: string },
    call: TransferCall,
  ): Promise<readonly ModelHostResult<DeployResult>[]>;
  removeModel(
    request: { readonly hosts: Selector; readonly name: string; readonly keepFiles?: boolean },
    call: TransferCall,
  ): Promise<readonly ModelHostResult<RemoveResult>[]>;
  modelStatus(
    request: { readonly hosts: Selector; readonly name: string },
    call: TransferCall,
  ): Promise<readonly ModelHostResult<StatusResult>[]>;
  modelLogs(
    request: LogRequest,
    call: TransferCall,
  ): Promise<readonly ModelHostResult<{ readonly name: string; readonly log: string }>[]>;
  connectModel(
    request: ConnectModelRequest,
    call: TransferCall,
  ): Promise<readonly ModelHostResult<AttachedModel>[]>;
  /** Throws `model.unknown-deployment`. */
  disconnectModel(
    request: { readonly hosts: Selector; readonly name: string },
    call: TransferCall,
  ): Promise<readonly ModelHostResult<{ readonly host: string; readonly name: string }>[]>;
  /** Which model plans each role; with `probe` each is asked. */
  planningModels(
    request: { readonly model?: string; readonly probe?: boolean },
    call: TransferCall,
  ): Promise<PlanningCheck>;
  /** Until the signal of the call; the log comes as events of output. */
  followModelLog(request: LogRequest, call: TransferCall): Promise<readonly ModelHostResult<never>[]>;
}
