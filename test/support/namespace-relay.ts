// Runs in a network namespace and carries connections from a unix socket, which can be opened from outside,
// to a port in it. Arguments: the socket's path, the port, the address to connect from.
import { connect, createServer } from 'node:net';

const [path, port, localAddress] = process.argv.slice(2);

createServer({ allowHalfOpen: true }, (outer) => {
  const inner = connect({
    host: '127.0.0.1',
    port: Number(port),
    allowHalfOpen: true,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  // An end that breaks off breaks off the other.
  outer.on('error', () => inner.destroy());
  inner.on('error', () => outer.destroy());
  outer.pipe(inner).pipe(outer);
}).listen(path);
