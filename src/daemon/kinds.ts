import { agentRun } from '../tasks/agent-run.ts';
import { hostDoctor, hostFacts } from '../tasks/host-questions.ts';
import { fileWrite } from '../tasks/file-write.ts';
import { modelBundle } from '../tasks/model-bundle.ts';
import { modelConnect, modelDisconnect, modelLook } from '../tasks/model-connect.ts';
import { modelDeploy, modelRollback } from '../tasks/model-deploy.ts';
import { modelFollow, modelLogs, modelStatus } from '../tasks/model-inspect.ts';
import { modelPlanning } from '../tasks/model-planning.ts';
import { modelRemove } from '../tasks/model-remove.ts';
import { here } from '../tasks/site-task.ts';
import { scpCopy } from '../tasks/scp-copy.ts';
import { scpDownload } from '../tasks/scp-download.ts';
import { scpList } from '../tasks/scp-list.ts';
import { scpSync } from '../tasks/scp-sync.ts';
import { scpUpload } from '../tasks/scp-upload.ts';
import { sshConnect } from '../tasks/ssh-connect.ts';
import { sshExecute } from '../tasks/ssh-execute.ts';
import { sshTunnel } from '../tasks/ssh-tunnel.ts';
import type { TaskKind } from '../tasks/task-kind.ts';

/** The kinds that every engine knows. */
export const BUILT_IN_KINDS = [
  sshExecute,
  sshConnect,
  hostFacts,
  hostDoctor,
  agentRun,
  fileWrite,
  scpUpload,
  scpDownload,
  scpSync,
  scpList,
  scpCopy,
  modelBundle,
  modelDeploy,
  modelRollback,
  modelRemove,
  modelStatus,
  modelLogs,
  modelFollow,
  modelConnect,
  modelDisconnect,
  modelLook,
  modelPlanning,
  ...[
    modelDeploy,
    modelRollback,
    modelRemove,
    modelStatus,
    modelLogs,
    modelFollow,
    modelConnect,
    modelDisconnect,
    modelLook,
  ].map(kind => here(kind as unknown as TaskKind)),
  sshTunnel,
] as unknown as readonly TaskKind[];
