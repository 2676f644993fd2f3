// Every setting there is: its key in the YAML file, what it may be, its default and what it is for.
// The environment's name follows from the key: `storage.disk_floor` is PORTOLAN_STORAGE_DISK_FLOOR.
// Beside them there are `<key>_file` for secrets, and PORTOLAN_CONFIG (given-settings.ts).
import { z } from 'zod';
import { metricsAddress } from './metrics-address.ts';
import {
  choice,
  hostNameList,
  trueOrFalse,
  listenList,
  networkList,
  passList,
  serviceList,
  origin,
  size,
  text,
  httpUrl,
  wholeNumber,
} from './setting-kinds.ts';

export interface Setting<Value = unknown> {
  readonly schema: z.ZodType<Value>;
  /** As it would be written; without one, `rule` says what holds instead. */
  readonly fallback?: string;
  readonly rule?: string;
  readonly about: string;
  /** Can also be given as the name of a file, with `_file` after the key. */
  readonly isSecret?: true;
}

function setting<Value>(schema: z.ZodType<Value>, rest: Omit<Setting, 'schema'>): Setting<Value> {
  return { schema, ...rest };
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const DAY_SECONDS = 86_400;

const SERVER = {
  data_dir: setting(text(), {
    fallback: './data',
    about: 'The directory that holds everything: blobs, database, keys.',
  }),
  listen: setting(listenList(), {
    fallback: '127.0.0.1:5000',
    about:
      'Where to listen, one or more: `host:port`, `[IPv6 address]:port` (port 0 takes a free one), `unix:/absolute/path` or `systemd:NAME`; more below.',
  }),
  public_url: setting(origin(), {
    rule: '`http://localhost:PORT` on a loopback address, otherwise required',
    about: 'The address under which clients reach this server.',
  }),
  workers: setting(wholeNumber(1, 1024), {
    rule: 'the number of cores',
    about: 'Processes that answer requests. 1 does everything in one process.',
  }),
  max_connections: setting(wholeNumber(1), {
    fallback: '10000',
    about: 'Connections that one process holds at the same time; more are closed at once.',
  }),
  shutdown_grace_seconds: setting(wholeNumber(0, 3600), {
    fallback: '30',
    about: 'How long requests may go on after SIGTERM.',
  }),
  log_level: setting(choice(LOG_LEVELS), {
    rule: '`info`; `warn` on a terminal',
    about: `One of ${LOG_LEVELS.join(', ')}.`,
  }),
  access_log: setting(trueOrFalse(), {
    fallback: 'false',
    about: 'Whether each request to the registry is logged.',
  }),
  trusted_proxies: setting(networkList(), {
    fallback: '',
    about:
      'Addresses of the proxies in front, such as `10.0.0.5` or `10.0.0.0/8`: `X-Forwarded-For` and `X-Forwarded-Proto` count only from them and from unix sockets. Failed logins slow down the address that they come from; without it that is everybody behind the proxy.',
  }),
  admin_password: setting(text(), {
    rule: 'generated on the first start',
    about: 'The first password of the user `admin`; without effect once that user exists.',
    isSecret: true,
  }),
} as const;

const TOKEN = {
  'token.issuer': setting(text(), {
    rule: '`public_url`',
    about: 'The `iss` of every token.',
  }),
  'token.service': setting(text(), {
    rule: 'the host of `public_url`',
    about: 'The name of this registry: the `service` of its challenges, the `aud` of its tokens.',
  }),
  'token.other_services': setting(serviceList(), {
    fallback: '',
    about:
      'Names of other registries that the token service issues tokens for. `NAME=libtrust` for docker-registry 2.8 and others that know their key by a certificate.',
  }),
  'token.ttl_seconds': setting(wholeNumber(60, 3600), {
    fallback: '300',
    about: 'How long a token holds.',
  }),
} as const;

const POLICY = {
  'policy.push': setting(choice(['allow-teams', 'allow-personal', 'admin-only']), {
    fallback: 'allow-teams',
    about:
      'Who may push: contributors and owners of a team and everybody to their own namespace (`allow-teams`), the latter alone (`allow-personal`), or administrators alone (`admin-only`).',
  }),
  'policy.delete': setting(trueOrFalse(), {
    fallback: 'true',
    about: 'Whether anybody may delete.',
  }),
  'policy.contributors_may_delete': setting(trueOrFalse(), {
    fallback: 'false',
    about: 'Whether contributors of a team may delete, as its owners may.',
  }),
  'policy.anonymous': setting(trueOrFalse(), {
    fallback: 'true',
    about: 'Whether public namespaces can be pulled without logging in.',
  }),
} as const;

const STORAGE = {
  'storage.disk_floor': setting(size(), {
    fallback: '512MiB',
    about: 'Uploads are refused when less than this would stay free.',
  }),
  'storage.lease_seconds': setting(wholeNumber(1), {
    fallback: String(DAY_SECONDS),
    about: 'How long something pushed is kept without a tag or manifest that refers to it.',
  }),
  'storage.upload_idle_seconds': setting(wholeNumber(1), {
    fallback: String(DAY_SECONDS),
    about: 'An upload without progress for this long is removed.',
  }),
  'storage.collect_every_seconds': setting(wholeNumber(1, DAY_SECONDS), {
    fallback: '60',
    about: 'How often what is no longer needed is looked for.',
  }),
} as const;

const REGISTRY = {
  'registry.realm': setting(httpUrl(), {
    rule: '`public_url` with `/token`',
    about: 'Where clients get tokens.',
  }),
  'registry.jwks': setting(text(), {
    rule: 'the keys in the data directory',
    about:
      'File or URL of the keys of somebody else’s token service. Only for `portolan serve registry`.',
  }),
} as const;

const METRICS = {
  'metrics.listen': setting(metricsAddress(), {
    rule: 'no metrics',
    about:
      'Where Prometheus gets `/metrics`: a port, then from this machine alone, or `host:port`. Whoever reaches it may read it.',
  }),
} as const;

const TLS = {
  'tls.certificates': setting(text(), {
    rule: '`tls` in the data directory',
    about:
      'The directory of the certificates of `https` listeners: `NAME.pem` with chain and key, or `NAME.crt` and `NAME.key`. Changes are seen without a restart.',
  }),
  'tls.acme_directory': setting(httpUrl(), {
    rule: 'no ACME server',
    about:
      'URL of the directory of an ACME server that issues a certificate for `tls.acme_names`, and renews it. It comes by plain HTTP, to port 80 of each name, for its challenge.',
  }),
  'tls.acme_names': setting(hostNameList(), {
    fallback: '',
    about: 'The DNS names of that certificate. No wildcards: HTTP cannot prove them.',
  }),
  'tls.acme_email': setting(text(), {
    rule: 'none is told',
    about: 'Whom the ACME server writes to.',
  }),
  'tls.acme_ca': setting(text(), {
    rule: 'the authorities that Node knows',
    about: 'File with the certificate of the authority of the ACME server itself, for one inside.',
  }),
  'tls.impersonate': setting(trueOrFalse(), {
    fallback: 'false',
    about:
      'Whether `https` listeners show clients that ask for a mirrored registry a certificate for it, issued by the built-in authority as far as that may (`portolan ca init --impersonate`). For networks whose DNS leads its name here.',
  }),
} as const;

const CONNECT = {
  'connect.pass_through': setting(passList(), {
    fallback: '',
    about:
      'Hosts that a `connect` listener connects clients to although they are not mirrored: `HOST[:PORT]`, or `*.DOMAIN` for one label below it. Only to addresses that the mirror may go to.',
  }),
} as const;

const MIRROR = {
  'mirror.allowed_networks': setting(networkList(), {
    fallback: '',
    about:
      'Networks of your own that the mirror may connect to, such as `10.0.0.0/8,fd00::/8`. Without them it goes to public addresses alone, whatever an upstream’s name or redirect says.',
  }),
} as const;

export const SETTINGS = {
  ...SERVER,
  ...TOKEN,
  ...POLICY,
  ...STORAGE,
  ...REGISTRY,
  ...TLS,
  ...CONNECT,
  ...MIRROR,
  ...METRICS,
} as const;

export type SettingKey = keyof typeof SETTINGS;

/** The settled value of each key; undefined where nothing was given and there is no default. */
export type SettingValues = {
  readonly [Key in SettingKey]: z.output<(typeof SETTINGS)[Key]['schema']> | undefined;
};

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

/** `storage.disk_floor` is PORTOLAN_STORAGE_DISK_FLOOR. */
export function variableOf(key: string): string {
  return `PORTOLAN_${key.replaceAll('.', '_').toUpperCase()}`;
}
