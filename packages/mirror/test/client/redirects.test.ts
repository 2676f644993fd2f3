// Where a redirect may lead, hop by hop.
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/client/answer.ts';
import { followRedirects } from '../../src/client/redirects.ts';
import type { Exchange } from '../../src/client/transport.ts';

const signal = new AbortController().signal;

async function* nothing(): AsyncGenerator<Uint8Array> {}

function answerOf(url: URL, location: string | undefined): Answer {
  return {
    status: location === undefined ? 200 : 307,
    url,
    header: (name) => (name === 'location' ? location : undefined),
    body: nothing(),
    bytes: async () => Buffer.alloc(0),
    discard: () => undefined,
    scrub: String,
  };
}

/** Each place sends on to the next one; the exchanges that it came to. */
function chain(...places: readonly string[]) {
  const seen: Exchange[] = [];
  const transport = {
    async exchange(exchange: Exchange): Promise<Answer> {
      seen.push(exchange);
      return answerOf(exchange.url, places[seen.length]);
    },
    close: async () => undefined,
  };
  const url = new URL(places[0] ?? '');
  const request = {
    method: 'GET',
    url,
    base: url,
    authorization: 'Bearer t',
    headers: {},
  } as const;
  return { seen, followed: followRedirects({ ...request, signal }, transport, 5) };
}

describe('redirects', () => {
  it('are followed from http to https, with credentials for the registry alone', async () => {
    const { seen, followed } = chain(
      'http://r.lan/a',
      'https://cdn.example/b',
      'https://x.example/',
    );
    expect((await followed).status).toBe(200);
    expect(seen.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer t',
      undefined,
      undefined,
    ]);
  });

  it.each([
    [['https://r.example/a', 'http://r.example/a']],
    [['https://r.example/a', 'https://cdn.example/b', 'http://cdn.example/b']],
    [['http://r.lan/a', 'https://cdn.example/b', 'http://cdn.example/b']],
  ])('never lead from https to http: %j', async (places) => {
    const { seen, followed } = chain(...places);
    await expect(followed).rejects.toMatchObject({ code: 'egress-refused' });
    expect(seen).toHaveLength(places.length - 1);
  });
});
