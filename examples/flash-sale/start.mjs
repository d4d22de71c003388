// What `npm start` runs: lets this process and those it forks run TypeScript from any folder, then opens the sale.

import { fileURLToPath } from 'node:url';

process.env.TSX_TSCONFIG_PATH ??= fileURLToPath(new URL('../../tsconfig.json', import.meta.url));
await import('tsx');
await import('./main.ts');
