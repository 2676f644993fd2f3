// `pnpm bench tls`: what encryption costs. Reads by https, from the registry itself and through HAProxy with
// the file that is shipped, on docker-registry and on Portolan in turn.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCertificateFiles } from '../../support/certificate-files.ts';
import { dockerRegistry } from '../docker-registry.ts';
import { portolan } from '../portolan.ts';
import { MANIFEST, pushBlob, pushImage } from '../push.ts';
import type { Figure } from '../row.ts';
import type { Contender } from '../server.ts';
import { type Figures, formatTable } from '../table.ts';
import { wrk } from '../wrk.ts';
import {
  NAME,
  startDockerRegistry,
  startPortolan,
  type StartTls,
  type TlsFiles,
  type Way,
} from './contenders.ts';
import { type Haproxy, startHaproxy } from './haproxy.ts';

const REPOSITORY = 'admin/reads';
const SCOPE = `repository:${REPOSITORY}:pull,push`;
const SECONDS = 5;
const MIB = 2 ** 20;
const WAYS: readonly Way[] = ['own TLS', 'HAProxy'];

function figuresOf(way: Way): readonly [manifest: Figure, blob: Figure] {
  return [
    { name: `manifest GET by tag, ${way}`, unit: 'requests/s', better: 'more' },
    { name: `100 MiB blob GET, 8 connections, ${way}`, unit: 'MiB/s', better: 'more' },
  ];
}

const FIGURES = new Map(WAYS.map((way) => [way, figuresOf(way)]));

interface Run {
  readonly scratch: string;
  readonly files: TlsFiles;
  readonly figures: Figures;
}

/** Over plain HTTP. Returns the paths of what is read then. */
async function fill(contender: Contender, directory: string): Promise<readonly string[]> {
  const server = await contender.start(directory);
  try {
    const headers = await server.headers(SCOPE);
    await pushImage(server, REPOSITORY, headers, 'latest');
    const digest = await pushBlob(server, REPOSITORY, headers, { bytes: randomBytes(100 * MIB) });
    return ['manifests/latest', `blobs/${digest}`];
  } finally {
    await server.stop();
  }
}

/** Whoever answers 200: HAProxy asks its backend first, docker-registry is just starting. */
async function waitFor(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const sent = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const args = ['--silent', '--insecure', '--fail', '--retry', '30', '--retry-all-errors'];
  const wait = ['--retry-delay', '1', '--output', '/dev/null'];
  execFileSync('curl', [...args, ...wait, ...sent, url], { stdio: 'ignore' });
}

async function read(url: string, paths: readonly string[], token: Record<string, string>) {
  const [manifest = '', blob = ''] = paths.map((one) => `${url}/v2/${REPOSITORY}/${one}`);
  // wrk adds a Host of its own beside one that is written otherwise.
  const headers = { ...token, Host: NAME, accept: MANIFEST };
  await waitFor(manifest, headers);
  const few = { url: blob, headers, connections: 8 };
  const many = { url: manifest, headers, connections: 50 };
  await wrk({ ...many, seconds: 1 });
  const requests = (await wrk({ ...many, seconds: SECONDS })).requestsPerSecond;
  await wrk({ ...few, seconds: 1 });
  const bytes = (await wrk({ ...few, seconds: SECONDS })).bytesPerSecond;
  return [requests, bytes / MIB] as const;
}

interface Reading {
  readonly directory: string;
  readonly paths: readonly string[];
  readonly files: TlsFiles;
}

async function measureWay(start: StartTls, way: Way, { directory, paths, files }: Reading) {
  const server = await start(directory, way, files);
  let proxy: Haproxy | undefined;
  try {
    if (server.socket !== undefined) {
      const { socket, healthPath } = server;
      const target = { socket, healthPath, certificates: files.directory };
      proxy = await startHaproxy(path.dirname(socket), target);
    }
    const url = proxy?.url ?? server.url ?? '';
    return await read(url, paths, { ...(await server.headers(SCOPE)) });
  } finally {
    await proxy?.stop();
    await server.stop();
  }
}

async function measure(contender: Contender, start: StartTls, run: Run): Promise<void> {
  const { scratch, files, figures } = run;
  const directory = path.join(scratch, contender.name);
  mkdirSync(directory);
  const reading = { directory, files, paths: await fill(contender, directory) };
  for (const [way, rows] of FIGURES) {
    execFileSync('sync');
    const measured = await measureWay(start, way, reading);
    for (const [i, row] of rows.entries()) {
      const figure = measured[i] ?? 0;
      figures.set(row, { ...figures.get(row), [contender.name]: figure });
      console.error(`${contender.name}: ${row.name}: ${figure.toFixed(1)} ${row.unit}`);
    }
  }
}

function makeCertificates(scratch: string): TlsFiles {
  const { certificate, key } = createCertificateFiles(scratch);
  const directory = path.join(scratch, 'tls');
  mkdirSync(directory);
  const both = readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8');
  writeFileSync(path.join(directory, `${NAME}.pem`), both, { mode: 0o600 });
  return { certificate, key, directory };
}

export async function benchTls(): Promise<void> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'portolan-bench-'));
  const figures: Figures = new Map();
  const contenders = [dockerRegistry(), portolan()] as const;
  const starts = [startDockerRegistry, startPortolan] as const;
  try {
    const files = makeCertificates(scratch);
    await measure(contenders[0], starts[0], { scratch, files, figures });
    await measure(contenders[1], starts[1], { scratch, files, figures });
    console.log(formatTable(figures, contenders));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
