// skopeo sync's command line. Go's flags take a boolean's value after `=` alone, commander after a
// space, too, and would swallow the SOURCE behind `--src-tls-verify`: so they are rewritten first.
import { Command, Option } from 'commander';
import { collectText } from './repeated-option.ts';

/** As skopeo has them; `--x`, `--x=true`, and `--x=false` are all of one boolean. */
const BOOLEANS = [
  'all',
  'scoped',
  'keep-going',
  'dry-run',
  'preserve-digests',
  'remove-signatures',
  'tls-verify',
  'src-tls-verify',
  'dest-tls-verify',
  'src-no-creds',
  'dest-no-creds',
] as const;
const GO_TRUE = /^(?:1|t|T|true|TRUE|True)$/;
const GO_FALSE = /^(?:0|f|F|false|FALSE|False)$/;
/** Of skopeo's first releases, and still taken by it. */
const ALIASES: Readonly<Record<string, string>> = { screds: 'src-creds', dcreds: 'dest-creds' };

function rewrite(arg: string): string {
  const [, name = '', value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
  const alias = ALIASES[name];
  if (alias !== undefined) return value === undefined ? `--${alias}` : `--${alias}=${value}`;
  if (value === undefined || !(BOOLEANS as readonly string[]).includes(name)) return arg;
  if (GO_TRUE.test(value)) return `--${name}`;
  return GO_FALSE.test(value) ? `--no-${name}` : arg;
}

class SkopeoCommand extends Command {
  override parseOptions(args: string[]): ReturnType<Command['parseOptions']> {
    const end = args.indexOf('--');
    const count = end === -1 ? args.length : end;
    return super.parseOptions([...args.slice(0, count).map(rewrite), ...args.slice(count)]);
  }
}

export interface SyncCommandOptions {
  readonly src?: string;
  readonly dest?: string;
  /** The seed's spelling: `docker://…` or `dir:…`, and a YAML file. */
  readonly source?: string;
  readonly sourceFile?: string;
  readonly all?: boolean;
  readonly scoped?: boolean;
  readonly keepGoing?: boolean;
  readonly dryRun?: boolean;
  readonly removeSignatures?: boolean;
  readonly preserveDigests?: boolean;
  readonly appendSuffix?: string;
  readonly format?: string;
  readonly retryTimes?: string;
  readonly retryDelay?: string;
  readonly digestfile?: string;
  readonly authfile?: string;
  readonly tlsVerify?: boolean;
  readonly allowHost?: readonly string[];
}

/** Taken, so that the answer can say why they are refused. */
export const REFUSED_OPTIONS: Readonly<Record<string, string>> = {
  'sign-by': 'Portolan makes no signatures; sign with cosign, whose tags are copied by name',
  'sign-by-sigstore': 'Portolan makes no signatures; sign with cosign',
  'sign-by-sigstore-private-key': 'Portolan makes no signatures; sign with cosign',
  'sign-by-sq-fingerprint': 'Portolan makes no signatures; sign with cosign',
  'sign-passphrase-file': 'Portolan makes no signatures; sign with cosign',
  policy: 'signatures are not verified while copying, so a policy would promise too much',
  'registries.d': 'detached signatures are not copied, so their places are not needed',
  'registries-conf': 'names are taken as they are written; give the endpoint you mean',
};

function addSide(command: Command, side: 'src' | 'dest', what: string): void {
  command
    .option(`--${side}-creds <username[:password]>`, `credentials for the ${what}`)
    .option(`--${side}-username <name>`, `user name at the ${what}`)
    .option(`--${side}-password <password>`, `password at the ${what}`)
    .option(`--${side}-no-creds`, `go to the ${what} without credentials`)
    .option(`--${side}-registry-token <token>`, `bearer token for the ${what}`)
    .option(`--${side}-authfile <file>`, `auth.json for the ${what}`)
    .option(`--${side}-cert-dir <directory>`, `certificates (*.crt) for the ${what}`)
    .option(`--${side}-tls-verify`, `want a valid certificate of the ${what}`);
}

function hidden(flags: string): Option {
  return new Option(flags).hideHelp();
}

/** skopeo has these before the word `sync`; here they may stand on either side of it. */
function addGlobals(program: Command): void {
  program
    .addOption(hidden('--override-os <os>'))
    .addOption(hidden('--override-arch <architecture>'))
    .addOption(hidden('--override-variant <variant>'))
    .addOption(hidden('--command-timeout <duration>'))
    .addOption(hidden('--insecure-policy'))
    .addOption(hidden('--tmpdir <directory>'))
    .addOption(hidden('--policy <file>'))
    .addOption(hidden('--registries.d <directory>'))
    .addOption(hidden('--registries-conf <file>'));
}

export function addSyncCommand(program: Command): Command {
  addGlobals(program);
  const command = new SkopeoCommand('sync').copyInheritedSettings(program);
  command
    .description('Copy images between registries and directories, with the options of skopeo sync')
    .usage('[options] --src docker|dir|yaml --dest docker|dir SOURCE DESTINATION')
    .argument('[source]', 'registry/repository[:tag], directory or YAML file')
    .argument('[destination]', 'registry[/path] or directory')
    .addOption(new Option('-s, --src <transport>', 'what SOURCE is: docker, dir or yaml'))
    .addOption(new Option('-d, --dest <transport>', 'what DESTINATION is: docker or dir'))
    .option('-a, --all', 'copy every platform of an index')
    .option('--scoped', 'keep the whole name below the destination')
    .option('--keep-going', 'go on after an image that cannot be copied')
    .option('--dry-run', 'ask both sides and write nothing')
    .option('--append-suffix <text>', 'add to the tags at the destination')
    .option('-f, --format <format>', 'oci or v2s2: refuse images of another format')
    .option('--digestfile <file>', 'write the digest and name of each image to a file')
    .option('--retry-times <count>', 'try an image again so often')
    .option('--retry-delay <duration>', 'wait so long before that, such as 5s')
    .option('--authfile <file>', 'auth.json for both sides (REGISTRY_AUTH_FILE)')
    .addOption(
      new Option('--allow-host <host>', 'another host that a registry may send us to').argParser(
        collectText,
      ),
    );
  addSide(command, 'src', 'source');
  addSide(command, 'dest', 'destination');
  command
    .option('--preserve-digests', 'always so: nothing is ever converted')
    .option('--remove-signatures', 'always so: detached signatures are not copied')
    .addOption(hidden('--tls-verify'))
    .addOption(hidden('--source <reference>'))
    .addOption(hidden('--source-file <file>'));
  for (const name of BOOLEANS) command.addOption(hidden(`--no-${name}`));
  for (const name of Object.keys(REFUSED_OPTIONS).filter((one) => one.startsWith('sign'))) {
    command.addOption(hidden(`--${name} <value>`));
  }
  program.addCommand(command);
  return command;
}
