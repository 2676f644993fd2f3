// What is refused whatever the engine is.
import { expect, it } from 'vitest';
import { CONFIG_ENGINES } from '../../src/index.ts';
import { config } from '../request.ts';

it.each(CONFIG_ENGINES)('%s is not given the registry as a mirror of itself', (engine) => {
  expect(() => config(engine, { ns: 'docker.io,registry.lan' })).toThrow(
    'registry.lan is this registry itself',
  );
});

it.each([
  ['https://registry.lan:443', 'registry.lan'],
  ['http://registry.lan', 'registry.lan:80'],
  ['https://registry.lan:8443', 'registry.lan:8443'],
])('%s is %s', (registry, ns) => {
  expect(() => config('podman', { registry, ns })).toThrow(/is this registry itself/);
});

it('another port of the same machine is another registry', () => {
  expect(() => config('podman', { ns: 'registry.lan:5000' })).not.toThrow();
});
