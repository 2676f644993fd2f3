// What a client sees of our certificate: whether the chain is whole and leads to an authority that is trusted
// here, for which names it holds, until when, and with which key. Nothing is sent on these connections.
import { daysUntil, hasIssued, SOON_DAYS } from '@portolan/tls';
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { bareHost, createTrust } from '../../connection/server-trust.ts';
import {
  type Advice,
  type Check,
  fail,
  type Finding,
  ok,
  onServer,
  skipped,
  warn,
} from '../check.ts';
import type { Server } from '../server.ts';
import { hostOf, virtualHostsOf } from '../virtual-hosts.ts';

const WITHIN_MS = 4000;
const MIN_RSA_BITS = 2048;
const MOST_HOSTS = 5;

interface Handshake {
  readonly certificate: X509Certificate;
  /** OpenSSL's word for why the chain is not trusted. */
  readonly distrust: string | undefined;
}

/** @throws the system's error when there is no TLS */
async function shakeHands({ address, ca }: Server, name: string): Promise<Handshake> {
  const to = new URL(address.origin);
  const socket = connect({
    host: bareHost(to),
    port: Number(to.port || 443),
    ...(isIP(name) === 0 ? { servername: name } : {}),
    secureContext: createTrust(ca)(),
    // Looked at here, in place of thrown away.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  const timer = setTimeout(() => socket.destroy(new Error('the handshake hangs')), WITHIN_MS);
  try {
    await new Promise((resolve, reject) =>
      socket.once('secureConnect', resolve).once('error', reject),
    );
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) throw new Error('the server shows no certificate');
    const { authorizationError: why } = socket as {
      authorizationError?: Error & { code?: string };
    };
    const distrust = why ? (why.code ?? String(why)) : undefined;
    return { certificate, distrust };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

const FOR_CLIENTS =
  '`portolan ca trust` says what to type on each system, or give your authority with --ca FILE';

const DISTRUST: Readonly<Record<string, Advice>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    meaning:
      'an intermediate certificate is missing, or the authority is not trusted here: "x509: certificate signed by unknown authority"',
    remedy: `put the intermediates behind the certificate in its file; for an authority of your own, ${FOR_CLIENTS}. If that was replaced, \`portolan ca show\` on the server says what still needs the one of before`,
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    meaning:
      'the authority is not trusted on this machine: "x509: certificate signed by unknown authority"',
    remedy: FOR_CLIENTS,
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    meaning: 'the certificate vouches for itself, and no client trusts it',
    remedy:
      '`portolan ca init && portolan ca issue NAME`, or `portolan ca import` one of your authority',
  },
  CERT_HAS_EXPIRED: {
    meaning: 'clients refuse it: "x509: certificate has expired or is not yet valid"',
    remedy: '`portolan ca renew`; where a proxy shows it, reload the proxy after that',
  },
  CERT_NOT_YET_VALID: {
    meaning: 'clients refuse it until then, or the clock of this machine is behind',
    remedy: '`timedatectl` shows the clock; set it with `timedatectl set-ntp true`',
  },
};

function judgeChain({ certificate, distrust }: Handshake): Finding[] {
  if (distrust === undefined) return [];
  const issuer = certificate.issuer.replaceAll('\n', ', ');
  const advice = DISTRUST[distrust] ?? {
    meaning: 'clients refuse the certificate',
    remedy: 'see `portolan ca show`, and what the log of the server says of certificates',
  };
  return [fail(`not trusted (${distrust}), issued by ${issuer}`, advice)];
}

function judgeName({ certificate }: Handshake, name: string): Finding[] {
  const isRight =
    isIP(name) === 0
      ? certificate.checkHost(name, { partialWildcards: false })
      : certificate.checkIP(name);
  if (isRight !== undefined) return [];
  const names = (certificate.subjectAltName ?? 'none').replaceAll(/DNS:|IP Address:/g, '');
  return [
    fail(`it is not for ${name}, but for ${names}`, {
      meaning: `clients refuse it: "x509: certificate is valid for ${names}, not ${name}"`,
      remedy:
        isIP(name) === 0
          ? `\`portolan ca issue ${name} '*.${name}'\``
          : `\`portolan ca issue --ip ${name}\``,
    }),
  ];
}

function judgeKey({ certificate }: Handshake): Finding[] {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = certificate.publicKey;
  const bits = details?.modulusLength ?? MIN_RSA_BITS;
  if (kind !== 'rsa' || bits >= MIN_RSA_BITS) return [];
  return [
    fail(`its RSA key has ${bits} bits`, {
      meaning: 'clients of today refuse it',
      remedy: '`portolan ca issue NAME` makes one with an ECDSA key',
    }),
  ];
}

/** It holds, and clients that get the certificate of the new authority alone refuse it. */
function judgeIssuer({ certificate }: Handshake, { retired }: Server): Finding[] {
  const issuer = retired.find((one) => hasIssued(one, certificate));
  if (issuer === undefined) return [];
  const summary = `it is of ${issuer.name}, an authority that was replaced`;
  if (issuer.certificates.length > 0) {
    return [
      warn(summary, {
        meaning: `clients need both authorities as long as it is shown; ${issuer.certificates.join(', ')} here is still of that one`,
        remedy:
          'once the clients trust the new one (`portolan ca trust`), `portolan ca renew --force`; then reload the proxy in front, if there is one: `systemctl reload haproxy`',
      }),
    ];
  }
  return [
    warn(summary, {
      meaning:
        'all are renewed here, but a proxy still shows the one of before: clients that trust the new authority alone refuse it',
      remedy: 'reload the proxy in front: `systemctl reload haproxy`',
    }),
  ];
}

function judgeEnd({ certificate }: Handshake, now: number): Finding[] {
  const days = daysUntil(certificate.validToDate.getTime(), now);
  if (days < 0 || days >= SOON_DAYS) return [];
  return [
    warn(`it ends in ${days} days`, {
      meaning: 'what issues or serves it has not renewed it',
      remedy: '`portolan ca renew`; where a proxy shows it, reload the proxy after that',
    }),
  ];
}

export const tls: Check = onServer({
  name: 'tls',
  topic: 'network',
  after: ['tcp'],
  async run(server) {
    if (server.address.isPlain) return skipped('the address is plain http');
    const name = hostOf(server);
    try {
      const seen = await shakeHands(server, name);
      const found = [
        ...judgeChain(seen),
        ...judgeName(seen, name),
        ...judgeKey(seen),
        ...judgeIssuer(seen, server),
        ...judgeEnd(seen, server.clock()),
      ];
      return found.length > 0
        ? found
        : ok(`trusted, until ${seen.certificate.validToDate.toISOString().slice(0, 10)}`);
    } catch (error) {
      return fail(`no TLS: ${(error as Error).message}`, {
        meaning:
          'plain HTTP is spoken there ("http: server gave HTTP response to HTTPS client"), or the server has no certificate for this name',
        remedy: 'listen on https:// and not http://, and see `portolan ca show`',
      });
    }
  },
});

export const virtualHostTls: Check = onServer({
  name: 'virtual-host-tls',
  topic: 'network',
  after: ['tls'],
  async run(server) {
    const name = hostOf(server);
    if (server.address.isPlain || isIP(name) !== 0) {
      return skipped('there are no host names with TLS');
    }
    const hosts = virtualHostsOf(server).slice(0, MOST_HOSTS);
    if (hosts.length === 0) return skipped('no mirrored registry is known here');
    const wrong: string[] = [];
    for (const host of hosts) {
      const seen = await shakeHands(server, host);
      if (judgeName(seen, host).length > 0 || seen.distrust !== undefined) wrong.push(host);
    }
    if (wrong.length === 0) return ok(hosts.join(', '));
    return warn(`the certificate is not for ${wrong.join(', ')}`, {
      meaning: 'engines that reach mirrored registries by these names refuse it',
      remedy: `\`portolan ca issue ${name} '*.${name}'\``,
    });
  },
});
