// A systemd drop-in that sends an engine through our CONNECT listener: every engine, every version,
// every registry. The registry itself is reached without it.
import { refuse } from '../client-error.ts';
import { hostNameOf, type RegistryAddress } from '../registry-address.ts';
import type { ClientConfig, ConfigRequest } from './client-config.ts';
import { otherProxies } from './other-proxies.ts';
import { proxyTrust } from './proxy-trust.ts';

const PORT = 3128;
const DROP_IN = '50-portolan-proxy.conf';

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
  const { username = '', password = '' } = url ?? {};
  // First, so that no message repeats them.
  if (username !== '' || password !== '') {
    return refuse("the proxy's address has credentials in it", 'leave them out: it asks for none');
  }
  const { pathname, search, hash } = url ?? {};
  const hasMore = pathname !== '/' || search !== '' || hash !== '';
  if (url?.protocol === 'http:' && !hasMore) return url.origin;
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

export function proxyConfig(request: ConfigRequest): ClientConfig {
  if (request.fails === 'open') {
    refuse(
      'whether a proxy lets other registries through is no setting of the engine',
      "it is one of the server's CONNECT listener; leave --fail-open out",
    );
  }
  const unit = unitOf(request);
  const address = proxyAddress(request);
  const exempt = hostsBesideProxy(request.registry);
  const trust = proxyTrust(request, unit);
  return {
    files: [
      {
        path: `/etc/systemd/system/${unit}.d/${DROP_IN}`,
        text: `[Service]\n${variable('HTTPS_PROXY', address)}\n${variable('NO_PROXY', exempt.join(','))}\n`,
      },
      ...trust.files,
    ],
    surroundings: otherProxies(request, { unit, file: DROP_IN, address, exempt }),
    reload: ['systemctl daemon-reload', `systemctl restart ${unit}`],
    notes: [
      ...trust.notes,
      'The server needs its CONNECT listener, which is off by default. What it does not mirror, it answers with 403.',
    ],
  };
}
