import { agentRun } from '../tasks/agent-run.ts';
import { hostDoctor, hostFacts } from '../tasks/host-questions.ts';
import { sshConnect } from '../tasks/ssh-connect.ts';
import { sshExecute } from '../tasks/ssh-execute.ts';
import type { TaskKind } from '../tasks/task-kind.ts';

/** The kinds that every engine knows. */
export const BUILT_IN_KINDS = [
  sshExecute,
  sshConnect,
  hostFacts,
  hostDoctor,
  agentRun,
] as unknown as readonly TaskKind[];
