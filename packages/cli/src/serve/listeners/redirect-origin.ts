// Where plain HTTP is sent to. A mirrored registry that was asked for by its virtual host must stay that:
// under `public_url` the same path is another repository. Any other Host is a client's word alone, and never
// comes into an answer (reference S21).
import { UpstreamHost } from '@portolan/oci';
import type { ServedHosts } from '@portolan/registry';

/** Never rejects. */
export type OriginFor = (host: string | undefined) => Promise<string>;

export interface OriginForDeps {
  readonly publicUrl: string;
  readonly served: ServedHosts;
  readonly report: (error: unknown) => void;
}

export function createOriginFor({ publicUrl, served, report }: OriginForDeps): OriginFor {
  const { protocol, hostname, port } = new URL(publicUrl);
  const ownPort = Number(port || (protocol === 'https:' ? 443 : 80));
  const suffix = `.${hostname}`;

  async function isVirtualHost(name: string): Promise<boolean> {
    // A stranger's names are not worth a look into the database.
    if (!name.endsWith(suffix)) return false;
    try {
      const found = await served.find(name, ownPort);
      if (found === undefined || found === 'own') return false;
      // One that is mirrored under that very name is not ours to send to.
      return found !== UpstreamHost.find(`${name}:${ownPort}`);
    } catch (error) {
      report(error);
      return false;
    }
  }

  return async (host = '') => {
    const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
    if (!(await isVirtualHost(name))) return publicUrl;
    return `${protocol}//${name}${port === '' ? '' : `:${port}`}`;
  };
}
