import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type PeerCertificate, type SecureContext } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createIssuedContexts, DAY_MS, findAuthority } from '../../src/index.ts';
import { openDirectories } from '../fixtures/directories.ts';

async function openIssued(permitted: readonly string[] = ['docker.io', 'quay.io']) {
  const directories = openDirectories();
  await directories.init(permitted);
  const { authority } = directories.directories;
  const issued = createIssuedContexts({ directory: authority, clock: directories.clock });
  return { ...directories, issued, authority };
}

/** What a client that trusts the authority sees. */
async function shown(
  secureContext: SecureContext,
  servername: string,
  ca: string,
): Promise<PeerCertificate> {
  const server = createServer({ SNICallback: (_name, done) => done(null, secureContext) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', servername, ca });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

describe('certificates issued on demand', () => {
  it.each(['docker.io', 'registry-1.docker.io', 'Quay.IO'])('are for %s alone', async (name) => {
    const { issued, authority, root } = await openIssued();
    const context = await issued.find(name);
    const ca = (await findAuthority(authority))?.pem ?? '';
    const certificate = await shown(context, name, ca);
    expect(certificate.subjectaltname).toBe(`DNS:${name.toLowerCase()}`);
    const days = (Date.parse(certificate.valid_to) - Date.now()) / DAY_MS;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThan(7.1);
    // In no file.
    expect(readdirSync(root)).toEqual(['ca']);
  });

  it('are made once, for all who ask at the same time', async () => {
    const { issued } = await openIssued();
    const all = await Promise.all(Array.from({ length: 8 }, () => issued.find('quay.io')));
    expect(new Set(all).size).toBe(1);
    expect(await issued.find('QUAY.io')).toBe(all[0]);
    expect(await issued.find('docker.io')).not.toBe(all[0]);
  });

  it('are renewed each day', async () => {
    const { issued, pass } = await openIssued();
    const first = await issued.find('quay.io');
    pass(DAY_MS - 1);
    expect(await issued.find('quay.io')).toBe(first);
    pass(1);
    expect(await issued.find('quay.io')).not.toBe(first);
  });

  it('are made anew by an authority that is new', async () => {
    const { issued, init, pass } = await openIssued();
    const first = await issued.find('quay.io');
    await init(['quay.io'], [], true);
    pass(1000);
    expect(await issued.find('quay.io')).not.toBe(first);
    await expect(issued.find('docker.io')).rejects.toMatchObject({ code: 'name-refused' });
  });

  it.each([
    ['gcr.io', 'name-refused'],
    ['docker.io.evil.test', 'name-refused'],
    ['10.0.0.1', 'name-refused'],
    ['[::1]', 'name-refused'],
    ['no_name', 'certificate-name-invalid'],
  ])('are not made for %s', async (name, code) => {
    const { issued } = await openIssued();
    await expect(issued.find(name)).rejects.toMatchObject({ code });
  });

  it('are not made without an authority, and are once there is one', async () => {
    const { directories, clock, init, pass } = openDirectories();
    const issued = createIssuedContexts({ directory: directories.authority, clock });
    await expect(issued.find('quay.io')).rejects.toMatchObject({ code: 'authority-unknown' });
    await init(['quay.io']);
    pass(1000);
    await expect(issued.find('quay.io')).resolves.toHaveProperty('context');
  });
});
