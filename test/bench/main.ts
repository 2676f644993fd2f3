// `pnpm bench [words]` measures the registry, in the rows whose names have one of the words;
// `pnpm bench mirror` measures the mirror, `pnpm bench tls` reads by https.
import { benchMirror } from './mirror/bench-mirror.ts';
import { benchRegistry } from './registry.ts';
import { benchTls } from './tls/bench-tls.ts';

const words = process.argv.slice(2);
const others: Readonly<Record<string, () => Promise<void>>> = {
  mirror: benchMirror,
  tls: benchTls,
};
await (others[words[0] ?? '']?.() ?? benchRegistry(words));
