import { createPublicKey, X509Certificate } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCommands } from './command-fixture.ts';

/** With one key that signs and one that is next. */
async function openRotated() {
  const commands = await openCommands();
  const first = await commands.run('key rotate --now');
  const next = await commands.run('key rotate');
  const kids = [first.record?.['kid'], next.record?.['kid']].map(String);
  return { ...commands, kids };
}

it('key list tells which key signs and which is next', async () => {
  const { run, kids } = await openRotated();
  const { rows, columns } = await run('key list');
  expect(rows?.map(({ kid, state }) => [kid, state])).toEqual([
    [kids[0], 'signing'],
    [kids[1], 'next'],
  ]);
  expect(columns).toEqual(['kid', 'state', 'activates', 'retires']);
});

it('key rotate --now ends every other key', async () => {
  const { run, dataDirectory } = await openRotated();
  const { record, notes } = await run('key rotate --now');
  expect(record?.['state']).toBe('signing');
  expect(notes.join(' ')).toContain('Tokens already issued end now');
  expect((await run('key list')).rows?.map(({ kid }) => kid)).toEqual([record?.['kid']]);
  expect(await readdir(join(dataDirectory, 'keys'))).toEqual([`${String(record?.['kid'])}.pem`]);
});

it('key show prints the key that signs, without its private half', async () => {
  const { run, kids } = await openRotated();
  const jwk = JSON.parse((await run('key show')).text) as Record<string, unknown>;
  expect(jwk).toMatchObject({ kid: kids[0], kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
  expect(jwk).not.toHaveProperty('d');
});

it('key show --format jwks prints every published key', async () => {
  const { run, kids } = await openRotated();
  const { keys } = JSON.parse((await run('key show --format jwks')).text) as {
    keys: { kid: string }[];
  };
  expect(keys.map(({ kid }) => kid)).toEqual(kids);
});

it('key show prints one key in the form that was asked for', async () => {
  const { run, kids } = await openRotated();
  const pem = createPublicKey((await run(`key show ${kids[1]} --format pem`)).text);
  const { text } = await run(`key show ${kids[1]} --format certificate`);
  expect(new X509Certificate(text).publicKey.equals(pem)).toBe(true);
});

it('key show --format certificate prints a bundle of every published key', async () => {
  const { run } = await openRotated();
  const { text } = await run('key show --format certificate');
  expect(text.match(/-----BEGIN CERTIFICATE-----/g)).toHaveLength(2);
});

it.each([
  ['key show no-such-key', 'not-found'],
  ['key show ../../etc/passwd --format certificate', 'not-found'],
  ['key show --format der', 'commander.invalidArgument'],
])('%s is refused with %s', async (line, code) => {
  const { run } = await openRotated();
  await expect(run(line)).rejects.toMatchObject({ code });
});
