import { createHmac, generateKeyPairSync, sign as signRaw } from 'node:crypto';
import { CompactSign, exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KeySet } from '../../src/access/key-set.ts';
import { localKeySet } from '../support/local-key-set.ts';
import { createTokenVerifier, type VerifyToken } from '../../src/access/verify-token.ts';
import { createTokenSigner, ISSUER, SERVICE, type TokenSigner } from '../support/tokens.ts';

const NOW = 1_800_000_000;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const CLAIMS = {
  iss: ISSUER,
  sub: 'alice',
  aud: SERVICE,
  exp: NOW + 900,
  nbf: NOW,
  iat: NOW,
  jti: 'x',
  access: [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }],
};

let signer: TokenSigner;
let header: Record<string, unknown>;
let verify: VerifyToken;

function verifier(keySet: KeySet): VerifyToken {
  return createTokenVerifier({ keySet, issuer: ISSUER, service: SERVICE, clock: () => NOW * 1000 });
}

/** Signed with the right key, whatever stands in header and claims. */
async function forge(
  headerChanges: Record<string, unknown>,
  claimChanges: object = {},
): Promise<string> {
  const protectedHeader = { ...header, ...headerChanges };
  const payload = { ...CLAIMS, ...claimChanges };
  const input = `${encode(protectedHeader)}.${encode(payload)}`;
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    signer.privateKey,
    Buffer.from(input),
  );
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

beforeAll(async () => {
  signer = await createTokenSigner(() => NOW * 1000);
  header = { alg: 'ES256', typ: 'JWT', kid: signer.kid };
  verify = verifier(localKeySet(signer.jwks));
});

describe('a good token', () => {
  it('is read into subject and grants', async () => {
    const verification = await verify(await forge({}));
    expect(verification).toMatchObject({ kind: 'valid', token: { subject: 'alice' } });
    if (verification.kind === 'invalid') return;
    expect(verification.token.grants.get('team/app')).toEqual(new Set(['pull', 'push']));
    expect(verification.token.catalog).toBeUndefined();
  });

  it.each([
    ['several audiences', { aud: ['other', SERVICE] }],
    ['no subject', { sub: undefined }],
    ['no access', { access: undefined }],
    ['unknown kinds of access', { access: [{ type: 'x', name: 'y', actions: ['z'] }] }],
    ['an exp within the leeway', { exp: NOW - 59 }],
    ['an nbf within the leeway', { nbf: NOW + 60 }],
  ])('may have %s', async (_, claims) => {
    expect((await verify(await forge({}, claims))).kind).toBe('valid');
  });

  it('has a star that stands for the three actions', async () => {
    const access = [{ type: 'repository', name: 'a', actions: ['*'] }];
    const verification = await verify(await forge({}, { access }));
    expect(verification).toMatchObject({
      token: { grants: new Map([['a', new Set(['pull', 'push', 'delete'])]]) },
    });
  });
});

describe('a token with a header that names its key', () => {
  it.each(['jwk', 'jku', 'x5u', 'x5c', 'crit'])('is refused for %s', async (name) => {
    const own = await exportJWK(signer.privateKey);
    const values: Record<string, unknown> = {
      jwk: { kty: own.kty, crv: own.crv, x: own.x, y: own.y },
      jku: 'https://evil.test/jwks',
      x5u: 'https://evil.test/cert',
      x5c: ['MIIB'],
      crit: ['exp'],
    };
    expect((await verify(await forge({ [name]: values[name] }))).kind).toBe('invalid');
    expect((await verify(await forge({ [name]: null }))).kind).toBe('invalid');
  });

  it('is refused when its own key signed it under a known kid', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    for (const extra of [{}, { jwk: await exportJWK(publicKey) }]) {
      const jws = new CompactSign(Buffer.from(JSON.stringify(CLAIMS)));
      const token = await jws
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: signer.kid, ...extra })
        .sign(privateKey);
      expect((await verify(token)).kind).toBe('invalid');
    }
  });
});

