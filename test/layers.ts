/** The folders and files directly below `src/`, top first: each may import only from those after it. */
export const LAYERS: readonly string[] = [
  'cli.ts',
  'commands',
  'provision',
  'privileged.ts',
  'main.ts',
  'prepare.ts',
  'server.ts',
  'app.ts',
  'api',
  'gate',
  'auth',
  'http',
  'context.ts',
  'actions',
  'operations',
  'jobs',
  'records',
  'appliance',
  'package',
  'system',
  'config',
  'core',
];

/** Which layers may import a package at all. */
export const PACKAGE_LAYERS: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': ['system', 'package'],
  ajv: ['config'],
  express: ['app.ts', 'gate', 'auth', 'http'],
  multer: ['http'],
  'node-forge': ['system', 'package'],
  pino: ['core'],
  'proper-lockfile': ['system', 'package'],
  systeminformation: ['system', 'package'],
  tar: ['system', 'package'],
};
