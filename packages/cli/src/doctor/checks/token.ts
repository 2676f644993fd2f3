// Challenge, token, /v2/: as every client begins. And what somebody without a login gets.
import { type Check, fail, type Finding, ok, onServer, warn } from '../check.ts';
import type { Server } from '../server.ts';
import { findSecureOrigin } from './reach.ts';
import {
  getChallenge,
  getToken,
  LoginWithheld,
  NOWHERE,
  requestToken,
  TokenRefused,
} from '../tokens.ts';

async function judgeRealm(server: Server): Promise<Finding | undefined> {
  const challenge = await getChallenge(server);
  if (typeof challenge === 'string') {
    const origin = await findSecureOrigin(server);
    if (origin !== undefined) {
      return fail(`${server.address.origin} sends clients to ${origin}`, {
        meaning: 'the registry is there, and not at this address',
        remedy: `use https: --url ${origin}`,
      });
    }
    return fail(challenge, {
      meaning: 'this is no registry, or the proxy does not send /v2/ to it',
      remedy: 'send /v2/ to the registry and all else to the token service, as deploy/ does',
    });
  }
  const realm = URL.parse(challenge.realm);
  if (realm === null || (realm.protocol === 'http:' && !server.address.isPlain)) {
    return fail(`the challenge sends clients to ${challenge.realm}`, {
      meaning: 'clients refuse to send a password there, or send it in plain text',
      remedy: `set public_url to ${server.address.origin}, and leave registry.realm out`,
    });
  }
  if (realm.origin === server.address.origin || !server.isOwn) return undefined;
  return warn(`the challenge sends clients to ${realm.origin}`, {
    meaning: 'some clients refuse a token service on another host',
    remedy: `leave registry.realm out, so that it is on ${server.address.origin}`,
  });
}

async function judgeToken(server: Server): Promise<Finding> {
  const token = await getToken(server, undefined);
  const { status } = await server.connection.send({
    url: '/v2/',
    headers: { authorization: `Bearer ${token}` },
  });
  if (status === 200) return ok('challenge, token, 200');
  return fail(`/v2/ answers ${status} to a token of its own service`, {
    meaning: 'registry and token service do not agree on issuer, service, keys or the time',
    remedy: 'give both halves the same public_url and data directory; compare their clocks',
  });
}

function explain(error: unknown): Finding {
  if (error instanceof LoginWithheld) {
    return fail(error.message, {
      meaning: 'the challenge sends clients elsewhere; some refuse that as well',
      remedy: 'give the address that public_url is to --url, or leave registry.realm out',
    });
  }
  if (!(error instanceof TokenRefused)) throw error;
  const summary = `the token service answers ${error.status}`;
  if (error.status === 401) {
    return fail(summary, {
      meaning: 'user name and password are not right',
      remedy: '`portolan user set NAME --generate-password` on the machine of the server',
    });
  }
  return fail(summary, {
    meaning: 'nobody can log in',
    remedy: 'let /token lead to the token service, and see its log',
  });
}

export const token: Check = onServer({
  name: 'token',
  topic: 'registry',
  after: ['tcp', 'tls'],
  async run(server) {
    const realm = await judgeRealm(server);
    if (realm?.verdict === 'fail') return realm;
    try {
      const found = await judgeToken(server);
      return found.verdict === 'ok' && realm !== undefined ? realm : found;
    } catch (error) {
      return explain(error);
    }
  },
});

export const anonymous: Check = onServer({
  name: 'anonymous',
  topic: 'registry',
  after: ['token'],
  async run(server) {
    const { publicRepository, allowsAnonymous } = server;
    const repository = publicRepository ?? NOWHERE;
    const { granted } = await requestToken(server, {
      repository,
      actions: 'pull,push',
      login: undefined,
    });
    if (granted.includes('push')) {
      return fail('anybody may push without a login', {
        meaning: 'the token service is not ours, or not set up',
        remedy: 'see the policy of the token service',
      });
    }
    if (publicRepository === undefined || allowsAnonymous === undefined) {
      return ok('nothing can be pushed without a login');
    }
    const isPulled = granted.includes('pull');
    if (isPulled === allowsAnonymous) {
      return ok(
        isPulled
          ? 'public namespaces can be pulled, as set'
          : 'nothing can be pulled without a login, as set',
      );
    }
    return fail(
      isPulled
        ? 'public namespaces can be pulled without a login'
        : 'public namespaces cannot be pulled without a login',
      {
        meaning: `policy.anonymous is ${allowsAnonymous} in the settings here: the server runs with others`,
        remedy: 'restart the server, and give it the settings that are checked here',
      },
    );
  },
});