describe('a token under another algorithm', () => {
  it.each(['none', 'None', 'HS256', 'HS512', 'RS256', 'PS256', 'ES384', 'ES512', 'EdDSA', ''])(
    'is refused when it says %s over a good signature',
    async (alg) => {
      expect((await verify(await forge({ alg }))).kind).toBe('invalid');
    },
  );

  it('is refused without a signature', async () => {
    const input = `${encode({ ...header, alg: 'none' })}.${encode(CLAIMS)}`;
    for (const token of [`${input}.`, input, `${encode(header)}.${encode(CLAIMS)}.`]) {
      expect((await verify(token)).kind).toBe('invalid');
    }
  });

  it('is refused as HMAC with the public key as secret', async () => {
    const jwk = await exportJWK(signer.privateKey);
    const publicKey = await crypto.subtle.importKey(
      'jwk',
      { kty: 'EC', crv: 'P-256', x: jwk.x ?? '', y: jwk.y ?? '' },
      { name: 'ECDSA', namedCurve: 'P-256' },
      true,
      ['verify'],
    );
    const input = `${encode({ ...header, alg: 'HS256' })}.${encode(CLAIMS)}`;
    for (const secret of [await exportSPKI(publicKey), '']) {
      const mac = createHmac('sha256', secret).update(input).digest('base64url');
      expect((await verify(`${input}.${mac}`)).kind).toBe('invalid');
    }
  });

  it.each([
    ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
    ['ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'sha384'],
    ['EdDSA', () => generateKeyPairSync('ed25519'), null],
  ])('is refused as %s, even with that key in the set', async (alg, generate, hash) => {
    const { privateKey, publicKey } = generate();
    const kid = 'other';
    const keySet = localKeySet({
      keys: [...signer.jwks.keys, { ...publicKey.export({ format: 'jwk' }), kid, alg }],
    });
    const input = `${encode({ alg, typ: 'JWT', kid })}.${encode(CLAIMS)}`;
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = signRaw(hash, Buffer.from(input), key).toString('base64url');
    expect((await verifier(keySet)(`${input}.${signature}`)).kind).toBe('invalid');
  });
});

describe('a token with a wrong header or claim', () => {
  it.each<[string, Record<string, unknown>, object]>([
    ['another typ', { typ: 'at+jwt' }, {}],
    ['no typ', { typ: undefined }, {}],
    ['an unknown kid', { kid: 'unknown' }, {}],
    ['no kid', { kid: undefined }, {}],
    ['a kid that is a path', { kid: '../../etc/passwd' }, {}],
    ['a kid that is a number', { kid: 7 }, {}],
    ['another issuer', {}, { iss: `${ISSUER}/` }],
    ['a list of issuers', {}, { iss: [ISSUER] }],
    ['no issuer', {}, { iss: undefined }],
    ['another audience', {}, { aud: 'other' }],
    ['a longer audience', {}, { aud: `${SERVICE}.evil` }],
    ['no audience', {}, { aud: undefined }],
    ['no expiry', {}, { exp: undefined }],
    ['an expiry in words', {}, { exp: 'tomorrow' }],
    ['an nbf past the leeway', {}, { nbf: NOW + 61 }],
    ['an nbf in words', {}, { nbf: 'now' }],
    ['a subject that is no text', {}, { sub: 7 }],
    ['access that is no list', {}, { access: { type: 'repository' } }],
    ['access without actions', {}, { access: [{ type: 'repository', name: 'a' }] }],
    ['actions that are no texts', {}, { access: [{ type: 'a', name: 'b', actions: [1] }] }],
    ['a stamp of another form', {}, { portolan: { namespaces: { a: 'b' } } }],
    ['a subject stamp of another form', {}, { portolan: { namespaces: {}, subject: [1] } }],
    ['a filter of another form', {}, { portolan: { namespaces: {}, catalog: 'some' } }],
  ])('is refused for %s', async (_, headerChanges, claimChanges) => {
    expect((await verify(await forge(headerChanges, claimChanges))).kind).toBe('invalid');
  });

  it.each(['', '.', '..', 'a.b.c', 'x'.repeat(20_000), '🙂'])(
    'is refused when it is "%s"',
    async (t) => {
      expect((await verify(t)).kind).toBe('invalid');
    },
  );

  it('is refused when one byte of its claims is changed', async () => {
    const [head, , signature] = (await forge({})).split('.');
    const claims = encode({ ...CLAIMS, sub: 'admin' });
    expect((await verify(`${head}.${claims}.${signature}`)).kind).toBe('invalid');
  });
});

describe('an expired token', () => {
  it('is told apart when everything else is right', async () => {
    const verification = await verify(await forge({}, { exp: NOW - 60 }));
    expect(verification).toMatchObject({ kind: 'expired', token: { subject: 'alice' } });
  });

  it.each([{ iss: 'x' }, { aud: 'x' }, { nbf: NOW + 61 }, { sub: 7 }])(
    'is invalid with %j as well',
    async (claims) => {
      const token = await forge({}, { exp: NOW - 60, ...claims });
      expect((await verify(token)).kind).toBe('invalid');
    },
  );
});
