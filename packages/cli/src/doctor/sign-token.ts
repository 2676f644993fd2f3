// A token for the scratch repository, for whoever runs this on the machine of the server without a password.
// It is signed with the private keys in the data directory: who may read those could sign anything anyhow,
// and no request brings such a token about. It holds a minute, for this one repository.
import { activeKeyOf, createTokenIssuer, readPrivateKey } from '@portolan/auth';
import { RepositoryName } from '@portolan/oci';
import type { OpenMachine } from './machine.ts';
import type { SignToken } from './server.ts';

const TTL_SECONDS = 60;

/** @param actor `cli:NAME`, which no account can be called */
export function createSignToken(machine: OpenMachine, actor: string): SignToken {
  const { storage, names, clock, randomId } = machine;

  // Never makes a key, as a server does.
  async function active() {
    const signingKey = activeKeyOf(await storage.signingKeys.list(), clock());
    if (signingKey === undefined) throw new Error('there is no signing key');
    return { signingKey, privateKey: await readPrivateKey(storage.layout.keys, signingKey.kid) };
  }

  return async (repository) => {
    const issuer = createTokenIssuer({
      keys: { active },
      issuer: names.issuer,
      ttlSeconds: TTL_SECONDS,
      clock,
      randomId,
    });
    const { token } = await issuer.issue({
      subject: actor,
      audience: names.service,
      access: [
        {
          type: 'repository',
          name: RepositoryName.parse(repository),
          actions: ['pull', 'push', 'delete'],
        },
      ],
      // It hangs on no account and no namespace, so nothing can withdraw it but its end.
      stamp: { namespaces: {} },
      keyIdForm: 'rfc7638',
    });
    return token;
  };
}
