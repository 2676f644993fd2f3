// What the README says of the command line, in a shell and outside of the clone.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../support/run-command.ts';

const CLONE = resolve(import.meta.dirname, '../..');

test('the alias of the README works in any directory', async () => {
  const readme = readFileSync(join(CLONE, 'README.md'), 'utf8');
  const [, block = ''] = /## The command line\n.*?```sh\n(.*?)```/s.exec(readme) ?? [];
  const elsewhere = await mkdtemp(join(tmpdir(), 'portolan-readme-'));
  onTestFinished(() => rm(elsewhere, { recursive: true }));
  const script = `shopt -s expand_aliases\n${block}\ncd ${elsewhere}\nportolan version\n`;
  const { code, output } = await runCommand('/bin/bash', ['--norc', '-euc', script], {
    cwd: CLONE,
  });
  expect(code, output).toBe(0);
  expect(output).toMatch(/\d+\.\d+\.\d+/);
});
