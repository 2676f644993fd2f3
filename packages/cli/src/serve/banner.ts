// What a person sees on stdout when everything accepts connections: the addresses, and what to type
// for a first push. Programs wait for its first line.
import { ListenAddress } from '../config/listen-address.ts';
import type { PublicNames } from '../config/public-names.ts';
import type { ServeRole } from '../config/serve-settings.ts';
import { ADMINISTRATOR, type Administrator } from './administrator.ts';

export interface BundleFacts {
  /** Blobs that its images need and that it does not hold: it was made for a registry that has them. */
  readonly leftOut: number;
}

export interface BannerFacts {
  readonly role: ServeRole;
  readonly addresses: readonly ListenAddress[];
  readonly names: PublicNames;
  readonly dataDirectory: string;
  /** `dataDirectory` is a bundle, which anybody may pull from. */
  readonly bundle: BundleFacts | undefined;
  /** Undefined where there are no accounts: the registry alone, and a bundle. */
  readonly administrator: Administrator | undefined;
}

function accountLines({ generatedPassword, passwordFile }: Administrator): string[] {
  if (generatedPassword !== undefined) {
    return [
      `  Administrator  ${ADMINISTRATOR}`,
      `  Password       ${generatedPassword}`,
      `                 Shown this once. It is also in ${passwordFile ?? ''}`,
    ];
  }
  const place = passwordFile === undefined ? '' : `, first password in ${passwordFile}`;
  return [`  Administrator  ${ADMINISTRATOR}${place}`];
}

/** A word of a shell command, quoted when it must be. */
function word(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function loginLine(client: string, host: string, flags: string, file: string | undefined): string {
  const login = `${client} login${flags} --username ${ADMINISTRATOR}`;
  return file === undefined
    ? `${login} ${host}`
    : `${login} --password-stdin ${host} < ${word(file)}`;
}

/** docker speaks plain HTTP to loopback only, unless its daemon is told. */
function dockerNeeds({ host, hostname, protocol }: URL): string {
  const isAllowed = protocol !== 'http:' || /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
  return isAllowed ? '' : `, once its daemon.json has "insecure-registries": ["${host}"]`;
}

function pushLines({ names, administrator }: BannerFacts): string[] {
  const url = new URL(names.publicUrl);
  const { host, protocol } = url;
  const image = `${host}/${ADMINISTRATOR}/busybox`;
  const flags = protocol === 'http:' ? ' --tls-verify=false' : '';
  const file = administrator?.passwordFile;
  return [
    `Push and pull with docker${dockerNeeds(url)}:`,
    '',
    `  ${loginLine('docker', host, '', file)}`,
    '  docker pull busybox',
    `  docker tag busybox ${image}`,
    `  docker push ${image}`,
    `  docker pull ${image}`,
    '',
    'or with podman:',
    '',
    `  ${loginLine('podman', host, flags, file)}`,
    '  podman pull docker.io/library/busybox',
    `  podman push${flags} docker.io/library/busybox ${image}`,
    `  podman pull${flags} ${image}`,
  ];
}

function bundleLines({ leftOut }: BundleFacts): string[] {
  const lines = ['', 'Anybody may pull; nobody may push.'];
  if (leftOut === 0) return lines;
  const [blobs, are] = leftOut === 1 ? ['1 blob', 'is'] : [`${leftOut} blobs`, 'are'];
  return [
    ...lines,
    `This bundle holds a difference: ${blobs} of its images ${are} not in it. Images that need them`,
    'cannot be pulled from here; import it where the rest is.',
  ];
}

export function banner(facts: BannerFacts): string {
  const { role, addresses, names, dataDirectory, bundle, administrator } = facts;
  const [first = '', ...others] = addresses.map(ListenAddress.format);
  const lines = [
    `Portolan is listening on ${first}`,
    ...others.map((other) => `                 and on ${other}`),
  ];
  if (role === 'all') {
    lines.push(
      '',
      `  Address        ${names.publicUrl}`,
      `  ${bundle !== undefined ? 'Bundle' : 'Data  '}         ${dataDirectory}`,
    );
  }
  if (administrator !== undefined) lines.push(...accountLines(administrator));
  if (role === 'all' && administrator?.isNew === true) lines.push('', ...pushLines(facts));
  else if (bundle !== undefined) lines.push(...bundleLines(bundle));
  else if (role === 'all') lines.push('', `How to log in, push and pull: ${names.publicUrl}/`);
  if (role === 'all') lines.push('', 'Stop with Ctrl-C.');
  return `${lines.join('\n')}\n`;
}
