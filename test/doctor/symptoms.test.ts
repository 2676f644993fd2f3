// What docs/troubleshooting.md says that clients say, held against the clients; and its last column against
// the table of checks.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../../packages/cli/src/doctor/check-table.ts';
import { findCommandBlocks } from '../docs/command-blocks.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DockerEngine, type DockerUser, startDockerEngine } from '../support/docker-engine.ts';
import { makeCertificate } from '../support/openssl-certificate.ts';
import { type CommandResult, runCommand, words } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { type Portolan, runPortolan, startPortolan } from '../support/start-portolan.ts';

const TEXT = readFileSync(resolve(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8');

/** Of the checks that find several things. */
const PARTS = ['location', 'pull', 'encoding', 'head', 'range', 'delete'];

function rows(): string[][] {
  return TEXT.split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| what is seen'))
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '')));
}

describe('docs/troubleshooting.md', () => {
  test('has each symptom with a cause and something to do', () => {
    expect(rows().length).toBeGreaterThan(40);
    for (const row of rows()) expect(row, row.join(' | ')).toHaveLength(4);
  });

  test('names checks that there are', () => {
    const known = new Set([...CHECKS.map(({ name }) => name), ...PARTS]);
    const named = rows().flatMap((row) =>
      [...(row[3] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(40);
  });
});

const WRONG = 'wrong password';

describeWith(
  { packages: ['docker.io', 'skopeo', 'podman'], root: true },
  'what clients say',
  () => {
    let scratch: ScratchDirectory;
    let portolan: Portolan;
    let engine: DockerEngine;
    let admin: DockerUser;
    let nobody: DockerUser;
    const servers: Server[] = [];

    async function listen(server: Server): Promise<string> {
      servers.push(server);
      await new Promise<void>((done) => {
        server.listen(0, '127.0.0.1', done);
      });
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    async function answering(listener: RequestListener): Promise<string> {
      return await listen(createServer(listener));
    }

    async function withCertificate(name: string): Promise<string> {
      const { certificate: cert, key } = makeCertificate({ commonName: 'x', subjectAltName: name });
      writeFileSync(join(scratch.path, 'ca.crt'), cert);
      return await listen(createTlsServer({ key, cert }, (_, response) => response.end()));
    }

    async function skopeo(line: string): Promise<CommandResult> {
      return await runCommand('/usr/bin/skopeo', words(line), { env: { HOME: scratch.path } });
    }

    async function podman(line: string, input: string): Promise<CommandResult> {
      const store = ['--root', join(scratch.path, 'p'), '--runroot', join(scratch.path, 'r')];
      const args = [...store, '--storage-driver', 'vfs', ...words(line)];
      return await runCommand('/usr/bin/podman', args, { input, env: { HOME: scratch.path } });
    }

    beforeAll(async () => {
      scratch = await createScratchDirectory('says');
      portolan = await startPortolan({ workers: 1 });
      engine = await startDockerEngine();
      admin = await engine.user('admin');
      nobody = await engine.user('nobody');
      await engine.importImage(`${portolan.host}/admin/app:1`);
      await admin.login(portolan.host, 'admin', portolan.adminPassword);
      const pushed = await admin.docker(`push ${portolan.host}/admin/app:1`);
      expect(pushed.code, pushed.output).toBe(0);
    });

    afterAll(async () => {
      for (const server of servers) server.close();
      await engine?.stop();
      await portolan?.stop();
      await scratch?.remove();
    });

    const SAYINGS: readonly (readonly [string, () => Promise<CommandResult>])[] = [
      ['no such host', () => admin.docker('pull registry.invalid/a/b:1')],
      ['connect: connection refused', () => admin.docker('pull 127.0.0.1:1/a/b:1')],
      [
        'http: server gave HTTP response to HTTPS client',
        () => skopeo(`inspect docker://${portolan.host}/admin/app:1`),
      ],
      [
        "error unmarshalling content: invalid character '<' looking for beginning of value",
        async () =>
          admin.docker(
            `pull ${await answering((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'))}/a/b:1`,
          ),
      ],
      [
        'received unexpected HTTP status: 502 Bad Gateway',
        async () =>
          admin.docker(
            `pull ${await answering((_, response) => response.writeHead(502).end())}/a/b:1`,
          ),
      ],
      [
        'invalid status code from registry 502 (Bad Gateway)',
        async () =>
          skopeo(
            `inspect --tls-verify=false docker://${await answering((_, response) => response.writeHead(502).end())}/a:1`,
          ),
      ],
      [
        'x509: certificate signed by unknown authority',
        async () => skopeo(`inspect docker://${await withCertificate('IP:127.0.0.1')}/a:1`),
      ],
      [
        "because it doesn't contain any IP SANs",
        async () =>
          skopeo(
            `inspect --cert-dir ${scratch.path} docker://${await withCertificate('DNS:registry.lan')}/a:1`,
          ),
      ],
      [
        'x509: certificate is valid for registry.lan, not',
        async () => {
          const host = (await withCertificate('DNS:registry.lan')).replace(
            '127.0.0.1',
            'localhost',
          );
          return skopeo(`inspect --cert-dir ${scratch.path} docker://${host}/a:1`);
        },
      ],
      [
        'unauthorized: incorrect user name or password',
        () => nobody.login(portolan.host, 'admin', WRONG),
      ],
      [
        'invalid username/password',
        () =>
          podman(
            `login --tls-verify=false --username admin --password-stdin ${portolan.host}`,
            WRONG,
          ),
      ],
      [
        'denied: requested access to the resource is denied',
        () => nobody.docker(`push ${portolan.host}/admin/app:1`),
      ],
      [
        'unauthorized: the token does not grant pull',
        () => skopeo(`inspect --tls-verify=false docker://${portolan.host}/admin/app:1`),
      ],
      [
        'unauthorized: the token does not grant push; nobody may push to a mirror',
        async () => {
          await portolan.cli('mirror', 'add', 'quay.example/app');
          const [tls, login] = ['tls-verify=false', `creds admin:${portolan.adminPassword}`];
          const options = `--src-${tls} --dest-${tls} --src-${login} --dest-${login}`;
          const [from, to] = ['admin', 'quay.example'].map(
            (name) => `${portolan.host}/${name}/app:1`,
          );
          return skopeo(`copy ${options} docker://${from} docker://${to}`);
        },
      ],
      [
        'denied: requested access to the resource is denied',
        async () => {
          const inMirror = `${portolan.host}/quay.example/app:1`;
          await admin.docker(`tag ${portolan.host}/admin/app:1 ${inMirror}`);
          return admin.docker(`push ${inMirror}`);
        },
      ],
      [
        "repository does not exist or may require 'docker login'",
        () => nobody.docker(`pull ${portolan.host}/admin/app:1`),
      ],
      [
        'no basic auth credentials',
        async () => {
          const host = await answering((_, response) => {
            response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
          });
          return nobody.docker(`pull ${host}/a/b:1`);
        },
      ],
      ['manifest unknown', () => admin.docker(`pull ${portolan.host}/admin/app:none`)],
      ['did not resolve to an alias', () => podman('pull registry/app:1', '')],
      [
        'toomanyrequests: too many failed logins',
        async () => {
          for (const attempt of ['1', '2', '3', '4', '5'])
            await nobody.login(portolan.host, 'admin', WRONG + attempt);
          return nobody.login(portolan.host, 'admin', 'again');
        },
      ],
    ];

    test.each(findCommandBlocks(TEXT))('the command block `$name`', async ({ script }) => {
      const [ca, password] = [join(scratch.path, 'ca.crt'), join(scratch.path, 'password')];
      const url = `http://localhost:${portolan.port}`;
      await withCertificate('IP:127.0.0.1');
      writeFileSync(password, portolan.adminPassword);
      const line = script
        .replace('https://registry.lan', url)
        .replace('ca.crt', ca)
        .replace('alice', 'admin')
        .replace('file password', `file ${password}`);
      const [command, ...args] = words(line.trim());
      expect(command).toBe('portolan');
      const env = { PORTOLAN_LISTEN: portolan.host, PORTOLAN_PUBLIC_URL: url };
      const { code, stdout } = await runPortolan(args, { dataDir: portolan.dataDir, more: env });
      expect(code, stdout).toBe(0);
      expect(stdout).toMatch(/^ok push: /m);
    });

    test.each(SAYINGS)('%s', async (saying, provoke) => {
      const { code, output } = await provoke();
      expect(code).not.toBe(0);
      expect(output.replaceAll('\\"', '"')).toContain(saying);
      expect(TEXT).toContain(saying);
    });
  },
);
