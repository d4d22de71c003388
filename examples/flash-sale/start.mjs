// What `npm start` runs: lets this process and those it forks run TypeScript from any folder, then opens the sale, or lets
// the stampede loose.

import { fileURLToPath } from 'node:url';

process.env.TSX_TSCONFIG_PATH ??= fileURLToPath(new URL('../../tsconfig.json', import.meta.url));
await import('tsx');
await import(process.argv.includes('--stampede') ? '../stampede/main.ts' : './main.ts');
