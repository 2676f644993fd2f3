// Hosts that can only be this machine: nothing between us and them has to be trusted.

/** `host[:port]` of this machine, by any of its names. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}
