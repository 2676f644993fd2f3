// The CONNECT listener, as engines with HTTPS_PROXY use it: whether it answers, and whether there is a
// certificate for each registry that it stands in for.
import { reasonOf } from '@portolan/oci';
import { openTunnel, tunnelTarget } from '../../connection/connect-tunnel.ts';
import { askableAddresses, placeOf } from '../../connection/server-health.ts';
import { ListenAddress } from '../../config/listen-address.ts';
import { findUncoveredRegistries } from '../../serve/connect/uncovered-registries.ts';
import { type Check, fail, type Finding, ok, onData, skipped, warn } from '../check.ts';
import type { OpenMachine } from '../machine.ts';

const WITHIN_MS = 4000;

async function judgeListener(address: ListenAddress, publicUrl: string): Promise<Finding> {
  const where = ListenAddress.format(address);
  const own = new URL(publicUrl);
  const target = tunnelTarget(own);
  try {
    const request = { proxy: placeOf(address), target, timeoutMs: WITHIN_MS };
    const answer = await openTunnel(request);
    if (answer.isOpen) {
      answer.socket.destroy();
      return ok(`${where} connects to ${target}`);
    }
    const { status, reason } = answer;
    // Our own name may be beside it, and nobody wants TLS for one that speaks plain HTTP.
    if (status === 403 || (status === 503 && own.protocol === 'http:')) {
      return ok(`${where} answers ${status} ${reason}`);
    }
    return fail(`${where} answers CONNECT ${target} with ${status} ${reason}`, {
      meaning: 'engines with this proxy in HTTPS_PROXY do not reach the registry',
      remedy:
        status === 503
          ? `\`portolan ca issue ${own.hostname}\``
          : 'see which server listens there, and what its log says',
    });
  } catch (error) {
    return fail(`nobody answers CONNECT at ${where}: ${reasonOf(error)}`, {
      meaning: 'engines with this proxy in HTTPS_PROXY reach nothing, the internet included',
      remedy:
        "the server is not running, or not with these settings: see `journalctl -u 'portolan*'`",
    });
  }
}

async function judgeRegistries({ settings, names, storage }: OpenMachine): Promise<Finding[]> {
  const { publicUrl } = names;
  const uncovered = await findUncoveredRegistries({ settings, publicUrl, views: storage.views });
  if (uncovered === undefined) return [];
  return [
    warn(`there is no certificate for ${uncovered.registries.join(', ')}`, {
      meaning: 'engines that pull through the proxy get 503 for it, though it is mirrored here',
      remedy: `\`${uncovered.command}\`, then \`portolan ca renew --force\`, and let clients trust it: \`portolan ca trust\``,
    }),
  ];
}

export const connect: Check = onData({
  name: 'connect',
  topic: 'network',
  async run(machine) {
    const { listen } = machine.settings;
    if (!listen.some(({ scheme }) => scheme === 'connect')) {
      return skipped('there is no `connect` listener');
    }
    const [address] = askableAddresses(listen, ['connect']);
    const [listener, lacking] = await Promise.all([
      address === undefined
        ? skipped('its socket is systemd’s, or wants a PROXY header')
        : judgeListener(address, machine.names.publicUrl),
      judgeRegistries(machine),
    ]);
    const isWell = listener.verdict === 'ok' || listener.verdict === 'skipped';
    return lacking.length > 0 && isWell ? lacking : [listener, ...lacking];
  },
});
