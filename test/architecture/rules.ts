/** Which folder may know which. The whole architecture in two tables; the test reads real imports against them. */

/** Everything but `cli`: the daemon is the one place that wires the rest. */
const wiring = [
  'core',
  'ssh',
  'store',
  'shell',
  'models',
  'secrets',
  'reports',
  'settings',
  'fleet',
  'holder',
  'transfer',
  'tunnels',
  'engines',
  'policy',
  'states',
  'runbooks',
  'queue',
  'tasks',
  'agent',
  'api',
];

/** Folder (or file) of `src/` → the folders it may import besides itself. What is absent here may not exist. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  // mechanisms
  ssh: ['core'],
  store: ['core'],
  shell: ['core'],
  models: ['core'],
  secrets: ['core'],
  reports: ['core'],
  settings: ['core'],
  // capabilities
  fleet: ['core', 'settings', 'ssh'],
  holder: ['core', 'ssh'],
  transfer: ['core', 'ssh'],
  tunnels: ['core', 'ssh'],
  engines: ['core', 'ssh', 'shell', 'models', 'holder', 'transfer'],
  policy: ['core', 'shell'],
  states: ['core', 'shell'],
  runbooks: ['core', 'states', 'shell'],
  queue: ['core', 'store'],
  // work
  agent: ['core', 'policy', 'models', 'states', 'runbooks', 'shell'],
  tasks: [
    'core',
    'ssh',
    'store',
    'holder',
    'transfer',
    'tunnels',
    'engines',
    'fleet',
    'states',
    'runbooks',
    'queue',
    'agent',
    'shell',
    'settings',
  ],
  // surfaces
  api: ['core'],
  daemon: wiring,
  cli: ['core', 'api', 'settings', 'reports'],
  mcp: ['core', 'api', 'reports'],
  testing: ['core', 'ssh', 'api'],
  'bin.ts': ['daemon', 'program.ts'],
  'program.ts': ['cli', 'daemon', 'mcp', 'api', 'core'],
  'index.ts': ['daemon', 'api', 'core'],
  'client.ts': ['api', 'core'],
  'browser-client.ts': ['api', 'core'],
};

/** Third-party package → the one folder that imports it; everybody else uses what that folder offers. */
export const MAY_USE: Readonly<Record<string, string>> = {
  zod: 'core',
  yaml: 'core',
  ssh2: 'ssh',
  'ssh-config': 'ssh',
  minisearch: 'runbooks',
  'snowball-stemmers': 'runbooks',
  croner: 'queue',
  ignore: 'transfer',
  '@stricli/core': 'cli',
  '@clack/prompts': 'cli',
  hono: 'api',
  '@hono/zod-openapi': 'api',
  '@hono/node-server': 'api',
  unbash: 'shell',
  ai: 'models',
  '@ai-sdk/openai-compatible': 'models',
  '@ai-sdk/anthropic': 'models',
  '@ai-sdk/google': 'models',
  ws: 'api',
  nodemailer: 'daemon',
  '@modelcontextprotocol/server': 'mcp',
};

/** Node modules that do I/O: the words of `core` must not. */
export const INPUT_OUTPUT = [
  'node:fs',
  'node:fs/promises',
  'node:net',
  'node:tls',
  'node:http',
  'node:https',
  'node:dgram',
  'node:child_process',
  'node:readline',
];

/** Folders of `console/src` that screens stand on, and what these may import themselves. Screens may import all. */
export const CONSOLE_BASE: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  parts: ['engine'],
  log: ['engine', 'parts'],
  frame: ['engine', 'parts', 'screens.ts'],
};

/** All that the console imports besides itself. */
export const CONSOLE_PACKAGES: readonly string[] = [
  'deckhand',
  'react',
  'react-dom',
  'wouter',
  '@xterm/xterm',
  '@xterm/addon-fit',
];

/** Folder names that say nothing of what is inside. */
export const NAMELESS = ['utils', 'util', 'common', 'helpers', 'services', 'types', 'misc', 'lib', 'shared'];

/** Lines. Aim at 150. */
export const LONGEST_FILE = 400;
