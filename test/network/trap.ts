// Stands at an address for all the registries of the world, and writes down who was dialled: one line for
// each connection, with the name in its TLS handshake. It never answers.
// Run inside a machine: `node trap.ts ADDRESS FILE`.
import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

const [address = '', file = ''] = process.argv.slice(2);
// Two characters at least: random bytes of a handshake look like a shorter name now and then.
const NAME = /(?:[a-z0-9-]{2,}\.)+[a-z]{2,}/;

for (const port of [80, 443]) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    // The name is sent as it is: in a ClientHello, or in a request by plain HTTP.
    socket.once('data', (bytes) => {
      const name = NAME.exec(bytes.toString('latin1').replace(/^[A-Z]+ \S+ HTTP\/1\.1/, ''))?.[0];
      appendFileSync(file, `${name ?? 'nameless'}:${port}\n`);
      socket.destroy();
    });
  });
  server.listen(port, address, () => {
    if (port === 443) writeFileSync(file, '');
  });
}
