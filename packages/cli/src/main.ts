#!/usr/bin/env node
// The entry of the command `portolan`. The compiled code is kept beside the program, where only those
// can write who could change the program itself; a cache in /tmp could be somebody else's.
import { enableCompileCache } from 'node:module';
import { resolve } from 'node:path';

enableCompileCache(resolve(import.meta.dirname, '../node_modules/.cache/portolan'));
// `portolan user list | head -1`: whoever read the answer has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const { runCommandLine } = await import('./program.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));
