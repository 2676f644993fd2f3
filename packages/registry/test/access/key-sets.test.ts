import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileKeySet } from '../../src/access/file-key-set.ts';
import { localKeySet } from '../support/local-key-set.ts';
import { remoteKeySet } from '../../src/access/remote-key-set.ts';
import { createTokenSigner } from '../support/tokens.ts';

async function newKey() {
  const { jwks, kid } = await createTokenSigner(Date.now);
  return { jwk: jwks.keys[0] ?? {}, kid };
}

describe('importKeys', () => {
  it('finds keys by kid, or by thumbprint when they have none', async () => {
    const [a, b] = await Promise.all([newKey(), newKey()]);
    const keySet = localKeySet({ keys: [a.jwk, { ...b.jwk, kid: undefined }] });
    expect(await keySet.find(a.kid)).toBeInstanceOf(CryptoKey);
    expect(await keySet.find(b.kid)).toBeInstanceOf(CryptoKey);
    expect(await keySet.find('other')).toBeUndefined();
    expect(await keySet.find('__proto__')).toBeUndefined();
  });

  it('leaves out what is no P-256 key', async () => {
    const { jwk, kid } = await newKey();
    const keys = [null, 'x', { kty: 'oct', k: 'AA', kid: 'h' }, { kty: 'RSA', kid: 'r' }, jwk];
    const keySet = localKeySet({ keys });
    expect(await keySet.find('h')).toBeUndefined();
    expect(await keySet.find('r')).toBeUndefined();
    expect(await keySet.find(kid)).toBeInstanceOf(CryptoKey);
  });
});

const report = (): void => undefined;

describe('remoteKeySet', () => {
  let now: number;
  let fetched: number;
  let keys: object[];
  let isDown: boolean;

  const fetch = async (): Promise<Response> => {
    fetched++;
    if (isDown) throw new Error('connection refused');
    return Response.json({ keys });
  };
  const create = () => remoteKeySet('http://auth.test/jwks', { fetch, clock: () => now, report });

  beforeEach(() => {
    now = 1_000_000;
    fetched = 0;
    keys = [];
    isDown = false;
  });

  it('fetches once for many tokens at a time', async () => {
    const { jwk, kid } = await newKey();
    keys = [jwk];
    const keySet = create();
    const found = await Promise.all([1, 2, 3].map(() => keySet.find(kid)));
    expect(found.every((key) => key instanceof CryptoKey)).toBe(true);
    expect(fetched).toBe(1);
  });

  it('fetches again for an unknown kid, at most every 10 s', async () => {
    const [a, b] = await Promise.all([newKey(), newKey()]);
    keys = [a.jwk];
    const keySet = create();
    await keySet.find(a.kid);
    keys = [a.jwk, b.jwk];
    now += 9_999;
    expect(await keySet.find(b.kid)).toBeUndefined();
    expect(fetched).toBe(1);
    now += 1;
    expect(await keySet.find(b.kid)).toBeInstanceOf(CryptoKey);
    expect(await keySet.find('forged')).toBeUndefined();
    expect(fetched).toBe(2);
  });

  it('drops a removed key within five minutes', async () => {
    const { jwk, kid } = await newKey();
    keys = [jwk];
    const keySet = create();
    await keySet.find(kid);
    keys = [];
    now += 299_999;
    expect(await keySet.find(kid)).toBeInstanceOf(CryptoKey);
    now += 1;
    expect(await keySet.find(kid)).toBeUndefined();
  });

  it('keeps its keys while the token service is away', async () => {
    const { jwk, kid } = await newKey();
    keys = [jwk];
    const keySet = create();
    await keySet.find(kid);
    isDown = true;
    now += 600_000;
    expect(await keySet.find(kid)).toBeInstanceOf(CryptoKey);
    expect(fetched).toBe(2);
  });

  it('says that it has no keys yet, and tries again after a second', async () => {
    const { jwk, kid } = await newKey();
    keys = [jwk];
    isDown = true;
    const keySet = create();
    const unavailable = expect.objectContaining({ code: 'keys-unavailable' });
    await expect(keySet.find(kid)).rejects.toEqual(unavailable);
    isDown = false;
    await expect(keySet.find(kid)).rejects.toEqual(unavailable);
    now += 1000;
    expect(await keySet.find(kid)).toBeInstanceOf(CryptoKey);
  });
});

describe('fileKeySet', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'portolan-keys-'));
    path = join(directory, 'jwks.json');
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function replace(text: string): Promise<void> {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }

  it('reads the file again when it has changed', async () => {
    const [a, b] = await Promise.all([newKey(), newKey()]);
    const keySet = fileKeySet(path, report);
    await replace(JSON.stringify({ keys: [a.jwk] }));
    expect(await keySet.find(a.kid)).toBeInstanceOf(CryptoKey);
    await replace(JSON.stringify({ keys: [b.jwk] }));
    expect(await keySet.find(a.kid)).toBeUndefined();
    expect(await keySet.find(b.kid)).toBeInstanceOf(CryptoKey);
  });

  it('keeps its keys while the file is broken or gone', async () => {
    const { jwk, kid } = await newKey();
    await replace(JSON.stringify({ keys: [jwk] }));
    const reported: unknown[] = [];
    const keySet = fileKeySet(path, (error) => reported.push(error));
    await keySet.find(kid);
    await replace('{');
    expect(await keySet.find(kid)).toBeInstanceOf(CryptoKey);
    await keySet.find(kid);
    expect(reported).toHaveLength(1);
    await rm(path);
    expect(await keySet.find(kid)).toBeInstanceOf(CryptoKey);
  });

  it('says that it has no keys when there never was a file', async () => {
    const unavailable = expect.objectContaining({ code: 'keys-unavailable' });
    await expect(fileKeySet(path, report).find('x')).rejects.toEqual(unavailable);
  });
});
