// Which hosts an upstream may send us and our credentials to (reliability S11): itself, and what the
// operator has listed. Everything else that an answer names is refused.
import { mirrorError } from '../errors.ts';
import { UpstreamHost } from '@portolan/oci';
import type { UpstreamSettings } from './upstream-settings.ts';

const DOCKER_HUB_API = 'https://registry-1.docker.io';
const DOCKER_HUB_REALM = 'auth.docker.io';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

export interface KnownHosts {
  /** Where credentials go: https, unless the registry itself is http. @throws MirrorError `egress-refused` */
  realm(text: string, base: URL): URL;
  /** A `Location` or `Link`, read against the answer's URL. @throws MirrorError `egress-refused` */
  continuation(text: string, answerUrl: URL, base: URL): URL;
}

/** Scheme and host of the endpoint; without a scheme the caller finds out which one it speaks. */
export function endpointOf(settings: UpstreamSettings): URL {
  const fallback =
    settings.host === UpstreamHost.DOCKER_HUB ? DOCKER_HUB_API : `https://${settings.host}`;
  const text = settings.endpoint ?? fallback;
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  const isBare = url !== null && url.username === '' && url.password === '';
  const isPlain = isBare && url.search === '' && url.hash === '';
  if (isPlain && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw mirrorError('request-invalid', 'endpoint is not an http or https URL', {
    host: settings.host,
    hint: 'use a URL such as https://registry.lan:5000, with the credentials apart',
  });
}

function portOf(url: URL): string {
  return url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? '') : url.port;
}

function hasDefaultPort(url: URL): boolean {
  return url.port === '';
}

/** `host` is meant with its default port, `host:port` exactly; `*.host` is every name below it. */
function matches(entry: string, url: URL): boolean {
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  const isPort = port === undefined ? hasDefaultPort(url) : portOf(url) === port;
  if (!isPort) return false;
  return name.startsWith('*.') ? url.hostname.endsWith(name.slice(1)) : url.hostname === name;
}

const MAX_SHOWN = 200;

function refused(what: string, host: string, shown: string) {
  const url = shown.slice(0, MAX_SHOWN);
  return mirrorError('egress-refused', `${host} names a ${what} elsewhere: ${url}`, {
    host,
    url,
    hint: 'list its host as allowed if you trust it',
  });
}

/** A registry on this machine may call itself by another of these names. */
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Another port of the same host may be somebody else's service; the default one is the host's own. */
function isOwn(url: URL, base: URL): boolean {
  const isSamePort = portOf(url) === portOf(base);
  if (url.hostname === base.hostname) return isSamePort || hasDefaultPort(url);
  return isSamePort && LOOPBACK.has(url.hostname) && LOOPBACK.has(base.hostname);
}

/** Nothing goes from https to http. */
export function isSecureEnough(url: URL, from: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && from.protocol === 'http:');
}

/** @param scrub hides what was sent in what is shown */
export function createKnownHosts(
  settings: UpstreamSettings,
  scrub: (text: string) => string,
): KnownHosts {
  const isListed = (url: URL) => settings.allowedHosts.some((entry) => matches(entry, url));
  const isHubRealm = (url: URL) =>
    settings.host === UpstreamHost.DOCKER_HUB &&
    url.hostname === DOCKER_HUB_REALM &&
    hasDefaultPort(url);

  return {
    realm(text, base) {
      const url = URL.parse(text);
      const isFine =
        url !== null &&
        url.username === '' &&
        isSecureEnough(url, base) &&
        (isOwn(url, base) || isHubRealm(url) || isListed(url));
      if (!isFine) throw refused('token service', base.host, scrub(text));
      return url;
    },
    continuation(text, answerUrl, base) {
      const url = URL.parse(text, answerUrl);
      if (url === null || url.username !== '') throw refused('place', base.host, scrub(text));
      const isOwnHost = url.hostname === base.hostname;
      // Registries behind a proxy that ends TLS often believe that they are http: same host, so ours.
      if (isOwnHost && base.protocol === 'https:' && url.protocol === 'http:') {
        return new URL(url.pathname + url.search, base);
      }
      if (url.origin === base.origin) return url;
      if (!isSecureEnough(url, base) || !isListed(url))
        throw refused('place', base.host, scrub(text));
      return url;
    },
  };
}
