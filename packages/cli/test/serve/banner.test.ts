// What the banner says of a bundle that is served.
import { expect, it } from 'vitest';
import { banner } from '../../src/serve/banner.ts';

const names = {
  publicUrl: 'http://localhost:5000',
  issuer: 'http://localhost:5000',
  service: 'localhost:5000',
  realm: 'http://localhost:5000/token',
};

function bannerOf(leftOut: number): string {
  const bundle = { leftOut };
  const facts = { role: 'all', addresses: [], names, dataDirectory: '/media/usb', bundle } as const;
  return banner({ ...facts, administrator: undefined });
}

it('says that a bundle lacks what was left out of it, before somebody pulls in vain', () => {
  expect(bannerOf(1)).toContain('1 blob of its images is not in it');
  expect(bannerOf(12)).toContain('12 blobs of its images are not in it');
});

it('says nothing of it where a bundle holds all that its images need', () => {
  expect(bannerOf(0)).toContain('Anybody may pull');
  expect(bannerOf(0)).not.toContain('not in it');
});
