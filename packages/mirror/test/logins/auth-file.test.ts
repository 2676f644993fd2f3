// Logins out of auth.json and docker's config.json.
import { describe, expect, it } from 'vitest';
import { type AskHelper, findLogin, parseAuthFile } from '../../src/logins/auth-file.ts';
import { parseUpstreamName } from '../../src/names/upstream-name.ts';

const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
const basic = (username: string, password = 'p') => ({ kind: 'basic', username, password });
const token: AskHelper = async () => ({ username: '<token>', secret: 't' });
const noHelper: AskHelper = () => Promise.reject(new Error('no helper'));

function find(document: object, name: string, ask: AskHelper = noHelper) {
  return findLogin(
    parseAuthFile(JSON.stringify(document), 'auth.json'),
    parseUpstreamName(name),
    ask,
  );
}

describe('auth files', () => {
  it.each<[string, object, string, object | undefined]>([
    ['the host', { 'quay.io': auth('u:p') }, 'quay.io/a/b', basic('u')],
    ['the host in capitals', { 'Quay.IO': auth('u:p') }, 'quay.io/a', basic('u')],
    ['the host with a scheme', { 'https://quay.io': auth('u:p') }, 'quay.io/a', basic('u')],
    ['an endpoint', { 'https://quay.io/v2/': auth('u:p') }, 'quay.io/a', basic('u')],
    ['a port', { 'localhost:5000': auth('u:p') }, 'localhost:5000/a', basic('u')],
    [
      "docker's name of Docker Hub",
      { 'https://index.docker.io/v1/': auth('u:p') },
      'busybox',
      basic('u'),
    ],
    ['docker.io', { 'docker.io': auth('u:p') }, 'a/b', basic('u')],
    [
      'the longest part that fits',
      {
        'q.io': auth('u:p'),
        'q.io/a': auth('v:p'),
        'q.io/a/b/c': auth('w:p'),
        'q.io/ab': auth('x:p'),
      },
      'q.io/a/b',
      basic('v'),
    ],
    ['no other host', { 'quay.io': auth('u:p') }, 'quay.io.example/a', undefined],
    ['no part of a name', { 'q.io/a': auth('u:p') }, 'q.io/ab', undefined],
    ['a colon in the password', { 'q.io': auth('u:p:q') }, 'q.io/a', basic('u', 'p:q')],
    ['padding', { 'q.io': auth('u:p\0\0') }, 'q.io/a', basic('u')],
    ['username and password', { 'q.io': { username: 'u', password: 'p' } }, 'q.io/a', basic('u')],
    [
      'an identity token',
      { 'q.io': { ...auth('u:'), identitytoken: 't' } },
      'q.io/a',
      { kind: 'identity-token', token: 't' },
    ],
    ['nothing usable', { 'q.io': {} }, 'q.io/a', undefined],
    ['no colon', { 'q.io': auth('u') }, 'q.io/a', undefined],
    ['keys that are no registry', { '!': auth('u:p'), 'q.io': auth('v:p') }, 'q.io/a', basic('v')],
  ])('know %s', async (_what, auths, name, login) => {
    expect(await find({ auths, HttpHeaders: {} }, name)).toEqual(login);
  });

  it.each<[string, object, string, string[]]>([
    ['of one registry', { credHelpers: { 'q.io': 'one' } }, 'q.io/a', ['one', 'q.io']],
    ['of all', { credsStore: 'all' }, 'q.io/a', ['all', 'q.io']],
    ['for Docker Hub', { credsStore: 'all' }, 'a', ['all', 'https://index.docker.io/v1/']],
    [
      'of one before that of all',
      { credHelpers: { 'q.io': 'one' }, credsStore: 'all' },
      'q.io/a',
      ['one', 'q.io'],
    ],
  ])('ask the helper %s', async (_what, document, name, expected) => {
    const asked: string[][] = [];
    const ask: AskHelper = async (...args) => {
      asked.push(args);
      return { username: 'u', secret: 'p' };
    };
    expect(await find(document, name, ask)).toEqual(basic('u'));
    expect(asked).toEqual([expected]);
  });

  it('take a helper’s token, and go on where it knows nothing', async () => {
    const document = { credsStore: 's', auths: { 'q.io': auth('u:p') } };
    expect(await find(document, 'q.io/a', token)).toEqual({ kind: 'identity-token', token: 't' });
    expect(await find(document, 'q.io/a', async () => undefined)).toEqual(basic('u'));
  });

  it.each(['', '[]', '{"auths":{"q.io":{"auth":"c2VjcmV0",}}}', '{"auths":{"q.io":"c2VjcmV0"}}'])(
    'are refused when they are none, without a word of what is in them: %s',
    (text) => {
      let thrown: unknown;
      try {
        parseAuthFile(text, '/a/auth.json');
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'request-invalid' });
      expect(JSON.stringify([thrown, String(thrown)])).not.toContain('c2VjcmV0');
    },
  );
});
