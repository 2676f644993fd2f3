// `portolan mirror`: repositories of other registries, copied here by rules.
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { registerMirrorRules } from './mirror-rules.ts';
import { registerMirrorRuns } from './mirror-runs.ts';
import { registerMirrorStatus } from './mirror-status.ts';

const HELP = `
A SELECTOR is a destination, the name of an upstream's repository, a host, or a glob over them:
busybox, quay.io, 'docker.io/library/*', 'registry.lan/**'. Without one, all rules are meant. For plan, sync,
prune, status --tags and bundles it may name tags or a digest, too: busybox:musl, 'busybox:1.*'.

Exit codes of plan and sync: 0 all is here, 1 some images are not, 2 the command makes no sense,
3 nothing matched, 4 content did not match its digest, 75 an upstream's limit was reached.`;

export function registerMirror(program: Command, context: CommandContext): void {
  const mirror = program
    .command('mirror')
    .description('Copy repositories of other registries here, by rules')
    .addHelpText('after', HELP);
  registerMirrorRules(mirror, context);
  registerMirrorRuns(mirror, context);
  registerMirrorStatus(mirror, context);
}
