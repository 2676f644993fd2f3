// skopeo sync's command lines, in both of its spellings, and what is refused of them with a reason.
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addSyncCommand, type SyncCommandOptions } from '../../src/commands/sync-options.ts';
import { readSyncRequest, type SyncRequest } from '../../src/commands/sync-request.ts';

const MACHINE = { os: 'linux', architecture: 'amd64' };

async function read(line: string): Promise<SyncRequest> {
  const program = new Command('portolan').exitOverride();
  program.configureOutput({ writeErr: () => undefined });
  const sync = addSyncCommand(program);
  let request: SyncRequest | undefined;
  sync.action(() => {
    request = readSyncRequest(sync.optsWithGlobals<SyncCommandOptions>(), sync.args, MACHINE);
  });
  await program.parseAsync(line.split(' '), { from: 'user' });
  if (request === undefined) throw new Error('the command did not run');
  return request;
}

const TO_STICK = 'sync --src docker --dest dir';
const TO_REGISTRY = 'sync --src docker --dest docker';
const basic = (username: string, password: string) => ({ kind: 'basic', username, password });

describe('the command line of sync', () => {
  it("is skopeo's", async () => {
    expect(await read(`${TO_STICK} registry.example.com/busybox /media/usb`)).toEqual({
      source: { kind: 'docker', text: 'registry.example.com/busybox' },
      destination: { kind: 'dir', root: '/media/usb' },
      access: {
        src: {
          credentials: undefined,
          isAnonymous: false,
          authFile: undefined,
          certDirectory: undefined,
          verifiesTls: undefined,
        },
        dest: expect.any(Object),
      },
      isScoped: false,
      suffix: '',
      platform: { os: 'linux', architecture: 'amd64', variant: undefined },
      format: undefined,
      keepsGoing: false,
      isDryRun: false,
      retryTimes: 0,
      retryDelayMs: undefined,
      timeoutMs: undefined,
      digestFile: undefined,
      allowedHosts: [],
    });
  });

  it.each<[string, object]>([
    [`${TO_REGISTRY} -a a/b r.lan/x`, { platform: undefined }],
    ['sync -s docker -d docker --all=true a/b r.lan', { platform: undefined }],
    [`${TO_REGISTRY} --all=false a/b r.lan`, { platform: { architecture: 'amd64' } }],
    [
      `--override-arch arm64 --override-os=linux ${TO_REGISTRY} --override-variant v8 a r.lan`,
      { platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    ],
    [
      `${TO_REGISTRY} --scoped --keep-going --dry-run --append-suffix -x a r.lan`,
      { isScoped: true, keepsGoing: true, isDryRun: true, suffix: '-x' },
    ],
    [
      `${TO_REGISTRY} --src-tls-verify a/b --dest-tls-verify=false r.lan`,
      { access: { src: { verifiesTls: true }, dest: { verifiesTls: false } } },
    ],
    [
      `${TO_REGISTRY} --tls-verify=0 --dest-tls-verify=T a r.lan`,
      { access: { src: { verifiesTls: false }, dest: { verifiesTls: true } } },
    ],
    [
      `${TO_REGISTRY} --src-creds u:p:q --dest-creds v a r.lan`,
      {
        access: { src: { credentials: basic('u', 'p:q') }, dest: { credentials: basic('v', '') } },
      },
    ],
    [`${TO_REGISTRY} --dcreds=u:p a r.lan`, { access: { dest: { credentials: basic('u', 'p') } } }],
    [
      `${TO_REGISTRY} --src-username u --src-password p --dest-registry-token t a r.lan`,
      {
        access: {
          src: { credentials: basic('u', 'p') },
          dest: { credentials: { kind: 'registry-token', token: 't' } },
        },
      },
    ],
    [
      `${TO_REGISTRY} --src-no-creds --authfile /a --dest-authfile /b --src-cert-dir /c a r.lan`,
      {
        access: {
          src: { isAnonymous: true, authFile: '/a', certDirectory: '/c' },
          dest: { isAnonymous: false, authFile: '/b' },
        },
      },
    ],
    [
      `--command-timeout 1h30m --insecure-policy ${TO_REGISTRY} --retry-times 3 --retry-delay=5s a r.lan`,
      { timeoutMs: 5_400_000, retryTimes: 3, retryDelayMs: 5000 },
    ],
    [`${TO_REGISTRY} --format v2s2 --digestfile /d a r.lan`, { format: 'v2s2', digestFile: '/d' }],
    [`${TO_REGISTRY} --remove-signatures --preserve-digests -f oci a r.lan`, { format: 'oci' }],
    [
      `${TO_REGISTRY} --allow-host a.lan --allow-host b.lan a r.lan`,
      { allowedHosts: ['a.lan', 'b.lan'] },
    ],
    [
      'sync --src yaml --dest docker images.yml r.lan/',
      { source: { kind: 'yaml' }, destination: { kind: 'docker', prefix: 'r.lan' } },
    ],
    [
      'sync --source docker://docker.io/busybox:musl --dest-creds flavio:password docker://registry.kube.lan',
      {
        source: { kind: 'docker', text: 'docker.io/busybox:musl' },
        destination: { kind: 'docker', prefix: 'registry.kube.lan' },
        isScoped: true,
        access: { dest: { credentials: basic('flavio', 'password') } },
      },
    ],
    [
      'sync --source docker://quay.io/coreos/etcd dir:/media/usb-disk/mirrored-images',
      { destination: { kind: 'dir', root: '/media/usb-disk/mirrored-images' }, isScoped: true },
    ],
    [
      'sync --source dir:/media/usb-disk/mirrored-images --dest-creds=username:password docker://registry.secure.lan',
      { source: { kind: 'dir', text: '/media/usb-disk/mirrored-images' } },
    ],
    [
      'sync --source-file /etc/images.yml docker://r.lan',
      { source: { kind: 'yaml', text: '/etc/images.yml' } },
    ],
    ['sync --source docker://a --scoped=false docker://r.lan', { isScoped: false }],
  ])('reads %s', async (line, expected) => {
    expect(await read(line)).toMatchObject(expected);
  });

  it.each<[string, RegExp]>([
    ['sync a b', /--src and --dest/],
    [`${TO_REGISTRY} a`, /one SOURCE and one DESTINATION/],
    ['sync --src oci --dest docker a b', /docker, dir or yaml, not 'oci'/],
    ['sync --src docker --dest yaml a b', /docker or dir, not 'yaml'/],
    ['sync --src dir --dest dir /a /b', /from dir to dir/],
    [`${TO_REGISTRY} a https://r.lan`, /scheme/],
    [`${TO_REGISTRY} a r.lan/Upper`, /malformed/],
    [`${TO_REGISTRY} --src-creds u:p --src-no-creds a r.lan`, /several credentials/],
    [`${TO_REGISTRY} --src-creds u:p --src-registry-token t a r.lan`, /several credentials/],
    [`${TO_REGISTRY} --src-creds :p a r.lan`, /no user name/],
    [`${TO_REGISTRY} --src-username u a r.lan`, /belong together/],
    [`${TO_REGISTRY} --format v2s1 a r.lan`, /schema 1/],
    [`${TO_REGISTRY} --format zip a r.lan`, /oci or v2s2/],
    [`${TO_REGISTRY} --retry-times many a r.lan`, /no count/],
    [`${TO_REGISTRY} --retry-delay 5 a r.lan`, /duration/],
    [`${TO_REGISTRY} --preserve-digests=false a r.lan`, /byte for byte/],
    [`${TO_REGISTRY} --sign-by x a r.lan`, /--sign-by: .*no signatures/],
    [`--policy /p ${TO_REGISTRY} a r.lan`, /--policy: /],
    [`--registries.d /p ${TO_REGISTRY} a r.lan`, /--registries\.d: /],
    [`--registries-conf /p ${TO_REGISTRY} a r.lan`, /--registries-conf: /],
    ['sync --source docker://a --src docker docker://r.lan', /neither --src nor --dest/],
    ['sync --source docker://a --source-file f docker://r.lan', /one of --source/],
    ['sync --source docker://a r.lan', /DESTINATION begins/],
    ['sync --source a docker://r.lan', /--source begins/],
    ['sync --source docker://a docker://r.lan more', /one DESTINATION/],
  ])('refuses %s', async (line, message) => {
    await expect(read(line)).rejects.toMatchObject({
      code: 'request-invalid',
      message: expect.stringMatching(message),
    });
  });
});
