// The names that follow from where clients reach the server, settled once the real port is known.
import type { ListenAddress } from './listen-address.ts';
import type { ServeSettings } from './serve-settings.ts';

export interface PublicNames {
  readonly publicUrl: string;
  readonly issuer: string;
  readonly service: string;
  readonly realm: string;
}

/** Without a `public_url`, all addresses are on this machine, and the first is as good as any. */
export function settlePublicNames(
  settings: ServeSettings,
  [first]: readonly ListenAddress[],
): PublicNames {
  const port = first?.kind === 'tcp' ? `:${first.port}` : '';
  const publicUrl = settings.publicUrl ?? `http://localhost${port}`;
  return {
    publicUrl,
    issuer: settings.issuer ?? publicUrl,
    service: settings.service ?? new URL(publicUrl).host,
    realm: settings.realm ?? `${publicUrl}/token`,
  };
}
