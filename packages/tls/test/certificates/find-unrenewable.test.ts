import { expect, it } from 'vitest';
import { makeCertificate } from '../../../../test/support/openssl-certificate.ts';
import { findUnrenewable, importCertificate } from '../../src/index.ts';
import { openDirectories } from '../fixtures/directories.ts';

async function setUp() {
  const place = openDirectories();
  const { certificates } = place.directories;
  await place.init(['registry.lan', 'docker.io'], ['10.0.0.0/8']);
  await place.issue(['registry.lan', '*.registry.lan']);
  await place.issue(['docker.io', 'registry.lan', '10.0.0.1']);
  const replace = async (domains: readonly string[], networks: readonly string[]) =>
    findUnrenewable(await place.init(domains, networks, true), certificates, place.clock());
  return { ...place, replace };
}

it('finds nothing when the new authority may issue for all names', async () => {
  const { replace } = await setUp();
  expect(await replace(['registry.lan', 'docker.io'], ['10.0.0.1'])).toBeUndefined();
});

it('finds the names that are lacking, their files, and what would make an authority for all', async () => {
  const { replace } = await setUp();
  expect(await replace(['registry.lan'], [])).toEqual({
    files: ['docker.io.pem'],
    names: ['docker.io', '10.0.0.1'],
    options: '--name registry.lan --name docker.io --ip 10.0.0.1',
  });
});

it('leaves out what others renew', async () => {
  const { replace, directories, clock, pass } = await setUp();
  pass(60_000);
  const deps = { directory: directories.certificates, clock };
  const foreign = { commonName: 'x', subjectAltName: 'DNS:hub.corp', days: 90 };
  await importCertificate(deps, makeCertificate(foreign));
  expect((await replace(['registry.lan'], []))?.names).not.toContain('hub.corp');
});
