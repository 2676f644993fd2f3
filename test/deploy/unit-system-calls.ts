// What `SystemCallFilter=` of the units permits, as a profile for a container: so the filter is tried without
// a systemd that runs services.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../support/run-command.ts';

const HARDENING = join(
  import.meta.dirname,
  '../../deploy/systemd/portolan.service.d/hardening.conf',
);

/** The members of each set, which may be sets. */
async function readSets(): Promise<Map<string, string[]>> {
  const { stdout } = await runOrThrow('/usr/bin/systemd-analyze', ['--no-pager', 'syscall-filter']);
  const sets = new Map<string, string[]>();
  let members: string[] = [];
  for (const line of stdout.split('\n')) {
    const word = line.trim();
    if (word.startsWith('#') || word === '') continue;
    if (line.startsWith('@')) sets.set(word, (members = []));
    else members.push(word);
  }
  return sets;
}

function expand(word: string, sets: ReadonlyMap<string, readonly string[]>): string[] {
  if (!word.startsWith('@')) return [word];
  const members = sets.get(word);
  if (members === undefined) throw new Error(`systemd knows no ${word}`);
  return members.flatMap((member) => expand(member, sets));
}

/** In the format of the OCI runtime's profiles. */
export async function systemCallProfile(): Promise<string> {
  const sets = await readSets();
  const permitted = new Set<string>();
  const unit = await readFile(HARDENING, 'utf8');
  for (const [, tilde, list = ''] of unit.matchAll(/^SystemCallFilter=(~?)(.+)$/gm)) {
    for (const call of list.split(' ').flatMap((word) => expand(word, sets))) {
      if (tilde === '~') permitted.delete(call);
      else permitted.add(call);
    }
  }
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: [] }],
    syscalls: [{ names: [...permitted], action: 'SCMP_ACT_ALLOW' }],
  });
}
