import { describe, expect, it } from 'vitest';
import { createSentSecrets } from '../../src/client/sent-secrets.ts';

describe('what was sent', () => {
  it.each<[string, string, string]>([
    ['a password', 'correct horse', 'it is correct horse, no?'],
    ['a password in a query', 'correct horse', 'http://x/?p=correct%20horse'],
    ['a password in JSON', 'a"b\\cd', '"a\\"b\\\\cd"'],
    ['Basic without its scheme', 'Basic cm9ib3Q6cA==', 'got cm9ib3Q6cA=='],
    ['a token', 'Bearer eyJhbGciOi', 'eyJhbGciOi eyJhbGciOi'],
  ])('is hidden: %s', (_what, secret, text) => {
    const secrets = createSentSecrets();
    secrets.note(secret);
    expect(secrets.scrub(text)).toContain('[hidden]');
    expect(secrets.scrub(text)).not.toContain(secret.replace(/^(Basic|Bearer) /, ''));
  });

  it('takes no ordinary words apart', () => {
    const secrets = createSentSecrets();
    secrets.note('a');
    expect(secrets.scrub('a manifest')).toBe('a manifest');
    expect(createSentSecrets().scrub('a manifest')).toBe('a manifest');
  });

  it('is hidden as a whole, though a part of it is a secret as well', () => {
    const secrets = createSentSecrets();
    secrets.note('hunter');
    secrets.note('hunter2-token');
    expect(secrets.scrub('hunter2-token')).toBe('[hidden]');
  });

  it('is remembered while it is used, however many others come', () => {
    const secrets = createSentSecrets();
    secrets.note('password');
    for (let i = 0; i < 1000; i++) {
      secrets.note(`token-${i}`);
      if (i % 10 === 0) secrets.note('password');
    }
    expect(secrets.scrub('password')).toBe('[hidden]');
    expect(secrets.scrub('token-999')).toBe('[hidden]');
    expect(secrets.scrub('token-0 ')).toBe('token-0 ');
  });
});
