import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../src/signing/certificate.ts';
import { libtrustKeyId } from '../../src/signing/libtrust-key-id.ts';
import { publicJwkOf, publicKeyPem } from '../../src/signing/public-key.ts';

const CREATED = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('certificate', () => {
  it('is one that others read, of the same key, signed by it', () => {
    for (let i = 0; i < 20; i++) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const pem = selfSignedCertificate(privateKey, { kid: 'the-kid', createdAt: CREATED });
      const certificate = new X509Certificate(pem);
      expect(certificate.publicKey.equals(publicKey)).toBe(true);
      expect(certificate.verify(publicKey)).toBe(true);
      expect(certificate.subject).toBe('CN=portolan the-kid');
      expect(certificate.issuer).toBe(certificate.subject);
      expect(certificate.ca).toBe(true);
      expect(certificate.validFromDate.getTime()).toBe(CREATED);
      expect(certificate.validToDate.toISOString()).toBe('2046-01-02T03:04:05.000Z');
    }
  });

  it('writes years from 2050 on in the other form of time', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const createdAt = Date.UTC(2040, 1, 29);
    const pem = selfSignedCertificate(privateKey, { kid: 'k', createdAt });
    expect(new X509Certificate(pem).validToDate.toISOString()).toBe('2060-02-29T00:00:00.000Z');
  });
});

describe('libtrust key id', () => {
  it('is twelve groups of the key`s fingerprint', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keyId = libtrustKeyId({ publicJwk: publicJwkOf(privateKey) });
    expect(keyId).toMatch(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
    // The first five bytes are the first eight characters.
    const der = publicKey.export({ type: 'spki', format: 'der' });
    const head = createHash('sha256').update(der).digest().readUIntBE(0, 5);
    const text = keyId.replaceAll(':', '').slice(0, 8);
    const digits = Array.from(text, (c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c));
    const value = digits.reduce((sum, digit) => sum * 32 + digit, 0);
    expect(value).toBe(head);
  });
});

describe('public key', () => {
  it('is the same as PEM', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = publicKeyPem({ publicJwk: publicJwkOf(privateKey) });
    expect(createPublicKey(pem).equals(publicKey)).toBe(true);
    expect(publicJwkOf(privateKey)).not.toHaveProperty('d');
  });
});
