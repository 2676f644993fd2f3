// `portolan client config`, as far as it is not the text of the files.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../../test/support/openssl-certificate.ts';
import { openCommands } from './command-fixture.ts';

const LAN = '--registry https://registry.lan';

const pemOf = (name: string): string => makeCertificate({ commonName: name }).certificate;

async function withNamespaces(...names: string[]) {
  const commands = await openCommands();
  for (const name of names) await commands.run(`namespace create ${name}`);
  return commands;
}

describe('client config', () => {
  it('prints each file under its path, and what is to be done on the side', async () => {
    const { run } = await openCommands();
    const { text, notes } = await run(`client config crio ${LAN}`);
    expect(text).toBe(`==> /etc/containers/registries.conf.d/50-portolan.conf <==
[[registry]]
prefix = "docker.io"
location = "registry.lan/docker.io"
`);
    expect(notes.at(-1)).toBe('Then: systemctl reload crio');
  });

  it('is for the registries that have namespaces here', async () => {
    const { run } = await withNamespaces('quay.io', 'host.lan_5000', 'team-a');
    const { text } = await run(`client config podman ${LAN}`);
    expect(text.match(/prefix = .*/g)).toEqual(['prefix = "host.lan:5000"', 'prefix = "quay.io"']);
  });

  it('is for those that are named', async () => {
    const { run } = await withNamespaces('quay.io');
    const { text } = await run(`client config podman ${LAN} --ns ghcr.io,index.docker.io`);
    expect(text.match(/prefix = .*/g)).toEqual(['prefix = "ghcr.io"', 'prefix = "docker.io"']);
  });

  it('needs no data directory, and makes none', async () => {
    const { run, dataDirectory } = await openCommands();
    await run(`client config podman ${LAN}`);
    expect(await readdir(dataDirectory)).toEqual([]);
  });

  it('takes the public URL where no registry is named, and refuses to guess', async () => {
    const { run } = await openCommands();
    const environment = { PORTOLAN_PUBLIC_URL: 'https://public.lan' };
    const { text } = await run('client config podman', { environment });
    expect(text).toContain('public.lan/docker.io');
    await expect(run('client config podman')).rejects.toMatchObject({ code: 'request-invalid' });
  });

  it.each(['library', 'a b', 'docker.io/library', ''])('refuses %j as a registry', async (ns) => {
    const { run } = await openCommands();
    await expect(run(`client config podman ${LAN} --ns`, { more: [ns] })).rejects.toMatchObject({
      code: 'request-invalid',
    });
  });

  it('refuses fail-open and fail-closed together', async () => {
    const { run } = await openCommands();
    await expect(run(`client config podman ${LAN} --fail-open --fail-closed`)).rejects.toThrow(
      /cannot be used with/,
    );
  });

  it('installs, tells what it has done, and does nothing the second time', async () => {
    const { run, dataDirectory } = await openCommands();
    const root = join(dataDirectory, 'machine');
    await mkdir(join(root, 'etc/docker'), { recursive: true });
    const file = join(root, 'etc/docker/daemon.json');
    await writeFile(file, '{"log-driver":"journald"}');
    const line = `client config docker ${LAN} --install ${root}`;
    const first = await run(line);
    expect(first.rows).toMatchObject([{ action: 'merged', path: file }]);
    expect(first.notes.at(-1)).toBe('Now: systemctl reload docker');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      'log-driver': 'journald',
      'registry-mirrors': ['https://docker-io.registry.lan'],
    });
    const second = await run(line);
    expect(second.rows).toMatchObject([{ action: 'unchanged', backup: undefined }]);
    expect(second.notes.join('\n')).not.toContain('systemctl');
  });

  it('warns of what others configured there, and installs all the same', async () => {
    const { run, dataDirectory } = await openCommands();
    const root = join(dataDirectory, 'machine');
    await mkdir(join(root, 'etc/containerd/certs.d/quay.io'), { recursive: true });
    const line = `client config containerd ${LAN} --install ${root}`;
    const { rows, notes } = await run(line);
    expect(rows).toMatchObject([{ action: 'written' }]);
    const warning = expect.stringMatching(/^warning: quay\.io is not fail-closed: /);
    expect(notes).toContainEqual(warning);
    expect((await run(line)).notes).toContainEqual(warning);
    const printed = (await run(`client config containerd ${LAN}`)).notes.join('\n');
    expect(printed).toContain('--install');
  });
});

