// `portolan key`: the keys that tokens are signed with, and their public halves in the forms in which
// other registries take them.
import { DomainError } from '@portolan/oci';
import type { SigningKey, Storage } from '@portolan/storage';
import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import { optionalTimestamp, timestamp } from './timestamp.ts';

type KeyFormat = 'jwk' | 'jwks' | 'pem' | 'certificate';

const FORMATS: readonly KeyFormat[] = ['jwk', 'jwks', 'pem', 'certificate'];

const SHOW_HELP = `
Formats:
  jwk          the public key as RFC 7517 JSON
  jwks         a set of such keys, as /jwks has it; for the \`jwks\` setting of distribution 3
  pem          the public key as PEM
  certificate  a self-signed X.509 certificate, for the \`rootcertbundle\` setting of distribution
Without KID: jwks and certificate print every published key, the others the one that signs.`;

/** Loaded when a command runs, so that \`--help\` does not wait for it. */
function loadSigning() {
  return import('@portolan/auth');
}

function stateOf(key: SigningKey, activeKid: string | undefined, now: number): string {
  if (key.kid === activeKid) return 'signing';
  return key.activatesAt > now ? 'next' : 'retiring';
}

function keyRow(key: SigningKey, state: string) {
  return {
    kid: key.kid,
    state,
    created: timestamp(key.createdAt),
    activates: timestamp(key.activatesAt),
    retires: optionalTimestamp(key.retiresAt),
  };
}

function registerList(key: Command, context: CommandContext): void {
  key
    .command('list')
    .description('List the signing keys: which one signs, which is next, which are retiring')
    .action(async () => {
      const { activeKeyOf, isPublished } = await loadSigning();
      await context.withStorage(async ({ signingKeys }) => {
        const now = context.clock();
        const keys = (await signingKeys.list()).filter((candidate) => isPublished(candidate, now));
        const active = activeKeyOf(keys, now)?.kid;
        context.output.rows(
          keys.map((row) => keyRow(row, stateOf(row, active, now))),
          ['kid', 'state', 'activates', 'retires'],
        );
      });
    });
}

function registerRotate(key: Command, context: CommandContext): void {
  key
    .command('rotate')
    .description('Make the next signing key; it signs when every registry has had time to fetch it')
    .option('--now', 'sign with it at once and end the old ones: a key may have been copied')
    .action(async ({ now: isEmergency = false }: { now?: boolean }) => {
      const { rotateSigningKey } = await loadSigning();
      await context.withStorage(async ({ layout, signingKeys }) => {
        const { actor, clock, output } = context;
        const deps = { directory: layout.keys, store: signingKeys, clock };
        const added = await rotateSigningKey(deps, { actor, isEmergency });
        output.record(keyRow(added, isEmergency ? 'signing' : 'next'));
        if (isEmergency) {
          output.note(
            'Tokens already issued end now. A registry that fetches the keys follows within five minutes, and believes what it has verified until that expires.',
          );
        }
        output.note('Registries that hold a copy of the keys need a new one: `portolan key show`.');
      });
    });
}

function unknownKey(kid: string): DomainError {
  return new DomainError('not-found', `there is no signing key '${kid}'`, {
    hint: '`portolan key list` shows those that there are',
  });
}

async function selectKeys(
  { signingKeys }: Storage,
  { kid, format, now }: { kid: string | undefined; format: KeyFormat; now: number },
): Promise<readonly SigningKey[]> {
  const { activeKeyOf, isPublished } = await loadSigning();
  const keys = (await signingKeys.list()).filter((key) => isPublished(key, now));
  if (kid !== undefined) {
    const found = keys.find((key) => key.kid === kid);
    if (found === undefined) throw unknownKey(kid);
    return [found];
  }
  if (format === 'jwks' || format === 'certificate') return keys;
  const active = activeKeyOf(keys, now);
  return active === undefined ? [] : [active];
}

async function renderKey(key: SigningKey, format: KeyFormat, directory: string): Promise<string> {
  const { publicKeyPem, publicKeySetOf, readPrivateKey, selfSignedCertificate } =
    await loadSigning();
  if (format === 'pem') return publicKeyPem(key);
  if (format === 'certificate') {
    return selfSignedCertificate(await readPrivateKey(directory, key.kid), key);
  }
  const [jwk] = publicKeySetOf([key]).keys;
  return `${JSON.stringify(jwk, undefined, 2)}\n`;
}

function registerShow(key: Command, context: CommandContext): void {
  key
    .command('show [kid]')
    .description('Print public keys, for a registry that shall trust our tokens')
    .addOption(new Option('--format <format>', 'the form').choices(FORMATS).default('jwk'))
    .addHelpText('after', SHOW_HELP)
    .action(async (kid: string | undefined, { format }: { format: KeyFormat }) => {
      const { publicKeySetOf } = await loadSigning();
      const now = context.clock();
      await context.withStorage(async (storage) => {
        const keys = await selectKeys(storage, { kid, format, now });
        if (format === 'jwks') {
          context.output.text(`${JSON.stringify(publicKeySetOf(keys), undefined, 2)}\n`);
          return;
        }
        for (const selected of keys) {
          context.output.text(await renderKey(selected, format, storage.layout.keys));
        }
      });
    });
}

export function registerKey(program: Command, context: CommandContext): void {
  const key = program.command('key').description('Manage the keys that sign tokens');
  registerList(key, context);
  registerRotate(key, context);
  registerShow(key, context);
}
