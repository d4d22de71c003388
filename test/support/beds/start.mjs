// What `npm run bed` runs, by `exec`, or a signal to npm would end at its shell: installs what is missing, lets this
// process run TypeScript, then starts the bed.

import '../setup.mjs';

await import('tsx');
await import('./run-bed.ts');
