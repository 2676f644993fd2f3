// THE table of checks, in the order in which they are shown. docs/troubleshooting.md names them.
import type { Check } from './check.ts';
import { administrators, firstPassword } from './checks/accounts.ts';
import { certificates } from './checks/certificates.ts';
import { dataDirectory, fileSystem, freeSpace } from './checks/data-directory.ts';
import { connect } from './checks/connect.ts';
import { database } from './checks/database.ts';
import { diskSpeed } from './checks/disk-speed.ts';
import { dns, virtualHosts } from './checks/dns.ts';
import { keys } from './checks/keys.ts';
import { mirrorRuns, upstreams } from './checks/mirror.ts';
import { fileLimit, running, workers } from './checks/process.ts';
import { bodyLimit, forwardedFor, host, streaming } from './checks/proxy.ts';
import { pushCheck } from './checks/push.ts';
import { clock, redirect, tcp } from './checks/reach.ts';
import { name, settingsCheck, unsafeSettings } from './checks/settings.ts';
import { tls, virtualHostTls } from './checks/tls.ts';
import { anonymous, token } from './checks/token.ts';

export const CHECKS: readonly Check[] = [
  settingsCheck,
  unsafeSettings,
  name,
  dataDirectory,
  freeSpace,
  fileSystem,
  database,
  keys,
  diskSpeed,
  administrators,
  firstPassword,
  fileLimit,
  workers,
  running,
  upstreams,
  mirrorRuns,
  dns,
  virtualHosts,
  tcp,
  tls,
  virtualHostTls,
  certificates,
  redirect,
  connect,
  clock,
  bodyLimit,
  streaming,
  host,
  forwardedFor,
  token,
  anonymous,
  pushCheck,
];
