// `pnpm bench [words]` measures the registry, in the rows whose names have one of the words;
// `pnpm bench mirror` measures the mirror.
import { benchMirror } from './mirror/bench-mirror.ts';
import { benchRegistry } from './registry.ts';

const words = process.argv.slice(2);
await (words[0] === 'mirror' ? benchMirror() : benchRegistry(words));
