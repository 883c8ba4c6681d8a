import { type ErrorTraits, row } from './row.ts';

/** What goes wrong with model files, engine bundles, model servers and their deployment. */
export const modelErrors = {
  'model.not-gguf': row(
    'The file is not a GGUF model.',
    'usage',
    422,
    'Download the model itself; what the message says of its first bytes tells what it is instead.',
  ),
  'model.truncated': row(
    'The model file is not whole.',
    'usage',
    422,
    'Download it again, or go on with the download: its header says how long it must be.',
  ),
  'model.unreadable': row(
    'The engine cannot read the model file.',
    'failed',
    422,
    'Check that the file is there and readable for the account that serves it.',
  ),
  'model.unsupported': row(
    'This engine cannot serve this model.',
    'failed',
    422,
    'Use a newer engine bundle, or another model.',
  ),
  'model.unknown-deployment': row(
    'No model server of this name is deployed there.',
    'usage',
    404,
    'List them with `deckhand model list`.',
  ),
  'model.deploy-busy': row(
    'Somebody else is changing this deployment just now.',
    'failed',
    409,
    'Wait for the other deployment to end, then try again.',
    'retry',
  ),
  'model.no-rollback': row(
    'There is no earlier release to go back to.',
    'usage',
    409,
    'Deploy the release that you want by name.',
  ),
  'bundle.unavailable': row(
    'No engine bundle is there, and none could be made.',
    'failed',
    424,
    'Make one with `deckhand model bundle` on a machine with apt-get, and name it with --bundle.',
  ),
  'bundle.invalid': row(
    'The file is no engine bundle, or not a whole one.',
    'usage',
    422,
    'Make it again with `deckhand model bundle --refresh`.',
  ),
  'host.architecture': row(
    'The engine does not run on this kind of machine.',
    'failed',
    422,
    'Use a bundle that was made for the architecture named in the message.',
  ),
  'host.memory': row(
    'The host has not enough free memory for this model.',
    'failed',
    507,
    'Pass a smaller --context, or deploy a smaller model.',
  ),
  'host.noexec': row(
    'The host does not run programs from this folder.',
    'failed',
    422,
    'Deploy to a folder on a file system mounted without noexec: set XDG_STATE_HOME for the account.',
  ),
  'engine.memory': row(
    'The engine could not get the memory it needs.',
    'failed',
    507,
    'Pass a smaller --context, or deploy a smaller model.',
  ),
  'engine.port-busy': row(
    'The engine could not listen where it should.',
    'failed',
    409,
    'Choose another --port, or leave it out: a socket file needs none.',
  ),
  'engine.bad-argument': row(
    'The engine does not know one of its arguments.',
    'failed',
    422,
    'The engine is older or newer than expected: make a new bundle, or correct the argument.',
  ),
  'engine.no-model': row(
    'The engine answers, but serves no model.',
    'failed',
    502,
    'Deploy the model file again; the engine was started without one.',
  ),
  'engine.key-rejected': row(
    'The engine did not accept the key.',
    'authentication',
    502,
    'Deploy again: the key is read anew from the host.',
  ),
  'engine.open': row(
    'The engine answers without a key.',
    'failed',
    502,
    'Do not use it: whoever reaches it may use it. Deploy again, and look at how it is started.',
  ),
  'engine.crash-loop': row(
    'The engine ends again and again soon after its start.',
    'failed',
    502,
    'Read the last lines of its log: `deckhand model logs`.',
  ),
  'engine.loading-timeout': row(
    'The engine does not get on with its start.',
    'timedOut',
    504,
    'Read its log: `deckhand model logs`. A very slow disk or too little memory looks like this.',
  ),
  'engine.down': row(
    'The engine does not answer.',
    'failed',
    502,
    'Look at its service and its log: `deckhand model show` and `deckhand model logs`.',
    'retry',
  ),
  'engine.failed': row(
    'The engine ended or answered in a way that is not known.',
    'failed',
    502,
    'Read the last lines of its log: `deckhand model logs`.',
  ),
} as const satisfies Record<string, ErrorTraits>;
