// Extension discovery (distribution-spec, extensions/_oci.md). There is none here but discovery.
import { replyJson } from '../reply.ts';
import type { Handler, RegistryRequest } from '../request.ts';

const EXTENSIONS = [
  {
    name: '_oci',
    url: 'https://github.com/opencontainers/distribution-spec/blob/main/extensions/_oci.md',
    description: 'Lists the extensions of this registry',
    endpoints: ['_oci/ext/discover'],
  },
];

export function discoverExtensions(): Handler<RegistryRequest> {
  return async (ctx) => replyJson(ctx, 200, { extensions: EXTENSIONS });
}