describe('as a tar', () => {
  it('has the files as root gets them, and no directory', async () => {
    const { run, dataDirectory } = await openCommands();
    const file = join(dataDirectory, 'authority.crt');
    await writeFile(file, pemOf('own'));
    const { bytes, text } = await run(`client config podman ${LAN} --ca ${file} --tar`);
    expect(text).toBe('');
    const archive = join(dataDirectory, 'node.tar');
    await writeFile(archive, bytes);
    const list = execFileSync('tar', ['-tvf', archive], { encoding: 'utf8' });
    expect(list.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^-rw-r--r-- root\/root .* etc\/containers\/certs\.d\/registry\.lan\/ca\.crt$/,
      ),
      expect.stringMatching(
        /^-rw-r--r-- root\/root .* etc\/containers\/registries\.conf\.d\/50-portolan\.conf$/,
      ),
    ]);
    const unpacked = join(dataDirectory, 'machine');
    await mkdir(unpacked);
    execFileSync('tar', ['-C', unpacked, '--no-same-owner', '-xf', archive]);
    const certificate = join(unpacked, 'etc/containers/certs.d/registry.lan/ca.crt');
    expect(await readFile(certificate, 'utf8')).toBe(await readFile(file, 'utf8'));
  });

  it('holds a path of any length', async () => {
    const { run, dataDirectory } = await openCommands();
    const host = `${'a'.repeat(60)}.${'b'.repeat(60)}.lan`;
    const { bytes } = await run(`client config containerd ${LAN} --ns ${host} --tar`);
    const archive = join(dataDirectory, 'node.tar');
    await writeFile(archive, bytes);
    const list = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' });
    expect(list).toContain(`etc/containerd/certs.d/${host}/hosts.toml`);
  });

  it('says what is to be merged by hand and what to do then, and is not installed at once', async () => {
    const { run } = await openCommands();
    const { notes } = await run(`client config docker ${LAN} --tar`);
    expect(notes[0]).toBe(
      'Where /etc/docker/daemon.json is there already, merge this one by hand.',
    );
    expect(notes.at(-1)).toBe('Unpack it, then: systemctl reload docker');
    await expect(run(`client config docker ${LAN} --tar --install /tmp`)).rejects.toThrow(
      /cannot be used with/,
    );
  });
});

describe('the certificate', () => {
  it('is asked for where no authority is known and the registry speaks TLS', async () => {
    const { run, dataDirectory } = await openCommands();
    const asking = async (line: string): Promise<boolean> => {
      const { notes } = await run(line);
      const text = notes.join('\n');
      return text.includes('--ca FILE') && text.includes('http://registry.lan/ca.crt');
    };
    const line = 'client config proxy --ns quay.io';
    expect(await asking(`${line} --registry https://registry.lan:8443`)).toBe(true);
    const root = join(dataDirectory, 'machine');
    expect(await asking(`${line} --registry https://registry.lan --install ${root}`)).toBe(true);
    expect(await asking(`${line} --registry https://registry.lan --tar`)).toBe(true);
    expect(await asking(`${line} --registry http://registry.lan`)).toBe(false);
    const file = join(dataDirectory, 'authority.crt');
    await writeFile(file, pemOf('own'));
    expect(await asking(`${line} --registry https://registry.lan --ca ${file}`)).toBe(false);
  });

  it('is that of the authority in the data directory, unless another is named', async () => {
    const { run, dataDirectory } = await openCommands();
    const [own, other] = [pemOf('own'), pemOf('other')];
    await mkdir(join(dataDirectory, 'ca'), { recursive: true });
    await writeFile(join(dataDirectory, 'ca/ca.crt'), own);
    expect((await run(`client config containerd ${LAN}`)).text).toContain(own);
    const file = join(dataDirectory, 'other.crt');
    await writeFile(file, other);
    const { text } = await run(`client config containerd ${LAN} --ca ${file}`);
    expect(text).toContain(other);
    expect(text).not.toContain(own);
    // Plain HTTP needs none.
    const plain = await run('client config containerd --registry http://registry.lan');
    expect(plain.text).not.toContain('ca.crt');
  });

  it('is also that of the authority before, while a certificate hangs on it', async () => {
    const { run } = await openCommands();
    await run('ca init --name registry.lan');
    const { text: old } = await run('ca bundle');
    await run('ca issue registry.lan');
    await run('ca init --name registry.lan --force-new');
    const { text: both } = await run('ca bundle');
    expect(both).toContain(old);
    expect((await run(`client config podman ${LAN}`)).text).toContain(both);
    await run('ca renew --force');
    expect((await run(`client config podman ${LAN}`)).text).not.toContain(old);
  });

  it.each([
    ['what is none', ''],
    ['a private key beside it', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
  ])('is refused for %s', async (_, key) => {
    const { run, dataDirectory } = await openCommands();
    const file = join(dataDirectory, 'given.pem');
    await writeFile(file, key === '' ? 'no certificate' : pemOf('x') + key);
    const line = `client config containerd ${LAN} --ca ${file}`;
    await expect(run(line)).rejects.toMatchObject({ code: 'request-invalid' });
    await rm(file);
    await expect(run(line)).rejects.toThrow(/cannot read/);
  });
});
