// Connections that pass through: bytes both ways as fast as the slower side takes them, an end of one side
// is passed on as such (RFC 9110 §9.3.6), and silence ends both.
import type { Socket } from 'node:net';

export interface Tunnels {
  /** False when there are as many as there may be. The place is free again when the client is gone. */
  take(client: Socket): boolean;
  /** What either has sent already is still in its socket. */
  join(client: Socket, upstream: Socket): void;
  /** Ends those where nothing moves, and after the grace all; new ones find no place. */
  readonly drain: (graceMs: number) => void;
}

export interface TunnelLimits {
  readonly maxTunnels: number;
  readonly idleMs: number;
}

/** While the server is being stopped. */
const DRAIN_IDLE_MS = 1000;

/** An error on one side ends the other at once; an ordinary end leaves it to send what it still has. */
function endTogether(one: Socket, other: Socket): void {
  one.on('error', () => other.destroy());
  one.once('close', (hadError: boolean) => {
    if (hadError || !one.readableEnded) other.destroy();
  });
}

export function createTunnels({ maxTunnels, idleMs }: TunnelLimits): Tunnels {
  const clients = new Set<Socket>();
  let isDraining = false;
  return {
    take(client) {
      if (isDraining || clients.size >= maxTunnels) return false;
      clients.add(client);
      client.once('close', () => clients.delete(client));
      return true;
    },
    join(client, upstream) {
      endTogether(client, upstream);
      endTogether(upstream, client);
      // Every byte moves through the client's socket, so its silence is that of both.
      client.setTimeout(isDraining ? DRAIN_IDLE_MS : idleMs, () => {
        client.destroy();
        upstream.destroy();
      });
      client.pipe(upstream);
      upstream.pipe(client);
    },
    drain(graceMs) {
      isDraining = true;
      for (const client of clients) client.setTimeout(DRAIN_IDLE_MS);
      const timer = setTimeout(() => {
        for (const client of clients) client.destroy();
      }, graceMs);
      timer.unref();
    },
  };
}
