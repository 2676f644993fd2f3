// Directories of single registries beside `_default`: ours of an earlier run come along, those of others are
// told of.
import { describe, expect, it } from 'vitest';
import { CA, files, judged, type Wanted } from '../request.ts';

const ROOT = '/etc/containerd/certs.d';
const OPEN = { fails: 'open' } as const;

/** The text that an earlier run wrote for one registry. */
function earlier(wanted: Wanted): string {
  return files('containerd', { ns: 'quay.io', ...wanted })[`${ROOT}/quay.io/hosts.toml`] ?? '';
}

function judge(text: string | undefined, wanted: Wanted = {}, name = 'quay.io') {
  const directory = `${ROOT}/${name}`;
  const there = text === undefined ? {} : { [`${directory}/hosts.toml`]: text };
  return judged('containerd', { [directory]: undefined, ...there }, wanted);
}

describe('a file of an earlier run', () => {
  it.each<[string, Wanted, Wanted]>([
    ['fail-open becomes fail-closed', OPEN, {}],
    ['fail-closed becomes fail-open', {}, OPEN],
    ['fail-open gets the certificate too', OPEN, { ca: CA }],
    ['fail-open with a certificate', { ...OPEN, ca: CA }, { ca: CA }],
    ['what is right already stays what it is', { ca: CA }, { ca: CA }],
  ])('%s', (_title, before, wanted) => {
    expect(judge(earlier(before), wanted)).toEqual({
      files: [{ path: `${ROOT}/quay.io/hosts.toml`, text: earlier(wanted) }],
      warnings: [],
    });
  });

  it('is left alone when registries are named', () => {
    expect(judge(earlier(OPEN), { ns: 'docker.io' })).toEqual({ files: [], warnings: [] });
  });

  it('is one of a registry with a port too', () => {
    const { files: given } = judge(earlier(OPEN), {}, 'host.lan_5000_');
    expect(given.map(({ path }) => path)).toEqual([`${ROOT}/host.lan_5000_/hosts.toml`]);
  });
});

const HOST = '[host."https://registry.lan"]\n';
const OURS = `server = "https://registry.lan"\n${HOST}`;

describe('what makes a registry fail-open beside a file for all', () => {
  it.each([
    ['a directory without a file', undefined, 'has no hosts.toml'],
    ['an empty file', '', 'has no hosts.toml'],
    ['no TOML', '[', 'is no TOML'],
    ['no server', `${HOST}skip_verify = true`, 'has no "server"'],
    ['no host', 'server = "https://registry.lan"', 'has no [host] table'],
    ['another server', `server = "https://quay.io"\n${HOST}`, 'leads to https://quay.io'],
    ['another host', `${OURS}[host."https://a.lan"]\n`, 'leads to https://a.lan'],
    ['a server that is none', `server = 1\n${HOST}`, 'leads to nowhere'],
  ])('%s is told', (_title, text, reason) => {
    const { files: given, warnings } = judge(text);
    expect(given).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(reason)]);
    expect(warnings[0]).toMatch(/^quay\.io is not fail-closed: .* Replace it with --ns quay\.io/);
  });

  it('names the registry as it is typed', () => {
    expect(judge('', {}, 'host.lan_5000_').warnings[0]).toContain('--ns host.lan:5000');
  });

  it.each<[string, string | undefined, Wanted, string]>([
    ['what leads here by hand', `${OURS}client = ["a"]`, {}, 'quay.io'],
    ['a path of ours', OURS.replaceAll('.lan', '.lan/v2/quay.io'), {}, 'quay.io'],
    ['the directory of ours, for its certificate', undefined, {}, 'registry.lan'],
    ['that of a name below ours', undefined, {}, 'docker-io.registry.lan'],
    ['a name that no image has', undefined, {}, 'old-files'],
    ['the one for all', 'server = "https://quay.io"', {}, '_default'],
    ['anything when it is fail-open', undefined, OPEN, 'quay.io'],
    ['anything when registries are named', undefined, { ns: 'docker.io' }, 'quay.io'],
  ])('but not %s', (_title, text, wanted, name) => {
    expect(judge(text, wanted, name)).toEqual({ files: [], warnings: [] });
  });

  it('is looked for below the directory of docker 29 too', () => {
    const root = '/etc/docker/certs.d';
    const there = { [`${root}/portolan-ca.crt`]: CA, [`${root}/quay.io`]: undefined };
    expect(judged('docker', there, { version: '29.0.0' }).warnings).toHaveLength(1);
    expect(judged('docker', there, { version: '28.0.0' }).warnings).toEqual([]);
  });

  it('is none of what docker 28 had from us', () => {
    const before = files('docker', { version: '28.0.0', ca: CA });
    const there = Object.entries(before).flatMap(([path, text]) => [
      [path.slice(0, path.lastIndexOf('/')), undefined],
      [path, text],
    ]);
    const { warnings } = judged('docker', Object.fromEntries(there), { version: '29.0.0', ca: CA });
    expect(Object.keys(before)).toContain('/etc/docker/certs.d/docker-io.registry.lan/ca.crt');
    expect(warnings).toEqual([]);
  });

  it('is what another registry has below our name', () => {
    expect(judge(undefined, {}, 'hub.registry.lan').warnings).toHaveLength(1);
  });
});
