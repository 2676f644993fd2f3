// Certificates for registries out of directories.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readCertificates } from '../../src/commands/registry-certificates.ts';

async function makeTree(...files: string[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'portolan-certs-'));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const file of files) {
    await mkdir(join(root, dirname(file)), { recursive: true });
    await writeFile(join(root, file), file);
  }
  return root;
}

it('reads every certificate of the named directory', async () => {
  const root = await makeTree('c/b.crt', 'c/a.crt', 'c/readme.txt', 'quay.io/x.crt');
  expect(await readCertificates('quay.io', join(root, 'c'), [root])).toBe('c/a.crt\nc/b.crt');
});

it("finds a registry's own directory, the first that has one", async () => {
  const root = await makeTree('one/quay.io/a.txt', 'two/quay.io/b.crt', 'two/r.lan:5000/c.crt');
  const directories = [join(root, 'none'), join(root, 'one'), join(root, 'two')];
  expect(await readCertificates('quay.io', undefined, directories)).toBe('two/quay.io/b.crt');
  expect(await readCertificates('r.lan:5000', undefined, directories)).toBe('two/r.lan:5000/c.crt');
  expect(await readCertificates('r.lan', undefined, directories)).toBeUndefined();
});

it('refuses a named directory that is not there, and client certificates', async () => {
  const root = await makeTree('c/client.cert', 'c/client.key');
  for (const directory of ['absent', 'c']) {
    await expect(readCertificates('quay.io', join(root, directory), [])).rejects.toMatchObject({
      code: 'request-invalid',
    });
  }
});
