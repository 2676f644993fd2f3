// A systemd drop-in that sends an engine through our CONNECT listener: every engine, every version,
// every registry. The registry itself is reached without it.
import { UpstreamHost } from '@portolan/oci';
import { refuse } from '../client-error.ts';
import { hostNameOf, type RegistryAddress } from '../registry-address.ts';
import {
  certificateFiles,
  type ClientConfig,
  type ConfigRequest,
  namedUpstreams,
} from './client-config.ts';

const PORT = 3128;
const CERTS = '/etc/docker/certs.d';
const OWN_CA = `${CERTS}/portolan-ca.crt`;

/** `Environment="NAME=value"`: systemd unescapes backslashes and expands `%`. */
function variable(name: string, value: string): string {
  const escaped = value.replaceAll(/[\\"]/g, String.raw`\$&`).replaceAll('%', '%%');
  return `Environment="${name}=${escaped}"`;
}

/** Where the CONNECT listener is. @throws DomainError `request-invalid` */
export function proxyAddress({
  proxy,
  registry,
}: Pick<ConfigRequest, 'proxy' | 'registry'>): string {
  const url = URL.parse(proxy ?? `http://${hostNameOf(registry)}:${PORT}`);
  if (url?.protocol === 'http:' && url.pathname === '/' && url.search === '') return url.origin;
  return refuse('the proxy is no http URL', 'use one such as http://registry.lan:3128');
}

/** Hosts that engines reach without the proxy, each with what is below it. */
export function hostsBesideProxy(registry: RegistryAddress): readonly string[] {
  return [...new Set([hostNameOf(registry), 'localhost', '127.0.0.1', '::1'])];
}

function unitOf({ unit = 'docker.service' }: ConfigRequest): string {
  if (/^[A-Za-z0-9:_.@-]+\.service$/.test(unit)) return unit;
  return refuse(`${unit} is no systemd service`, 'use a name such as docker.service');
}

/** dockerd has no directory for Docker Hub's certificates: it reads the system's store alone. */
function hubNotes(request: ConfigRequest): readonly string[] {
  if (request.ca === undefined || !namedUpstreams(request).includes(UpstreamHost.DOCKER_HUB)) {
    return [];
  }
  return [
    `For docker.io dockerd reads the system's store alone: cp ${OWN_CA} /usr/local/share/ca-certificates/portolan.crt && update-ca-certificates (Debian, Ubuntu), or cp ${OWN_CA} /etc/pki/ca-trust/source/anchors/ && update-ca-trust (Fedora, RHEL).`,
  ];
}

export function proxyConfig(request: ConfigRequest): ClientConfig {
  if (request.fails === 'open') {
    refuse(
      'whether a proxy lets other registries through is no setting of the engine',
      "it is one of the server's CONNECT listener; leave --fail-open out",
    );
  }
  const unit = unitOf(request);
  const exempt = hostsBesideProxy(request.registry).join(',');
  const upstreams = namedUpstreams(request).filter((host) => host !== UpstreamHost.DOCKER_HUB);
  return {
    files: [
      {
        path: `/etc/systemd/system/${unit}.d/50-portolan-proxy.conf`,
        text: `[Service]\n${variable('HTTPS_PROXY', proxyAddress(request))}\n${variable('NO_PROXY', exempt)}\n`,
      },
      ...certificateFiles(
        request,
        OWN_CA,
        ...[...upstreams, request.registry.host].map((host) => `${CERTS}/${host}/ca.crt`),
      ),
    ],
    reload: ['systemctl daemon-reload', `systemctl restart ${unit}`],
    notes: [
      ...hubNotes(request),
      'The server needs its CONNECT listener, which is off by default. What it does not mirror, it answers with 403.',
    ],
  };
}
