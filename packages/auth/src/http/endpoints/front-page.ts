// GET /: what a person sees who opens the registry's address in a browser: what this is, and lines to
// paste. One static page without a script.
import { createHash } from 'node:crypto';
import type { Handler } from '../request-context.ts';

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 42rem; margin: 0 auto; padding: 2rem 1rem; }
pre { padding: 1rem; overflow-x: auto; border: 1px solid; border-radius: .5rem; }
code { font-family: ui-monospace, monospace; }
`;

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** podman expects TLS everywhere, docker everywhere but on localhost. */
const PLAIN_HTTP = `, and <code>--tls-verify=false</code> after <code>login</code>, <code>push</code>
and <code>pull</code>, since this registry is reached by plain HTTP`;

function render(host: string, isPlain: boolean): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Portolan at ${host}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Portolan</h1>
<p>This is a registry for container images and other OCI artifacts. Use it with docker, podman,
skopeo, containerd, or any other client that speaks the OCI distribution-spec.</p>
<h2>Log in</h2>
<pre><code>docker login ${host}</code></pre>
<h2>Push</h2>
<p>The first part of a name is its namespace: your user name, or one that your team owns.</p>
<pre><code>docker pull busybox
docker tag busybox ${host}/YOUR-NAME/busybox
docker push ${host}/YOUR-NAME/busybox</code></pre>
<h2>Pull</h2>
<pre><code>docker pull ${host}/YOUR-NAME/busybox</code></pre>
<p>With podman write <code>podman</code> instead of <code>docker</code>${isPlain ? PLAIN_HTTP : ''}.</p>
</main>
</body>
</html>
`;
}

export function createFrontPage(publicUrl: string): Handler {
  const { host, protocol } = new URL(publicUrl);
  const page = render(escapeHtml(host), protocol === 'http:');
  const styleHash = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return (ctx) => {
    ctx.set('Content-Security-Policy', policy);
    ctx.set('Content-Type', 'text/html; charset=utf-8');
    ctx.body = page;
  };
}
